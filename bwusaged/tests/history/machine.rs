//! A machine that moves bytes at times that a test says, and its history in a directory of its own.

use std::path::PathBuf;

use bwusage_proto::{
    history::{Bucket, History, HistoryFilter, HistoryQuery, Per},
    process::UserId,
    snapshot::{HostSample, ResidualReason},
    units::{Counters, Scope},
};
use bwusaged::{
    history::{
        Retention, Settings,
        collect::Collector,
        fault::{self, Fault},
        minute::Pending,
        query::{self, Asker, QueryError, Terms},
        store::Keeper,
    },
    usage::{Moment, store::Mover},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::phone::Phone;

/// The machine.
pub(crate) struct Machine {
    /// Where its history is kept.
    pub(crate) settings: Settings,
    pub(crate) keeper: Keeper,
    collector: Collector,
    phone: Phone,
    steady_ms: u64,
    /// Seconds of Unix time.
    pub(crate) now: i64,
}

pub(crate) fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

pub(crate) fn process(app: &str, uid: u32) -> Mover {
    Mover::Process { app: app.into(), user: Some(UserId::Uid(uid)), category: None }
}

pub(crate) fn residual() -> Mover {
    Mover::Residual(ResidualReason::KernelTcp)
}

/// What was received.
pub(crate) fn rx(scope: Scope, bytes: u64) -> Counters {
    let mut counters = Counters::default();
    counters[scope].wire.rx_bytes = bytes;
    counters[scope].wire.rx_packets = 1;
    counters
}

impl Machine {
    /// One that keeps everything for ever.
    pub(crate) fn new(file: PathBuf, zone: &str, now: i64) -> Self {
        let settings = Settings {
            file,
            retention: Retention { minutes_h: 24 * 1000, hours_d: 1000, days_d: None },
            billing_day: 1,
            time_zone: Some(TimeZone::get(zone).unwrap()),
        };
        let keeper = Keeper::new(settings.clone(), [1; 16]);
        Self { settings, keeper, collector: Collector::default(), phone: Phone::default(), steady_ms: 0, now }
    }

    /// A tick after so many seconds, in which these moved.
    pub(crate) fn tick(&mut self, after_s: u32, moved: &[(Mover, Counters)]) {
        self.now += i64::from(after_s);
        self.steady_ms += u64::from(after_s) * 1000;
        self.collector.tick(self.moment(), moved, &HostSample::default());
    }

    fn moment(&self) -> Moment {
        Moment { unix_ms: self.now.unsigned_abs() * 1000, steady_ms: self.steady_ms }
    }

    /// Stores what was counted.
    pub(crate) fn flush(&mut self) -> Result<(), Fault> {
        let collector = &mut self.collector;
        self.keeper.flush(|| collector.take(), self.now, false)
    }

    /// The daemon is started anew after so many seconds: what was not stored is lost.
    pub(crate) fn restart(&mut self, after_s: u32, instance: u8) {
        self.now += i64::from(after_s);
        self.keeper = Keeper::new(self.settings.clone(), [instance; 16]);
        self.collector = Collector::default();
        self.phone = Phone::default();
        self.steady_ms = 0;
    }

    /// A user's process moved so much more to `host5` or another one; the engine tells at the next full minute.
    pub(crate) fn talk(&mut self, uid: u32, host: u8, rx_bytes: u64) {
        self.talk_to(uid, &format!("host{host}"), rx_bytes);
    }

    /// As [`Machine::talk`], to a host of any name.
    pub(crate) fn talk_to(&mut self, uid: u32, host: &str, rx_bytes: u64) {
        self.phone.moved(uid, host, rx_bytes);
        let now = self.moment();
        if self.collector.wants_talk(now) {
            self.collector.talk(Some(now), Some(&self.phone.talk()), &self.phone);
        }
    }

    /// The last reading before the end.
    pub(crate) fn last_talk(&mut self) {
        self.collector.talk(None, Some(&self.phone.talk()), &self.phone);
    }

    /// Rolls up, and forgets what is too old.
    pub(crate) fn forget(&mut self) {
        self.keeper = Keeper::new(self.settings.clone(), [200; 16]);
        self.keeper.flush(Pending::default, self.now, true).unwrap();
    }

    pub(crate) fn count_rows(&self, table: &str) -> u32 {
        let connection = fault::open_for_reading(&self.settings.file).unwrap();
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// Asks. A user sees of all others one sum.
    pub(crate) fn ask(&self, query: &HistoryQuery, only: Option<u32>) -> Result<History, QueryError> {
        let only = only.map(UserId::Uid);
        self.ask_as(query, &Asker { remotes_of: only.clone(), only })
    }

    /// Asks as a user who sees names and counters of others, but not whom they talk to.
    pub(crate) fn ask_knowing_names(&self, query: &HistoryQuery, uid: u32) -> Result<History, QueryError> {
        self.ask_as(query, &Asker { remotes_of: Some(UserId::Uid(uid)), only: None })
    }

    fn ask_as(&self, query: &HistoryQuery, asker: &Asker) -> Result<History, QueryError> {
        let connection = fault::open_for_reading(&self.settings.file)?;
        let terms =
            Terms { home: self.settings.home(), retention: self.settings.retention.clone(), now: self.now };
        query::answer(&connection, query, asker, &terms)
    }
}

/// Everything between two moments.
pub(crate) fn question(from: i64, to: i64, bucket: Bucket, per: Per) -> HistoryQuery {
    HistoryQuery {
        from_unix_s: from,
        to_unix_s: to,
        bucket,
        per,
        filter: HistoryFilter::default(),
        top: 0,
        time_zone: None,
        billing_day: None,
    }
}

/// The bytes of all series, once by their totals and once by their points.
pub(crate) fn bytes(history: &History) -> [u64; 2] {
    let totals = history.series.iter().map(|series| series.total.bytes()).sum();
    let points = history.series.iter().flat_map(|series| series.points.iter().flatten());
    [totals, points.map(bwusage_proto::history::Amount::bytes).sum()]
}
