//! A table for people, as wide as its content or as the terminal.

use bwusage_proto::{
    format::Units,
    mirror::Mirror,
    table::{Grouping, Row, RowKey, Table},
    text,
    units::{Counters, Rates},
};

use super::{FAINT, HEADING, paint};

mod columns;
use columns::{Align, Column, columns};

/// How to draw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) by: Grouping,
    pub(crate) units: Units,
    /// Cells of the terminal; `None` for no limit.
    pub(crate) width: Option<usize>,
    pub(crate) header: bool,
    /// Whether it is of interest when a row was first seen.
    pub(crate) first_seen: bool,
    /// Columns of numbers keep their width from one drawing to the next.
    pub(crate) steady: bool,
}

/// Names are cut to this before columns are left out.
const NARROWEST_NAME: usize = 12;
const GAP: &str = "  ";

/// Draws `table`, a line each with its end.
pub(crate) fn draw(table: &Table, layout: &Layout) -> String {
    lines(table.rows.iter(), layout)
}

/// Draws `table` and below it what `mirror` knows beside its rows, so that the columns add up to everything counted.
pub(crate) fn draw_whole(table: &Table, mirror: &Mirror, layout: &Layout) -> String {
    let beside = beside(mirror, layout.by);
    lines(table.rows.iter().chain(&beside), layout)
}

fn lines<'a>(rows: impl Iterator<Item = &'a Row>, layout: &Layout) -> String {
    let rows: Vec<&Row> = rows.collect();
    let mut columns = columns(layout.by, layout.first_seen);
    let mut cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| (column.cell)(row, layout.units)).collect())
        .collect();
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let widest = cells.iter().map(|row| text::width(&row[at])).max().unwrap_or(0);
            let widest = if layout.steady { widest.max(columns[at].steady) } else { widest };
            if layout.header { widest.max(text::width(columns[at].title)) } else { widest }
        })
        .collect();
    if let Some(width) = layout.width {
        shrink(width, &mut columns, &mut cells, &mut widths);
    }

    let mut drawn = String::new();
    if layout.header {
        let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
        drawn.push_str(&paint(HEADING, &line(&columns, &titles, &widths)));
        drawn.push('\n');
    }
    for (row, cells) in rows.iter().zip(&cells) {
        let line = line(&columns, cells, &widths);
        let is_over = row.exited_at_unix_ms.is_some();
        drawn.push_str(&if is_over { paint(FAINT, &line) } else { line });
        drawn.push('\n');
    }
    drawn
}

/// Makes it fit: first the name gets shorter, then columns go.
fn shrink(width: usize, columns: &mut Vec<Column>, cells: &mut [Vec<String>], widths: &mut Vec<usize>) {
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

fn line(columns: &[Column], cells: &[String], widths: &[usize]) -> String {
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

/// Rows for what no row of the table holds: traffic without a process, and processes that ended long ago.
fn beside(mirror: &Mirror, by: Grouping) -> Vec<Row> {
    let mut rows = Vec::new();
    if by == Grouping::Process {
        let mut ended = extra_row("(ended earlier)");
        for retired in mirror.retired.values() {
            ended.counters += retired.counters;
        }
        rows.push(ended);
    }
    let mut unattributed = extra_row("(unattributed)");
    for residual in &mirror.residuals {
        unattributed.counters += residual.counters;
        unattributed.rates += residual.rates;
    }
    rows.push(unattributed);
    rows.retain(|row| !row.counters.is_zero());
    rows
}

fn extra_row(name: &str) -> Row {
    Row {
        key: RowKey::App(name.into()),
        pid: None,
        pids: Vec::new(),
        name: name.into(),
        app: String::new(),
        users: Vec::new(),
        counters: Counters::default(),
        rates: Rates::default(),
        cpu_centipercent: None,
        rss_bytes: None,
        disk_read_bytes_per_s: None,
        disk_write_bytes_per_s: None,
        exe: None,
        command_line: None,
        started_at_unix_ms: None,
        exited_at_unix_ms: None,
        unit: None,
        container: None,
        title: None,
        category: None,
        first_traffic_at_unix_ms: None,
        processes: 0,
    }
}

#[cfg(test)]
mod tests;
