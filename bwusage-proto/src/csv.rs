//! Comma-separated values: RFC 4180, the names of the JSON reports, and no cell that a spreadsheet would compute.
//!
//! Every table comes as its lines, the names of the columns first, so that a long one need never be in memory as a whole. What
//! is unknown is an empty cell.

use std::fmt::Write as _;

use crate::text;

mod alerts;
mod connections;
mod history;
mod ledger;
mod top;
pub use alerts::alert_log;
pub use connections::connections;
pub use history::{history, history_header, history_line};
pub use ledger::ledger;
pub use top::top;

/// The last column of tables of now, the same in each row: how its wire bytes come about.
const QUALITY: &str = "quality";

/// One line with its end.
fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut line = String::new();
    for (at, value) in cells.into_iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        push_cell(&mut line, value.as_ref());
    }
    line.push_str("\r\n");
    line
}

/// A cell as RFC 4180 wants it. A leading `'` keeps a spreadsheet from taking a process's name for a formula.
fn push_cell(line: &mut String, value: &str) {
    let value = text::escape(value);
    let guard = if value.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    // Writing to a string cannot fail.
    let _ = if value.contains(['"', ',']) {
        write!(line, "\"{guard}{}\"", value.replace('"', "\"\""))
    } else {
        write!(line, "{guard}{value}")
    };
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn word(word: Option<&str>) -> String {
    word.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(value: &str) -> String {
        let mut line = String::new();
        push_cell(&mut line, value);
        line
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(cell("plain name"), "plain name");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    }

    #[test]
    fn a_name_cannot_become_a_formula_or_a_second_line() {
        for formula in ["=1+1", "+1", "-1", "@x"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("=\"a\",\"b\""), "\"'=\"\"a\"\",\"\"b\"\"\"");
        assert_eq!(cell("\t=1"), r"\x09=1");
        assert_eq!(cell("a\r\nb"), r"a\x0d\x0ab");
    }
}
