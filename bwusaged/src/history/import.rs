//! `bwusaged import vnstat FILE`: what vnstat counted per interface before our time.
//!
//! Read are the JSON of `vnstat --json` (versions 1 and 2) and vnstat's own database (`/var/lib/vnstat/vnstat.db`). Imported are
//! its days, and of each month that began before its first day what no day has: that is in the months alone. They are series of
//! their own, [`Kind::Imported`], so that nobody takes them for what was counted here, and end where our own days begin.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use bwusage_proto::history::Bucket;
use jiff::civil::Date;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use serde::Deserialize;

use super::{
    Settings,
    book::{ADD, AMOUNTS, Numbers},
    fault::{self, Fault},
    names::{NO_SCOPE, Name},
    schema::Kind,
};
use crate::calendar::Calendar;

/// What a database begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Larger files are no output of vnstat.
const LARGEST_BYTES: u64 = 64 << 20;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{} is neither the JSON of vnstat --json nor a database of vnstat: {why}", path.display())]
    NotVnstat {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is nothing to add to.
    #[error("there is no history in {} yet: start bwusaged once, with the same --state-dir", .0.display())]
    NoHistory(PathBuf),
    /// Somebody imported this before.
    #[error("{interface} has imported days from {first} to {last} already; they are imported once only")]
    Overlap {
        /// The interface.
        interface: String,
        /// The first day that is there.
        first: Date,
        /// The last one.
        last: Date,
    },
    /// Nothing is older than what was counted here.
    #[error("nothing in {} is older than what was counted here", .0.display())]
    NothingOlder(PathBuf),
    /// The history cannot be used.
    #[error("the history cannot be written: {0}")]
    Fault(#[from] Fault),
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Of each interface: how many days, and bytes received and sent in all.
    pub interfaces: BTreeMap<String, Totals>,
    /// Days and months that were left out, because they are not older than what was counted here.
    pub left_out: usize,
}

/// What was imported of one interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Days.
    pub days: usize,
    /// Months of which no day is known, or not every one.
    pub months: usize,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
}

/// One day or month of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    interface: String,
    first: Date,
    is_month: bool,
    rx_bytes: u64,
    tx_bytes: u64,
}

/// Imports what vnstat wrote into `file`.
///
/// # Errors
///
/// Says what is wrong with the file, or why it does not fit. Nothing is imported then.
pub fn vnstat(settings: &Settings, file: &Path) -> Result<Imported, ImportError> {
    let entries = without_what_days_have(read(file)?);
    if !settings.file.exists() {
        return Err(ImportError::NoHistory(settings.file.clone()));
    }
    let mut connection = fault::open(&settings.file)?;
    let home = settings.home().with_billing_day(1);
    let imported = add(&mut connection, &home, &entries)?;
    if imported.interfaces.is_empty() {
        return Err(ImportError::NothingOlder(file.to_owned()));
    }
    Ok(imported)
}

fn read(file: &Path) -> Result<Vec<Entry>, ImportError> {
    let failed = |source| ImportError::Read { path: file.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(file).map_err(failed)?.take(LARGEST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let foreign = |why: String| ImportError::NotVnstat { path: file.to_owned(), why };
    if bytes.starts_with(SQLITE) {
        return read_database(file).map_err(|error| foreign(error.to_string()));
    }
    read_json(&bytes).map_err(foreign)
}

#[derive(Deserialize)]
struct Json {
    jsonversion: String,
    interfaces: Vec<JsonInterface>,
}

#[derive(Deserialize)]
struct JsonInterface {
    /// Version 1 calls it `id`.
    #[serde(alias = "id")]
    name: String,
    traffic: JsonTraffic,
}

#[derive(Deserialize)]
struct JsonTraffic {
    #[serde(default, alias = "days")]
    day: Vec<JsonEntry>,
    #[serde(default, alias = "months")]
    month: Vec<JsonEntry>,
}

#[derive(Deserialize)]
struct JsonEntry {
    date: JsonDate,
    rx: u64,
    tx: u64,
}

#[derive(Deserialize)]
struct JsonDate {
    year: i16,
    month: i8,
    day: Option<i8>,
}

fn read_json(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let unit = match json.jsonversion.as_str() {
        "1" => 1024,
        "2" => 1,
        other => return Err(format!("its jsonversion is {other:?}, known are 1 and 2")),
    };
    let mut entries = Vec::new();
    for JsonInterface { name, traffic } in json.interfaces {
        let lists = [(traffic.day, false), (traffic.month, true)];
        for (entry, is_month) in lists
            .into_iter()
            .flat_map(|(list, is_month)| list.into_iter().map(move |entry| (entry, is_month)))
        {
            let JsonDate { year, month, day } = entry.date;
            let day = if is_month { Some(1) } else { day };
            let first =
                day.and_then(|day| Date::new(year, month, day).ok()).ok_or("a date does not exist")?;
            let bytes = |count: u64| count.saturating_mul(unit);
            entries.push(Entry {
                interface: name.clone(),
                first,
                is_month,
                rx_bytes: bytes(entry.rx),
                tx_bytes: bytes(entry.tx),
            });
        }
    }
    Ok(entries)
}

fn read_database(file: &Path) -> rusqlite::Result<Vec<Entry>> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut entries = Vec::new();
    for (table, is_month) in [("day", false), ("month", true)] {
        let mut read = connection.prepare(&format!(
            "SELECT interface.name, {table}.date, {table}.rx, {table}.tx FROM {table}
             JOIN interface ON interface.id = {table}.interface"
        ))?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let date: String = row.get(1)?;
            let first = date.get(..10).unwrap_or(&date).parse::<Date>().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
            let count = |at: usize| row.get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
            let first = if is_month { first.first_of_month() } else { first };
            entries.push(Entry {
                interface: row.get(0)?,
                first,
                is_month,
                rx_bytes: count(2)?,
                tx_bytes: count(3)?,
            });
        }
    }
    Ok(entries)
}

