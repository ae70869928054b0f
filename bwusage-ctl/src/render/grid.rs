//! Rows in columns, as wide as their content or as the terminal.

use bwusage_proto::text;

use super::{FAINT, HEADING, paint};

/// One column: how it is headed and what it says about a row `R`, given what is asked about all rows.
pub(crate) struct Column<R, Asked> {
    pub(crate) title: &'static str,
    pub(crate) align: Align,
    /// The higher, the sooner it is left out where room is short; 0 never is.
    pub(crate) dispensable: u8,
    /// Cells that every value fits into; 0 where values have no common width.
    pub(crate) steady: usize,
    pub(crate) cell: fn(&R, Asked) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

impl<R, Asked> Column<R, Asked> {
    /// Words: names of things.
    pub(crate) const fn words(title: &'static str, dispensable: u8, cell: fn(&R, Asked) -> String) -> Self {
        Self { title, align: Align::Left, dispensable, steady: 0, cell }
    }

    /// Numbers, of which the longest takes `steady` cells.
    pub(crate) const fn numbers(
        title: &'static str,
        dispensable: u8,
        steady: usize,
        cell: fn(&R, Asked) -> String,
    ) -> Self {
        Self { title, align: Align::Right, dispensable, steady, cell }
    }
}

/// What all of it must fit into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Cells of the terminal; `None` for no limit.
    pub(crate) width: Option<usize>,
    pub(crate) header: bool,
    /// Columns of numbers keep their width from one drawing to the next.
    pub(crate) steady: bool,
}

/// Names are cut to this before columns are left out.
const NARROWEST_NAME: usize = 12;
const GAP: &str = "  ";

/// Draws `rows`, a line each with its end; those that are over are faint.
pub(crate) fn draw<R, Asked: Copy>(
    rows: &[&R],
    mut columns: Vec<Column<R, Asked>>,
    asked: Asked,
    frame: Frame,
    is_over: fn(&R) -> bool,
) -> String {
    let mut cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| (column.cell)(row, asked)).collect()).collect();
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let widest = cells.iter().map(|row| text::width(&row[at])).max().unwrap_or(0);
            let widest = if frame.steady { widest.max(columns[at].steady) } else { widest };
            if frame.header { widest.max(text::width(columns[at].title)) } else { widest }
        })
        .collect();
    if let Some(width) = frame.width {
        shrink(width, &mut columns, &mut cells, &mut widths);
    }

    let mut drawn = String::new();
    if frame.header {
        let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
        drawn.push_str(&paint(HEADING, &line(&columns, &titles, &widths)));
        drawn.push('\n');
    }
    for (row, cells) in rows.iter().zip(&cells) {
        let line = line(&columns, cells, &widths);
        drawn.push_str(&if is_over(row) { paint(FAINT, &line) } else { line });
        drawn.push('\n');
    }
    drawn
}

/// Makes it fit: first the name gets shorter, then columns go.
fn shrink<R, Asked>(
    width: usize,
    columns: &mut Vec<Column<R, Asked>>,
    cells: &mut [Vec<String>],
    widths: &mut Vec<usize>,
) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        let Some(excess) = total.checked_sub(width).filter(|&excess| excess > 0) else { return };
        // The name is the only column that nothing may replace, so it is also the one that is always there.
        let name = columns.iter().position(|column| column.dispensable == 0).unwrap_or(0);
        let spare = widths[name].saturating_sub(NARROWEST_NAME);
        let victim = (0..columns.len()).max_by_key(|&at| columns[at].dispensable);
        match victim.filter(|&at| columns[at].dispensable > 0) {
            Some(at) if excess > spare => {
                columns.remove(at);
                widths.remove(at);
                for row in &mut *cells {
                    row.remove(at);
                }
            }
            _ => {
                widths[name] = widths[name].saturating_sub(excess).max(1);
                return;
            }
        }
    }
}

fn line<R, Asked>(columns: &[Column<R, Asked>], cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for ((column, cell), &width) in columns.iter().zip(cells).zip(widths) {
        if !line.is_empty() {
            line.push_str(GAP);
        }
        match column.align {
            Align::Left => line.push_str(&text::fit(cell, width)),
            Align::Right => {
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(text::width(cell))));
                line.push_str(cell);
            }
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// What is unknown is a dash, never 0.
pub(crate) fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".into(), show)
}
