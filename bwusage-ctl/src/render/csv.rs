//! Comma-separated values: RFC 4180, the names of the JSON report, and no cell that a spreadsheet would compute.

use bwusage_proto::{
    process::Category,
    report::Moment,
    table::{Grouping, Row, Table},
    text,
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

/// The last column, the same in each row: how its wire bytes come about.
pub(super) const QUALITY: &str = "quality";

/// Writes `table`, whose wire bytes are of `quality`; what is unknown is an empty cell.
pub(crate) fn write(table: &Table, by: Grouping, quality: &str, header: bool) -> String {
    let (first, identity): (Option<Column>, &[Column]) = match by {
        Grouping::Process => (None, &PROCESS),
        Grouping::App => (Some(APP), &GROUP),
        Grouping::User => (Some(USER), &GROUP),
        Grouping::Unit => (Some(UNIT), &GROUP),
        Grouping::Container => (Some(CONTAINER), &GROUP),
        Grouping::Category => (Some(CATEGORY), &GROUP),
    };
    let columns = || first.iter().chain(identity).chain(&NUMBERS);
    let mut csv = String::new();
    if header {
        push_line(&mut csv, columns().map(|(name, _)| *name).chain([QUALITY]).map(str::to_owned));
    }
    for row in &table.rows {
        push_line(&mut csv, columns().map(|(_, value)| value(row)).chain([quality.to_owned()]));
    }
    csv
}

pub(super) fn push_line(csv: &mut String, cells: impl Iterator<Item = String>) {
    for (at, value) in cells.enumerate() {
        if at > 0 {
            csv.push(',');
        }
        csv.push_str(&cell(&value));
    }
    csv.push_str("\r\n");
}

/// A cell as RFC 4180 wants it. A leading `'` keeps a spreadsheet from taking a process's name for a formula.
pub(crate) fn cell(value: &str) -> String {
    let mut value = text::escape(value).into_owned();
    if value.starts_with(['=', '+', '-', '@']) {
        value.insert(0, '\'');
    }
    if value.contains(['"', ',']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}

pub(super) fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
