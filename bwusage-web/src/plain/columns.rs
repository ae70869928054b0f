//! The columns of the page without scripts: those of the page with them, but for the graphs.

use std::borrow::Cow;

use bwusage_proto::{
    format::{self, Units},
    process::Category,
    table::{Grouping, Row, SortKey},
    text,
};

use super::words;
use crate::html;

/// A longer command line is cut: it is there to tell two rows from each other.
const COMMAND_LINE_CELLS: usize = 160;
/// What is not known.
pub(super) const UNKNOWN: &str = "–";

/// One column.
pub(super) struct Column {
    pub(super) head: &'static str,
    /// What it is, where the head is short.
    pub(super) about: &'static str,
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    pub(super) sort: Option<SortKey>,
    /// The cell's content, as markup.
    pub(super) cell: fn(&Row, Grouping) -> String,
}

/// The columns where a row is one of `by`.
pub(super) fn columns(by: Grouping) -> impl Iterator<Item = &'static Column> {
    let ends = if by == Grouping::Process { OF_PROCESSES.len() } else { 0 };
    IDENTITY.iter().chain(&OF_PROCESSES[..ends]).chain(&AMOUNTS)
}

/// Where a sorted column begins: amounts with the largest, names with the first letter.
pub(super) fn falls(key: SortKey) -> bool {
    !matches!(key, SortKey::Name | SortKey::App | SortKey::Pid | SortKey::User)
}

const IDENTITY: [Column; 4] = [
    Column { head: "Name", about: "", class: "name", sort: Some(SortKey::Name), cell: name },
    Column {
        head: "PID",
        about: "",
        class: "pid number",
        sort: Some(SortKey::Pid),
        cell: |row, _| numbers(row),
    },
    Column {
        head: "Category",
        about: "",
        class: "category",
        sort: None,
        cell: |row, _| category(row).into(),
    },
    Column {
        head: "User",
        about: "",
        class: "user",
        sort: Some(SortKey::User),
        cell: |row, _| html::text(&row.users.join(", ")).to_string(),
    },
];

const OF_PROCESSES: [Column; 3] = [
    Column {
        head: "Unit",
        about: "",
        class: "unit",
        sort: None,
        cell: |row, _| html::text(row.unit.as_deref().unwrap_or_default()).to_string(),
    },
    Column {
        head: "Container",
        about: "",
        class: "container",
        sort: None,
        cell: |row, _| {
            row.container.as_ref().map_or_else(String::new, |it| html::text(&it.to_string()).to_string())
        },
    },
    Column {
        head: "Started",
        about: "",
        class: "started",
        sort: None,
        cell: |row, _| row.started_at_unix_ms.map_or_else(String::new, words::moment),
    },
];

const AMOUNTS: [Column; 8] = [
    Column {
        head: "▼ rate",
        about: "receiving now",
        class: "rx number",
        sort: Some(SortKey::RxRate),
        cell: |row, _| rate(Some(row.rates.rx_bytes_per_s)),
    },
    Column {
        head: "▲ rate",
        about: "sending now",
        class: "tx number",
        sort: Some(SortKey::TxRate),
        cell: |row, _| rate(Some(row.rates.tx_bytes_per_s)),
    },
    Column {
        head: "▼ total",
        about: "received",
        class: "rx number",
        sort: Some(SortKey::RxTotal),
        cell: |row, _| bytes(Some(row.counters.total().wire.rx_bytes)),
    },
    Column {
        head: "▲ total",
        about: "sent",
        class: "tx number",
        sort: Some(SortKey::TxTotal),
        cell: |row, _| bytes(Some(row.counters.total().wire.tx_bytes)),
    },
    Column {
        head: "CPU",
        about: "100 % is one core",
        class: "cpu number",
        sort: Some(SortKey::Cpu),
        cell: |row, _| row.cpu_centipercent.map_or_else(|| UNKNOWN.into(), words::percent),
    },
    Column {
        head: "Memory",
        about: "resident",
        class: "memory number",
        sort: Some(SortKey::Memory),
        cell: |row, _| bytes(row.rss_bytes),
    },
    Column {
        head: "Disk R",
        about: "reading from disk",
        class: "read number",
        sort: Some(SortKey::DiskRead),
        cell: |row, _| rate(row.disk_read_bytes_per_s),
    },
    Column {
        head: "Disk W",
        about: "writing to disk",
        class: "write number",
        sort: Some(SortKey::DiskWrite),
        cell: |row, _| rate(row.disk_write_bytes_per_s),
    },
];

/// What a row is called, and below it what else tells it from others.
fn name(row: &Row, by: Grouping) -> String {
    let title = row.title.as_deref().filter(|_| by == Grouping::App);
    let name = match title.unwrap_or(&row.name) {
        "" => "(no name)",
        name => name,
    };
    let beside = if by == Grouping::Process { run(row) } else { Cow::Borrowed(row.app.as_str()) };
    let beside = if beside == name || beside.is_empty() {
        String::new()
    } else {
        format!("<span class=\"sub\">{}</span>", html::text(&beside))
    };
    format!("<bdi class=\"main\">{}</bdi>{beside}", html::text(name))
}

/// With what a process was started, as far as that is shown.
fn run(row: &Row) -> Cow<'_, str> {
    match &row.command_line {
        Some(arguments) if !arguments.is_empty() => {
            text::truncate(&text::escape(&arguments.join(" ")), COMMAND_LINE_CELLS).into_owned().into()
        }
        _ => row.exe.as_deref().unwrap_or(&row.app).into(),
    }
}

fn numbers(row: &Row) -> String {
    match (row.pid, row.pids.as_slice()) {
        (Some(pid), _) | (None, &[pid]) => pid.to_string(),
        (None, []) => String::new(),
        (None, pids) => format!("{} running", pids.len()),
    }
}

fn category(row: &Row) -> &'static str {
    row.category.map_or("", Category::name)
}

fn rate(bytes_per_s: Option<u64>) -> String {
    bytes_per_s.map_or_else(|| UNKNOWN.into(), |rate| format::rate_with_unit(rate, Units::Iec))
}

pub(super) fn bytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNKNOWN.into(), |bytes| format::bytes_with_unit(bytes, Units::Iec))
}