/// Takes from each month what its days have. Of a month that is left with nothing nothing is left.
fn without_what_days_have(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut of_days: BTreeMap<(String, Date), (u64, u64)> = BTreeMap::new();
    for day in entries.iter().filter(|entry| !entry.is_month) {
        let sums = of_days.entry((day.interface.clone(), day.first.first_of_month())).or_default();
        *sums = (sums.0.saturating_add(day.rx_bytes), sums.1.saturating_add(day.tx_bytes));
    }
    for month in entries.iter_mut().filter(|entry| entry.is_month) {
        let known = of_days.get(&(month.interface.clone(), month.first));
        let (rx, tx) = known.copied().unwrap_or_default();
        (month.rx_bytes, month.tx_bytes) =
            (month.rx_bytes.saturating_sub(rx), month.tx_bytes.saturating_sub(tx));
    }
    entries.retain(|entry| !entry.is_month || entry.rx_bytes > 0 || entry.tx_bytes > 0);
    entries
}

fn add(connection: &mut Connection, home: &Calendar, entries: &[Entry]) -> Result<Imported, ImportError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Fault::from)?;
    let oldest: Option<i64> = transaction
        .query_row("SELECT begins FROM covered ORDER BY begins LIMIT 1", [], |row| row.get(0))
        .optional()
        .map_err(Fault::from)?;
    let ours_begin = oldest.map_or(i64::MAX, |oldest| home.start(Bucket::Day, oldest));
    let mut numbers = Numbers::default();
    let mut imported = Imported { interfaces: BTreeMap::new(), left_out: 0 };
    let names: BTreeSet<&String> = entries.iter().map(|entry| &entry.interface).collect();
    for name in names {
        let series = numbers.of(&transaction, Name::plain(Kind::Imported, name)).map_err(Fault::from)?;
        let known: (Option<i64>, Option<i64>) = transaction
            .query_row(
                "SELECT min(start), max(start) FROM (SELECT start FROM days WHERE series = ?1
                 UNION ALL SELECT start FROM months WHERE series = ?1)",
                [series],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(Fault::from)?;
        if let (Some(first), Some(last)) = known {
            let day = |at: i64| home.date(at);
            return Err(ImportError::Overlap { interface: name.clone(), first: day(first), last: day(last) });
        }
        for entry in entries.iter().filter(|entry| entry.interface == *name) {
            let start = home.begin(entry.first);
            if start >= ours_begin {
                imported.left_out += 1;
                continue;
            }
            let month = home.start(Bucket::Month, start);
            let tiers: &[(&str, i64)] = &[("months", month), ("days", start)];
            // Of what no day has nobody knows the day.
            let tiers = if entry.is_month { &tiers[..1] } else { tiers };
            for (tier, start) in tiers {
                let add = format!(
                    "INSERT INTO {tier}(series, scope, start, {AMOUNTS}) VALUES(?1, ?2, ?3, ?4, ?5, NULL, NULL) {ADD}"
                );
                let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
                transaction
                    .execute(
                        &add,
                        params![series, NO_SCOPE, start, bytes(entry.rx_bytes), bytes(entry.tx_bytes)],
                    )
                    .map_err(Fault::from)?;
            }
            let totals = imported.interfaces.entry(name.clone()).or_default();
            let count = if entry.is_month { &mut totals.months } else { &mut totals.days };
            *count += 1;
            totals.rx_bytes = totals.rx_bytes.saturating_add(entry.rx_bytes);
            totals.tx_bytes = totals.tx_bytes.saturating_add(entry.tx_bytes);
        }
    }
    transaction.commit().map_err(Fault::from)?;
    Ok(imported)
}

#[cfg(test)]
mod tests;
