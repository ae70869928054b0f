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
    calendar::Calendar,
    fault::{self, Fault},
    names::{NO_SCOPE, Name},
    schema::Kind,
};

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
        for (entry, is_month) in lists.into_iter().flat_map(|(list, is_month)| list.into_iter().map(move |entry| (entry, is_month))) {
            let JsonDate { year, month, day } = entry.date;
            let day = if is_month { Some(1) } else { day };
            let first = day.and_then(|day| Date::new(year, month, day).ok()).ok_or("a date does not exist")?;
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
        (month.rx_bytes, month.tx_bytes) = (month.rx_bytes.saturating_sub(rx), month.tx_bytes.saturating_sub(tx));
    }
    entries.retain(|entry| !entry.is_month || entry.rx_bytes > 0 || entry.tx_bytes > 0);
    entries
}

fn add(connection: &mut Connection, home: &Calendar, entries: &[Entry]) -> Result<Imported, ImportError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Fault::from)?;
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
                let add = format!("INSERT INTO {tier}(series, scope, start, {AMOUNTS}) VALUES(?1, ?2, ?3, ?4, ?5, NULL, NULL) {ADD}");
                let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
                transaction
                    .execute(&add, params![series, NO_SCOPE, start, bytes(entry.rx_bytes), bytes(entry.tx_bytes)])
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
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    const JSON: &str = r#"{"vnstatversion":"2.10","jsonversion":"2","interfaces":[{"name":"eth0","alias":"",
        "created":{"date":{"year":2025,"month":1,"day":1}},"traffic":{"total":{"rx":1,"tx":1},
        "fiveminute":[],"hour":[],
        "day":[{"id":1,"date":{"year":2025,"month":3,"day":1},"rx":100,"tx":10},
               {"id":2,"date":{"year":2025,"month":3,"day":2},"rx":200,"tx":20}],
        "month":[{"id":1,"date":{"year":2025,"month":2},"rx":1000,"tx":500},
                 {"id":2,"date":{"year":2025,"month":3},"rx":350,"tx":30}],
        "year":[],"top":[]}}]}"#;

    fn settings(dir: &Path) -> Settings {
        Settings {
            file: dir.join("h.sqlite3"),
            retention: super::super::Retention::default(),
            billing_day: 5,
            time_zone: Some(TimeZone::get("Europe/Berlin").unwrap()),
        }
    }

    fn write(dir: &Path, text: &str) -> PathBuf {
        let file = dir.join("vnstat.json");
        fs::write(&file, text).unwrap();
        file
    }

    fn stored(connection: &Connection, tier: &str) -> Vec<(i64, i64, i64)> {
        let mut read = connection.prepare(&format!("SELECT start, rx_bytes, tx_bytes FROM {tier} ORDER BY start")).unwrap();
        read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn days_are_local_days_and_a_month_has_what_its_days_do_not_once() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let connection = fault::open(&settings.file).unwrap();
        let imported = vnstat(&settings, &write(dir.path(), JSON)).unwrap();
        let totals = Totals { days: 2, months: 2, rx_bytes: 1350, tx_bytes: 530 };
        assert_eq!(imported.interfaces, BTreeMap::from([("eth0".into(), totals)]));
        assert_eq!(
            stored(&connection, "days"),
            [(at("2025-02-28T23:00:00Z"), 100, 10), (at("2025-03-01T23:00:00Z"), 200, 20)]
        );
        assert_eq!(
            stored(&connection, "months"),
            [(at("2025-01-31T23:00:00Z"), 1000, 500), (at("2025-02-28T23:00:00Z"), 350, 30)]
        );
    }

    #[test]
    fn what_is_imported_already_is_refused_and_not_added_again() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let connection = fault::open(&settings.file).unwrap();
        let file = write(dir.path(), JSON);
        vnstat(&settings, &file).unwrap();
        let before = stored(&connection, "months");
        let error = vnstat(&settings, &file).unwrap_err().to_string();
        assert!(error.contains("eth0") && error.contains("2025-02-01") && error.contains("once"), "{error}");
        assert_eq!(stored(&connection, "months"), before);
    }

    #[test]
    fn what_was_counted_here_is_not_imported_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let connection = fault::open(&settings.file).unwrap();
        let cover = |begins: &str| {
            let values = params![[0_u8; 16], 1, at(begins), at(begins) + 60];
            connection.execute("INSERT OR REPLACE INTO covered VALUES(?1, ?2, ?3, ?4)", values).unwrap();
        };
        cover("2025-03-02T12:00:00Z");
        let imported = vnstat(&settings, &write(dir.path(), JSON)).unwrap();
        assert_eq!((imported.interfaces["eth0"].days, imported.left_out), (1, 1));

        let dir = tempfile::tempdir().unwrap();
        let settings = self::settings(dir.path());
        let connection = fault::open(&settings.file).unwrap();
        connection
            .execute("INSERT INTO covered VALUES(?1, 1, ?2, ?2)", params![[0_u8; 16], at("2020-01-01T00:00:00Z")])
            .unwrap();
        let error = vnstat(&settings, &write(dir.path(), JSON)).unwrap_err();
        assert!(matches!(error, ImportError::NothingOlder(_)), "{error}");
    }

    #[test]
    fn the_kibibytes_of_version_1_are_bytes_here() {
        let text = r#"{"vnstatversion":"1.18","jsonversion":"1","interfaces":[{"id":"eth0","traffic":{
            "days":[{"id":0,"date":{"year":2019,"month":3,"day":1},"rx":2,"tx":1}]}}]}"#;
        let entries = read_json(text.as_bytes()).unwrap();
        assert_eq!((entries[0].rx_bytes, entries[0].tx_bytes, entries[0].is_month), (2048, 1024, false));
    }

    #[test]
    fn a_database_of_vnstat_is_read_as_its_json_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("vnstat.db");
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE interface(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
                 CREATE TABLE day(id INTEGER PRIMARY KEY, interface INTEGER, date DATE NOT NULL, rx INTEGER NOT NULL, tx INTEGER NOT NULL);
                 CREATE TABLE month(id INTEGER PRIMARY KEY, interface INTEGER, date DATE NOT NULL, rx INTEGER NOT NULL, tx INTEGER NOT NULL);
                 INSERT INTO interface VALUES(1, 'eth0');
                 INSERT INTO day VALUES(1, 1, '2025-03-01', 100, 10), (2, 1, '2025-03-02', 200, 20);
                 INSERT INTO month VALUES(1, 1, '2025-02-01', 1000, 500), (2, 1, '2025-03-01', 350, 30);",
            )
            .unwrap();
        assert_eq!(read(&file).unwrap(), read_json(JSON.as_bytes()).unwrap());
    }

    #[test]
    fn another_file_is_refused_with_words() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        for (text, word) in [("hello", "JSON"), (r#"{"jsonversion":"9","interfaces":[]}"#, "known are 1 and 2")] {
            let error = vnstat(&settings, &write(dir.path(), text)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let error = vnstat(&settings, &write(dir.path(), JSON)).unwrap_err().to_string();
        assert!(error.contains("start bwusaged once"), "{error}");
    }
}
