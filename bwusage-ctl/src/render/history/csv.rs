//! Comma-separated values: RFC 4180, the names of the JSON report, and no cell that a spreadsheet would compute.

use bwusage_proto::{
    history::Amount,
    report::{BucketReport, HistoryRecord, HistoryReport, MachineReport, Whose},
};

use crate::render::csv::{number, push_line};

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

/// Writes `report`: a line for each bucket and series. What is unknown is an empty cell, and a gap a line of its own.
pub(crate) fn csv(report: &HistoryReport<'_>, with_header: bool) -> String {
    let is_machine = !report.machine.is_empty();
    let mut csv = if with_header { header(is_machine) } else { String::new() };
    for record in report.records() {
        csv.push_str(&line(&record, is_machine));
    }
    csv
}

/// The names of the columns.
pub(crate) fn header(is_machine: bool) -> String {
    let names: &[&str] = if is_machine { &MACHINE } else { &SERIES };
    let mut line = String::new();
    push_line(&mut line, BUCKET.iter().chain(names).map(|&name| name.to_owned()));
    line
}

/// One record in these columns.
pub(crate) fn line(record: &HistoryRecord<'_>, is_machine: bool) -> String {
    let (bucket, cells) = match record {
        HistoryRecord::Point { bucket, whose, amount, .. } => (bucket, series(whose, amount).to_vec()),
        HistoryRecord::Machine { bucket, machine } => (bucket, of_machine(machine).to_vec()),
        HistoryRecord::Gap { bucket } if is_machine => (bucket, vec![String::new(); MACHINE.len()]),
        HistoryRecord::Gap { bucket } => (bucket, gap().to_vec()),
    };
    let mut line = String::new();
    push_line(&mut line, of_bucket(bucket).into_iter().chain(cells));
    line
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
