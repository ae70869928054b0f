//! A database of SQLite with what was exported: strict tables that say what they hold.

use std::path::Path;

use bwusage_proto::report::{HistoryRecord, HistoryReport, MachineReport};
use rusqlite::{Connection, params};

/// Readers can tell by it which tables to expect.
const FORMAT: &str = "bwusage.export/1";

/// `rx` is what was received, seen from the process. Times are seconds of Unix time, ends excluded. `null` is unknown. A series
/// without a row in a bucket that was counted moved nothing in it.
const TABLES: &str = "
    CREATE TABLE export (
        format TEXT NOT NULL,
        daemon_version TEXT NOT NULL,
        bucket TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        billing_day INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE bucket (
        per TEXT NOT NULL,
        start_unix_s INTEGER NOT NULL,
        end_unix_s INTEGER NOT NULL,
        label TEXT NOT NULL,
        covered_s INTEGER NOT NULL,
        meaning TEXT NOT NULL,
        PRIMARY KEY (per, start_unix_s)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE usage (
        per TEXT NOT NULL,
        start_unix_s INTEGER NOT NULL,
        kind TEXT NOT NULL,
        name TEXT,
        rx_bytes INTEGER NOT NULL,
        tx_bytes INTEGER NOT NULL,
        rx_packets INTEGER,
        tx_packets INTEGER
    ) STRICT;
    CREATE TABLE machine (
        start_unix_s INTEGER PRIMARY KEY,
        processors_percent REAL,
        processors_peak_percent REAL,
        memory_used_bytes INTEGER,
        memory_peak_bytes INTEGER,
        disk_read_bytes INTEGER,
        disk_write_bytes INTEGER,
        rx_bytes INTEGER,
        tx_bytes INTEGER
    ) STRICT;
";

/// The database while it is written: one transaction, in a file that nobody knows yet.
pub(super) struct Database {
    connection: Connection,
    is_described: bool,
}

impl Database {
    /// Begins in the empty file at `path`.
    pub(super) fn create(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        // What is left of it after a crash is thrown away, so it needs no journal of its own.
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.execute_batch("BEGIN")?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection, is_described: false })
    }

    pub(super) fn write(&mut self, report: &HistoryReport<'_>) -> rusqlite::Result<()> {
        if !std::mem::replace(&mut self.is_described, true) {
            self.connection.execute(
                "INSERT INTO export VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    FORMAT,
                    report.daemon_version,
                    report.by.name(),
                    report.time_zone,
                    report.billing_day
                ],
            )?;
        }
        self.write_buckets(report)?;
        let mut usage =
            self.connection.prepare_cached("INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let mut machine = self
            .connection
            .prepare_cached("INSERT INTO machine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        for record in report.records().filter(super::is_told) {
            match record {
                HistoryRecord::Point { bucket, per, whose, amount } => usage.execute(params![
                    per,
                    seconds(bucket.start_at.0),
                    whose.kind,
                    whose.name,
                    integer(amount.rx_bytes),
                    integer(amount.tx_bytes),
                    amount.rx_packets.map(integer),
                    amount.tx_packets.map(integer),
                ])?,
                HistoryRecord::Machine { bucket, machine: values } => {
                    let MachineReport {
                        processors_percent,
                        processors_peak_percent,
                        memory_used_bytes,
                        memory_peak_bytes,
                        disk_read_bytes,
                        disk_write_bytes,
                        rx_bytes,
                        tx_bytes,
                    } = values;
                    machine.execute(params![
                        seconds(bucket.start_at.0),
                        processors_percent,
                        processors_peak_percent,
                        memory_used_bytes.map(integer),
                        memory_peak_bytes.map(integer),
                        disk_read_bytes.map(integer),
                        disk_write_bytes.map(integer),
                        rx_bytes.map(integer),
                        tx_bytes.map(integer),
                    ])?
                }
                // The bucket says that it is one.
                HistoryRecord::Gap { .. } => 0,
            };
        }
        Ok(())
    }

    fn write_buckets(&self, report: &HistoryReport<'_>) -> rusqlite::Result<()> {
        let meaning = match report.meaning {
            bwusage_proto::history::Meaning::Wire => "wire",
            bwusage_proto::history::Meaning::Link => "link",
        };
        let mut insert =
            self.connection.prepare_cached("INSERT INTO bucket VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for bucket in &report.buckets {
            let (start, end) = (seconds(bucket.start_at.0), seconds(bucket.end_at.0));
            insert.execute(params![report.per, start, end, bucket.label, bucket.covered_s, meaning])?;
        }
        Ok(())
    }

    /// Makes it whole.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        self.connection.execute_batch(
            "CREATE INDEX usage_by_name ON usage (per, name, start_unix_s);
             CREATE INDEX usage_by_time ON usage (per, start_unix_s);
             COMMIT",
        )?;
        self.connection.close().map_err(|(_, error)| error)
    }
}

/// SQLite's integers end at 2^63 - 1: 9.2 exabytes.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn seconds(unix_ms: u64) -> i64 {
    integer(unix_ms / 1000)
}
