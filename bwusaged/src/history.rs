//! What is remembered beyond the daemon's own life: minutes, hours, days and months in one SQLite file.
//!
//! ```text
//! tick -> collect (minutes in memory) -> writer thread -> book -> recent --(the hour is over)--> minutes, hours, days, months
//! client -> reader thread -> query <------------------------------------------------------------------------'
//! ```
//!
//! The tick never waits: [`writer::Writer::tick`] adds to what waits in memory, and a thread of its own stores it every ten seconds.
//! What cannot be stored stays in memory and is tried again; counting goes on, and [`writer::Writer::state`] says why.
//!
//! - Pure: [`collect`], [`remotes`], [`minute`], [`seconds`], [`plan`], [`lanes`], [`names`].
//! - The database: [`schema`], [`book`], [`rollup`], [`query`], [`import`]; [`fault`] tells what is wrong with it and sets a broken file aside.
//! - Threads: [`writer`], [`reader`].
//!
//! Invariant: each byte is booked once. A flush is one transaction under a number of its own, and so is the rollup of an hour.

use std::path::PathBuf;

use bwusage_proto::history::BILLING_DAYS;
use jiff::tz::TimeZone;
use serde::Deserialize;

pub mod book;
pub mod collect;
mod dimension;
pub mod fault;
mod host;
pub mod import;
pub mod lanes;
pub mod minute;
pub mod names;
pub mod plan;
pub mod query;
pub mod reader;
pub mod remotes;
pub mod rollup;
pub mod schema;
pub mod seconds;
pub mod store;
pub mod writer;

use crate::calendar::Calendar;
use reader::Reader;
pub use writer::Writer;

/// What the file is called in the state directory.
pub const FILE: &str = "history.sqlite3";
/// The files that SQLite puts beside it.
pub const BESIDE: [&str; 2] = ["history.sqlite3-wal", "history.sqlite3-shm"];

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;

/// Where history is kept and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database.
    pub file: PathBuf,
    /// How long is kept what.
    pub retention: Retention,
    /// The day of the month on which a month begins.
    pub billing_day: u8,
    /// In which time zone days begin; `None` for the system's, which may change.
    pub time_zone: Option<TimeZone>,
}

impl Settings {
    /// The calendar of the daemon, now.
    #[must_use]
    pub fn home(&self) -> Calendar {
        Calendar::new(self.time_zone.clone().unwrap_or_else(TimeZone::system), self.billing_day)
    }
}

/// Both threads: what the daemon has of its history.
#[derive(Debug)]
pub struct Archive {
    /// Stores.
    pub writer: Writer,
    /// Answers.
    pub reader: Reader,
    /// How long it keeps what.
    pub retention: Retention,
}

impl Archive {
    /// Starts both. A database that cannot be used is told by [`Writer::state`]; counting goes on.
    ///
    /// # Errors
    ///
    /// Fails when the system gives no thread.
    pub fn open(settings: Settings, instance: book::Instance) -> std::io::Result<Self> {
        let (reader, retention) = (Reader::start(settings.clone())?, settings.retention.clone());
        Ok(Self { writer: Writer::start(settings, instance)?, reader, retention })
    }
}

/// How long is kept what. Months are made of days and go with them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Minutes, in hours.
    pub minutes_h: u32,
    /// Hours, in days.
    pub hours_d: u32,
    /// Days, in days; for ever unless said.
    pub days_d: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { minutes_h: 48, hours_d: 90, days_d: None }
    }
}

impl Retention {
    /// The first moment that is kept of minutes, hours and days; `None` where everything is.
    #[must_use]
    pub fn horizons(&self, now: i64) -> [Option<i64>; 3] {
        let before = |span: i64| now.saturating_sub(span);
        [
            Some(before(i64::from(self.minutes_h) * HOUR_S)),
            Some(before(i64::from(self.hours_d) * DAY_S)),
            self.days_d.map(|days| before(i64::from(days) * DAY_S)),
        ]
    }

    /// The same for clients.
    #[must_use]
    pub fn in_seconds(&self) -> bwusage_proto::bounds::Retention {
        let seconds = |count: u32, unit_s: i64| u64::from(count) * unit_s.unsigned_abs();
        bwusage_proto::bounds::Retention {
            minutes_s: seconds(self.minutes_h, HOUR_S),
            hours_s: seconds(self.hours_d, DAY_S),
            days_s: self.days_d.map(|days| seconds(days, DAY_S)),
        }
    }

    /// Whether finer figures go before coarser ones, and none at once.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        let hours = u64::from(self.hours_d) * 24;
        (2..=hours).contains(&u64::from(self.minutes_h))
            && self.hours_d >= 2
            && self.days_d.is_none_or(|days| days >= self.hours_d)
    }
}

/// Whether months can begin on `day`.
#[must_use]
pub fn is_billing_day(day: u8) -> bool {
    BILLING_DAYS.contains(&day)
}
