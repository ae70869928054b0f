//! A table for people, as wide as its content or as the terminal.

use bwusage_proto::{
    format::Units,
    mirror::Mirror,
    table::{Grouping, Row, RowKey, Table},
    units::{Counters, Rates},
};

use super::{
    grid::{self, Frame},
    quality::Wire,
};

mod columns;
use columns::columns;

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
    pub(crate) wire: Wire,
    /// Columns of numbers keep their width from one drawing to the next.
    pub(crate) steady: bool,
}

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
    let frame = Frame { width: layout.width, header: layout.header, steady: layout.steady };
    let columns = columns(layout.by, layout.first_seen, layout.wire);
    grid::draw(&rows, columns, layout.units, frame, |row| row.exited_at_unix_ms.is_some())
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
