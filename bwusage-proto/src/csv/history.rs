//! How much was moved when: a line for each bucket and series, and a gap in one of its own.

use super::{line, number};
use crate::{
    history::Amount,
    report::{BucketReport, HistoryRecord, HistoryReport, MachineReport, Whose},
};

const BUCKET: [&str; 5] = ["start_at", "end_at", "label", "length_s", "covered_s"];
const SERIES: [&str; 6] = ["kind", "name", "rx_bytes", "tx_bytes", "rx_packets", "tx_packets"];
const MACHINE: [&str; 8] = [
    "processors_percent",
    "processors_peak_percent",
    "memory_used_bytes",
    "memory_peak_bytes",
    "disk_read_bytes",
    "disk_write_bytes",
    "rx_bytes",
    "tx_bytes",
];

/// The lines of `report`.
pub fn history<'a>(report: &'a HistoryReport<'_>, with_header: bool) -> impl Iterator<Item = String> + 'a {
    let is_machine = !report.machine.is_empty();
    let header = with_header.then(|| history_header(is_machine));
    header.into_iter().chain(report.records().map(move |record| history_line(&record, is_machine)))
}

/// The names of the columns, of series or of the machine.
#[must_use]
pub fn history_header(is_machine: bool) -> String {
    let names: &[&str] = if is_machine { &MACHINE } else { &SERIES };
    line(BUCKET.iter().chain(names))
}

/// One record in these columns.
#[must_use]
pub fn history_line(record: &HistoryRecord<'_>, is_machine: bool) -> String {
    let (bucket, cells) = match record {
        HistoryRecord::Point { bucket, whose, amount, .. } => (bucket, series(whose, amount).to_vec()),
        HistoryRecord::Machine { bucket, machine } => (bucket, of_machine(machine).to_vec()),
        HistoryRecord::Gap { bucket } if is_machine => (bucket, vec![String::new(); MACHINE.len()]),
        HistoryRecord::Gap { bucket } => (bucket, gap().to_vec()),
    };
    line(of_bucket(bucket).into_iter().chain(cells))
}

fn of_bucket(bucket: &BucketReport) -> [String; 5] {
    [
        bucket.start_at.to_string(),
        bucket.end_at.to_string(),
        bucket.label.clone(),
        bucket.length_s.to_string(),
        bucket.covered_s.to_string(),
    ]
}

fn series(whose: &Whose, amount: &Amount) -> [String; 6] {
    [
        whose.kind.to_owned(),
        whose.name.clone().unwrap_or_default(),
        amount.rx_bytes.to_string(),
        amount.tx_bytes.to_string(),
        number(amount.rx_packets),
        number(amount.tx_packets),
    ]
}

fn gap() -> [String; 6] {
    let mut cells = [const { String::new() }; 6];
    "gap".clone_into(&mut cells[0]);
    cells
}

fn of_machine(machine: &MachineReport) -> [String; 8] {
    let MachineReport {
        processors_percent,
        processors_peak_percent,
        memory_used_bytes,
        memory_peak_bytes,
        disk_read_bytes,
        disk_write_bytes,
        rx_bytes,
        tx_bytes,
    } = *machine;
    [
        number(processors_percent),
        number(processors_peak_percent),
        number(memory_used_bytes),
        number(memory_peak_bytes),
        number(disk_read_bytes),
        number(disk_write_bytes),
        number(rx_bytes),
        number(tx_bytes),
    ]
}
