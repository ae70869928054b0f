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
        query::{self, Asker, QueryError, Terms},
        store::Keeper,
    },
    usage::{Moment, store::Mover},
};
use jiff::{Timestamp, tz::TimeZone};

/// The machine.
pub(crate) struct Machine {
    /// Where its history is kept.
    pub(crate) settings: Settings,
    pub(crate) keeper: Keeper,
    collector: Collector,
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
        Self { settings, keeper, collector: Collector::default(), steady_ms: 0, now }
    }

    /// A tick after so many seconds, in which these moved.
    pub(crate) fn tick(&mut self, after_s: u32, moved: &[(Mover, Counters)]) {
        self.now += i64::from(after_s);
        self.steady_ms += u64::from(after_s) * 1000;
        let now = Moment { unix_ms: self.now.unsigned_abs() * 1000, steady_ms: self.steady_ms };
        self.collector.tick(now, moved, &HostSample::default());
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
        self.steady_ms = 0;
    }

    /// Asks.
    pub(crate) fn ask(&self, query: &HistoryQuery, only: Option<u32>) -> Result<History, QueryError> {
        let connection = fault::open_for_reading(&self.settings.file)?;
        let terms = Terms {
            home: self.settings.home(),
            retention: self.settings.retention.clone(),
            now: self.now,
        };
        query::answer(&connection, query, &Asker { only: only.map(UserId::Uid) }, &terms)
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
