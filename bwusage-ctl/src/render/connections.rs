//! Connections and groups of them, for people and as comma-separated values.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use bwusage_proto::{
    connection::State,
    format::{self, Units},
    talk::{Grouping, Key, Kind, Row, Table},
    text,
};

use super::{
    grid::{self, Frame, or_dash},
    quality::Wire,
};

/// Names of addresses by reverse lookup.
pub(crate) type Reverse = HashMap<IpAddr, String>;

/// What is asked about all rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) units: Units,
    /// Addresses and port numbers instead of names.
    pub(crate) numeric: bool,
    pub(crate) now_unix_ms: u64,
    pub(crate) reverse: &'a Reverse,
}

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) by: Grouping,
    pub(crate) width: Option<usize>,
    pub(crate) header: bool,
    pub(crate) wire: Wire,
}

type Column<'a> = grid::Column<Row, Asked<'a>>;

/// Draws `table`, a line each with its end.
pub(crate) fn draw(table: &Table, layout: Layout, asked: Asked<'_>) -> String {
    let rows: Vec<&Row> = table.rows.iter().collect();
    let frame = Frame { width: layout.width, header: layout.header, steady: false };
    let mut columns = if layout.by == Grouping::Connection { lines() } else { groups(layout.by) };
    let titles = match layout.wire {
        Wire::Counted => ["RX TOTAL", "TX TOTAL"],
        Wire::Estimated => ["~RX TOTAL", "~TX TOTAL"],
    };
    columns.extend(sums(titles));
    // The age is less than what was moved.
    columns.extend((layout.by == Grouping::Connection).then(|| Column::numbers("AGE", 3, 0, age)));
    grid::draw(&rows, columns, asked, frame, |row| matches!(row.kind, Kind::Closed | Kind::Rest))
}

fn lines<'a>() -> Vec<Column<'a>> {
    vec![
        Column::numbers("PID", 8, 0, pid),
        Column::words("NAME", 2, |row, _| some_or_dash(row.name.as_deref().or(row.app.as_deref()))),
        Column::words("PROTO", 5, |row, _| or_dash(row.protocol, |protocol| protocol.to_string())),
        Column::words("LOCAL", 9, |row, _| or_dash(row.local, |local| local.to_string())),
        Column::words("DIR", 10, direction),
        Column::words("REMOTE", 0, remote),
        Column::words("SERVICE", 4, service),
        Column::words("IFACE", 7, |row, _| some_or_dash(row.interface.as_deref())),
        Column::words("STATE", 6, state),
    ]
}

fn sums<'a>([rx, tx]: [&'static str; 2]) -> [Column<'a>; 2] {
    [Column::numbers(rx, 1, 0, received), Column::numbers(tx, 1, 0, sent)]
}

fn groups<'a>(by: Grouping) -> Vec<Column<'a>> {
    let mut columns = match by {
        Grouping::Remote => vec![Column::words("REMOTE", 0, title), Column::words("SERVICE", 4, service)],
        Grouping::Port => vec![Column::words("PORT", 0, title)],
        Grouping::Interface => vec![Column::words("INTERFACE", 0, title)],
        Grouping::Process => vec![Column::numbers("PID", 4, 0, pid), Column::words("NAME", 0, title)],
        Grouping::App | Grouping::Connection => vec![Column::words("APP", 0, title)],
    };
    match by {
        Grouping::Process | Grouping::App => columns.push(Column::words("REMOTE", 6, remote)),
        _ => columns.push(Column::words("NAME", 3, who)),
    }
    columns.extend([
        Column::numbers("OPEN", 5, 0, |row, _| row.open.to_string()),
        Column::numbers("CLOSED", 7, 0, |row, _| row.closed.to_string()),
    ]);
    columns
}

fn received(row: &Row, asked: Asked<'_>) -> String {
    format::bytes_with_unit(row.moved.rx_bytes, asked.units)
}

fn sent(row: &Row, asked: Asked<'_>) -> String {
    format::bytes_with_unit(row.moved.tx_bytes, asked.units)
}

fn pid(row: &Row, _: Asked<'_>) -> String {
    or_dash(row.pid, |pid| pid.to_string())
}

/// The process that all of a group belong to, else how many.
fn who(row: &Row, _: Asked<'_>) -> String {
    match (&row.name, row.processes) {
        (Some(name), _) => text::escape(name).into_owned(),
        (None, 0) => some_or_dash(row.app.as_deref()),
        (None, 1) => "1 process".into(),
        (None, processes) => format!("{processes} processes"),
    }
}

fn direction(row: &Row, _: Asked<'_>) -> String {
    or_dash(row.inbound, |inbound| if inbound { "in" } else { "out" }.into())
}

/// The other end. A name that this machine did not ask for itself is marked: whoever owns the address chose it.
fn remote(row: &Row, asked: Asked<'_>) -> String {
    if let (None, Some(name), false) = (&row.remote_name, reverse(row, asked), asked.numeric) {
        let port = row.remote_port.map(|port| format!(":{port}")).unwrap_or_default();
        return format!("~{}{port}", text::escape(name));
    }
    match row.endpoint(asked.numeric) {
        Some(endpoint) => text::escape(&endpoint).into_owned(),
        None if row.kind == Kind::Rest => "(not itemised)".into(),
        None if row.state == Some(State::Listen) => "*".into(),
        None => "-".into(),
    }
}

fn reverse<'a>(row: &Row, asked: Asked<'a>) -> Option<&'a str> {
    asked.reverse.get(&row.remote?).map(String::as_str)
}

fn title(row: &Row, asked: Asked<'_>) -> String {
    match (&row.key, reverse(row, asked)) {
        (Key::Remote(Some(_)), Some(name)) if row.remote_name.is_none() && !asked.numeric => {
            format!("~{}", text::escape(name))
        }
        (Key::Port(Some((protocol, port))), _) if asked.numeric && *port > 0 => format!("{port}/{protocol}"),
        _ => text::escape(&row.title()).into_owned(),
    }
}

fn service(row: &Row, asked: Asked<'_>) -> String {
    match row.service().filter(|_| !asked.numeric) {
        Some(service) => service.into(),
        None => or_dash(row.port.filter(|&port| port > 0), |port| port.to_string()),
    }
}

fn state(row: &Row, _: Asked<'_>) -> String {
    match (row.kind, row.closed) {
        (Kind::Closed, 0) => "no peer".into(),
        (Kind::Closed, closed) => format!("{closed} closed"),
        _ => or_dash(row.state, |state| state.name().into()),
    }
}

fn age(row: &Row, asked: Asked<'_>) -> String {
    or_dash(row.opened_at_unix_ms, |opened| {
        format::duration(Duration::from_millis(asked.now_unix_ms.saturating_sub(opened)))
    })
}

fn some_or_dash(name: Option<&str>) -> String {
    or_dash(name, |name| text::escape(name).into_owned())
}

#[cfg(test)]
mod tests;
