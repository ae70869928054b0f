//! The columns of a table for people.

use bwusage_proto::{
    format::{self, Units},
    report::Moment,
    table::{Grouping, Row},
    text,
};

/// One column: how it is headed and what it says about a row.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) align: Align,
    /// The higher, the sooner it is left out where room is short; 0 never is.
    pub(super) dispensable: u8,
    /// Cells that every value fits into; 0 where values have no common width.
    pub(super) steady: usize,
    pub(super) cell: fn(&Row, Units) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Words: names of things.
const fn words(title: &'static str, dispensable: u8, cell: fn(&Row, Units) -> String) -> Column {
    Column { title, align: Align::Left, dispensable, steady: 0, cell }
}

/// Numbers, of which the longest takes `steady` cells.
const fn numbers(
    title: &'static str,
    dispensable: u8,
    steady: usize,
    cell: fn(&Row, Units) -> String,
) -> Column {
    Column { title, align: Align::Right, dispensable, steady, cell }
}

/// Who a row is, when it was first seen where that is `wanted`, and then the numbers.
pub(super) fn columns(by: Grouping, first_seen_wanted: bool) -> Vec<Column> {
    let many = |title| vec![words(title, 0, name), numbers("PROCS", 9, 0, processes)];
    let mut columns = match by {
        Grouping::Process => vec![numbers("PID", 4, 7, pid), words("NAME", 0, name), words("APP", 9, app)],
        Grouping::App => many("APP"),
        Grouping::User => many("USER"),
        Grouping::Unit => many("UNIT"),
        Grouping::Container => many("CONTAINER"),
        Grouping::Category => many("CATEGORY"),
    };
    if by != Grouping::User {
        columns.push(words("USER", 6, user));
    }
    if first_seen_wanted {
        columns.push(words("FIRST SEEN", 3, first_seen));
    }
    columns.extend([
        numbers("RX/s", 1, 10, |row, units| format::rate_with_unit(row.rates.rx_bytes_per_s, units)),
        numbers("TX/s", 2, 10, |row, units| format::rate_with_unit(row.rates.tx_bytes_per_s, units)),
        numbers("RX TOTAL", 3, 8, |row, units| {
            format::bytes_with_unit(row.counters.total().wire.rx_bytes, units)
        }),
        numbers("TX TOTAL", 5, 8, |row, units| {
            format::bytes_with_unit(row.counters.total().wire.tx_bytes, units)
        }),
        numbers("CPU%", 7, 5, cpu),
        numbers("MEM", 8, 8, |row, units| or_dash(row.rss_bytes, |rss| format::bytes_with_unit(rss, units))),
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

/// What is unknown is a dash, never 0.
fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".into(), show)
}
