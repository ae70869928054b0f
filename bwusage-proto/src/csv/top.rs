//! The process table.

use super::{QUALITY, line, number};
use crate::{
    process::Category,
    report::Moment,
    table::{Grouping, Row, Table},
};

type Column = (&'static str, fn(&Row) -> String);

const PROCESS: [Column; 13] = [
    ("pid", |row| number(row.pid)),
    ("name", |row| row.name.clone()),
    ("app", |row| row.app.clone()),
    ("user", |row| row.users.join(" ")),
    ("exe", |row| row.exe.clone().unwrap_or_default()),
    ("command_line", |row| row.command_line.as_deref().unwrap_or_default().join(" ")),
    ("started_at", |row| number(row.started_at_unix_ms.map(Moment))),
    ("exited_at", |row| number(row.exited_at_unix_ms.map(Moment))),
    UNIT,
    CONTAINER,
    TITLE,
    CATEGORY,
    FIRST_SEEN,
];

const APP: Column = ("app", |row| row.app.clone());
const USER: Column = ("user", |row| row.users.join(" "));
const UNIT: Column = ("unit", |row| row.unit.clone().unwrap_or_default());
const CONTAINER: Column = ("container", |row| number(row.container.as_ref()));
const TITLE: Column = ("title", |row| row.title.clone().unwrap_or_default());
const CATEGORY: Column = ("category", |row| row.category.map_or("", Category::name).to_owned());
const FIRST_SEEN: Column = ("first_seen_at", |row| number(row.first_traffic_at_unix_ms.map(Moment)));

/// What follows on that which the processes of a row have in common.
const GROUP: [Column; 5] = [
    ("pids", |row| row.pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    ("users", |row| row.users.join(" ")),
    ("processes", |row| row.processes.to_string()),
    TITLE,
    FIRST_SEEN,
];

const NUMBERS: [Column; 12] = [
    ("rx_bytes_per_s", |row| row.rates.rx_bytes_per_s.to_string()),
    ("tx_bytes_per_s", |row| row.rates.tx_bytes_per_s.to_string()),
    ("rx_bytes_total", |row| row.counters.total().wire.rx_bytes.to_string()),
    ("tx_bytes_total", |row| row.counters.total().wire.tx_bytes.to_string()),
    ("rx_payload_bytes_total", |row| row.counters.total().payload.rx_bytes.to_string()),
    ("tx_payload_bytes_total", |row| row.counters.total().payload.tx_bytes.to_string()),
    ("rx_packets_total", |row| row.counters.total().wire.rx_packets.to_string()),
    ("tx_packets_total", |row| row.counters.total().wire.tx_packets.to_string()),
    ("cpu_percent", |row| number(row.cpu_centipercent.map(|hundredths| f64::from(hundredths) / 100.0))),
    ("rss_bytes", |row| number(row.rss_bytes)),
    ("disk_read_bytes_per_s", |row| number(row.disk_read_bytes_per_s)),
    ("disk_write_bytes_per_s", |row| number(row.disk_write_bytes_per_s)),
];

/// The lines of `table`, whose wire bytes are of `quality`.
pub fn top<'a>(
    table: &'a Table,
    by: Grouping,
    quality: &'a str,
    with_header: bool,
) -> impl Iterator<Item = String> + 'a {
    let (first, identity): (Option<Column>, &[Column]) = match by {
        Grouping::Process => (None, &PROCESS),
        Grouping::App => (Some(APP), &GROUP),
        Grouping::User => (Some(USER), &GROUP),
        Grouping::Unit => (Some(UNIT), &GROUP),
        Grouping::Container => (Some(CONTAINER), &GROUP),
        Grouping::Category => (Some(CATEGORY), &GROUP),
    };
    let columns = move || first.into_iter().chain(identity.iter().copied()).chain(NUMBERS);
    let header = with_header.then(|| line(columns().map(|(name, _)| name).chain([QUALITY])));
    let cells = move |row| columns().map(move |(_, value)| value(row)).chain([quality.to_owned()]);
    header.into_iter().chain(table.rows.iter().map(move |row| line(cells(row))))
}
