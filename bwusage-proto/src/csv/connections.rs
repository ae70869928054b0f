//! Who talks to whom.

use super::{QUALITY, line, number, word};
use crate::report::{ConnectionReport, ConnectionsReport};

type Column = (&'static str, fn(&ConnectionReport<'_>) -> String);

const COLUMNS: [Column; 24] = [
    ("kind", |row| row.kind.into()),
    ("group", |row| row.group.clone().unwrap_or_default()),
    ("pid", |row| number(row.pid)),
    ("name", |row| word(row.name)),
    ("app", |row| word(row.app)),
    ("user", |row| word(row.user)),
    ("protocol", |row| row.protocol.clone().unwrap_or_default()),
    ("local_address", |row| number(row.local_address)),
    ("local_port", |row| number(row.local_port)),
    ("remote_address", |row| number(row.remote_address)),
    ("remote_port", |row| number(row.remote_port)),
    ("remote_name", |row| word(row.remote_name)),
    ("port", |row| number(row.port)),
    ("service", |row| word(row.service)),
    ("inbound", |row| number(row.inbound)),
    ("state", |row| row.state.map(|state| state.name().to_owned()).unwrap_or_default()),
    ("interface", |row| word(row.interface)),
    ("opened_at", |row| number(row.opened_at)),
    ("last_at", |row| number(row.last_at)),
    ("open", |row| row.open.to_string()),
    ("closed", |row| row.closed.to_string()),
    ("processes", |row| row.processes.to_string()),
    ("rx_bytes_total", |row| row.rx_bytes_total.to_string()),
    ("tx_bytes_total", |row| row.tx_bytes_total.to_string()),
];

/// The lines of `report`.
pub fn connections<'a>(
    report: &'a ConnectionsReport<'_>,
    with_header: bool,
) -> impl Iterator<Item = String> + 'a {
    let header = with_header.then(|| line(COLUMNS.iter().map(|(name, _)| *name).chain([QUALITY])));
    let quality = || [report.quality.to_owned()];
    let row = move |row| line(COLUMNS.iter().map(|(_, value)| value(row)).chain(quality()));
    header.into_iter().chain(report.rows.iter().map(row))
}
