//! Tables, on the terminal and in `BENCHMARKS.md`. Pure.

use std::fmt;

use anyhow::{Context as _, Result};

/// A table as Markdown, which is legible on a terminal too.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    caption: String,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    pub(super) fn new(caption: impl Into<String>, columns: &[&str]) -> Self {
        let head = columns.iter().map(ToString::to_string).collect();
        Self { caption: caption.into(), rows: vec![head], notes: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// A sentence below the table.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        writeln!(f, "{}\n", self.caption)?;
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, &width) in row.iter().zip(&widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                for &width in &widths {
                    write!(f, "|{:-<1$}", "", width + 2)?;
                }
                writeln!(f, "|")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

/// A cell for what was not measured.
pub(super) fn unknown() -> String {
    "-".into()
}

/// `cell`, or the sign for what is not known.
pub(super) fn or_unknown(cell: Option<impl fmt::Display>) -> String {
    cell.map_or_else(unknown, |cell| cell.to_string())
}

/// Puts `text` between the marks of `section` in a document, in place of what is there.
pub(super) fn replace_section(document: &str, section: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- bench {section} -->\n"), format!("<!-- end {section} -->"));
    let missing = || format!("there is no `{}` followed by `{end}`", begin.trim_end());
    let (before, rest) = document.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}{}\n{end}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_with_straight_columns() {
        let mut table = Table::new("Speed", &["tool", "ratio"]);
        table.row(["nothing".into(), "1".into()]);
        table.note("Higher is better.");
        let expected =
            "Speed\n\n| tool    | ratio |\n|---------|-------|\n| nothing | 1     |\n\nHigher is better.\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn a_section_is_replaced_and_its_neighbours_stay() {
        let document =
            "# Cost\n<!-- bench a -->\nold\n<!-- end a -->\ntext\n<!-- bench b -->\n<!-- end b -->\n";
        let written = replace_section(document, "a", "new\n").expect("it is there");
        let expected =
            "# Cost\n<!-- bench a -->\nnew\n<!-- end a -->\ntext\n<!-- bench b -->\n<!-- end b -->\n";
        assert_eq!(written, expected);
        assert_eq!(replace_section(&written, "a", "new").expect("there"), written, "the same again");
    }

    #[test]
    fn a_section_that_is_missing_is_an_error_that_names_it() {
        let error = replace_section("# Cost\n", "idle", "text").expect_err("nowhere to write").to_string();
        assert!(error.contains("<!-- bench idle -->"), "{error}");
    }
}
