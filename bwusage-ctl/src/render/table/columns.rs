//! The columns of a table for people.

use bwusage_proto::{
    format::{self, Units},
    report::Moment,
    table::{Grouping, Row},
    text,
};

use crate::render::{
    grid::{self, or_dash},
    quality::Wire,
};

type Column = grid::Column<Row, Units>;

/// Headings of wire bytes, counted and estimated.
const TITLES: [[&str; 4]; 2] =
    [["RX/s", "TX/s", "RX TOTAL", "TX TOTAL"], ["~RX/s", "~TX/s", "~RX TOTAL", "~TX TOTAL"]];

/// Who a row is, when it was first seen where that is `wanted`, and then the numbers.
pub(super) fn columns(by: Grouping, first_seen_wanted: bool, wire: Wire) -> Vec<Column> {
    let [rx_rate, tx_rate, rx_total, tx_total] = TITLES[usize::from(wire == Wire::Estimated)];
    let many = |title| vec![Column::words(title, 0, name), Column::numbers("PROCS", 9, 0, processes)];
    let mut columns = match by {
        Grouping::Process => vec![
            Column::numbers("PID", 4, 7, pid),
            Column::words("NAME", 0, name),
            Column::words("APP", 9, app),
        ],
        Grouping::App => many("APP"),
        Grouping::User => many("USER"),
        Grouping::Unit => many("UNIT"),
        Grouping::Container => many("CONTAINER"),
        Grouping::Category => many("CATEGORY"),
    };
    if by != Grouping::User {
        columns.push(Column::words("USER", 6, user));
    }
    if first_seen_wanted {
        columns.push(Column::words("FIRST SEEN", 3, first_seen));
    }
    columns.extend([
        Column::numbers(rx_rate, 1, 10, |row, units| format::rate_with_unit(row.rates.rx_bytes_per_s, units)),
        Column::numbers(tx_rate, 2, 10, |row, units| format::rate_with_unit(row.rates.tx_bytes_per_s, units)),
        Column::numbers(rx_total, 3, 8, |row, units| {
            format::bytes_with_unit(row.counters.total().wire.rx_bytes, units)
        }),
        Column::numbers(tx_total, 5, 8, |row, units| {
            format::bytes_with_unit(row.counters.total().wire.tx_bytes, units)
        }),
        Column::numbers("CPU%", 7, 5, cpu),
        Column::numbers("MEM", 8, 8, |row, units| {
            or_dash(row.rss_bytes, |rss| format::bytes_with_unit(rss, units))
        }),
    ]);
    columns
}

fn name(row: &Row, _: Units) -> String {
    let name = text::escape(&row.name);
    if row.pid.is_some() && row.exited_at_unix_ms.is_some() {
        format!("{name} †")
    } else {
        name.into_owned()
    }
}

fn app(row: &Row, _: Units) -> String {
    or_dash(some_text(&row.app), |app| text::escape(app).into_owned())
}

fn user(row: &Row, _: Units) -> String {
    or_dash(some_text(&row.users.join(",")), |users| text::escape(users).into_owned())
}

/// To the second, in UTC.
fn first_seen(row: &Row, _: Units) -> String {
    or_dash(row.first_traffic_at_unix_ms, |at| {
        let moment = Moment(at).to_string();
        format!("{}Z", moment.split('.').next().unwrap_or(&moment))
    })
}

fn pid(row: &Row, _: Units) -> String {
    or_dash(row.pid, |pid| pid.to_string())
}

fn processes(row: &Row, _: Units) -> String {
    or_dash(Some(row.processes).filter(|&processes| processes > 0), |processes| processes.to_string())
}

fn cpu(row: &Row, _: Units) -> String {
    or_dash(row.cpu_centipercent, |cpu| format::percent(cpu).trim_start().to_owned())
}

fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
