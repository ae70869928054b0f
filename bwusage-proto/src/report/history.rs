//! `bwusage.history/1`: how much was moved when.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::Serialize;

use super::Moment;
use crate::{
    history::{Amount, Bucket, BucketSpan, History, HistoryHead, HostPoint, SeriesKey},
    users::Users,
};

/// The name of this schema.
pub const HISTORY_SCHEMA: &str = "bwusage.history/1";

/// Buckets of time, and what each series moved in them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryReport<'a> {
    /// [`HISTORY_SCHEMA`].
    pub schema: &'static str,
    /// The daemon's package version.
    pub daemon_version: &'a str,
    /// How time is cut.
    pub by: Bucket,
    /// What makes a series.
    pub per: &'static str,
    /// The beginning of the first bucket.
    pub from_at: Option<Moment>,
    /// The end of the last one.
    pub to_at: Moment,
    /// Where hours, days and months begin.
    pub time_zone: &'a str,
    /// The day of the month on which a month begins.
    pub billing_day: u8,
    /// The coarsest that these figures are stored in.
    pub resolution: Bucket,
    /// What the bytes are: `wire` or `link`.
    pub meaning: crate::history::Meaning,
    /// The first moment of which anything is known.
    pub oldest_at: Option<Moment>,
    /// What a reader must know.
    pub notes: &'a [String],
    /// Oldest first.
    pub buckets: Vec<BucketReport>,
    /// The largest first, sums last. Every list of points has an entry for each bucket.
    pub series: Vec<SeriesReport<'a>>,
    /// The machine in each bucket, for `per` `host` only.
    pub machine: Vec<Option<MachineReport>>,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BucketReport {
    /// Its first moment.
    pub start_at: Moment,
    /// The first moment after it.
    pub end_at: Moment,
    /// What people call it, in the time zone of the report.
    pub label: String,
    /// Seconds from beginning to end.
    pub length_s: u64,
    /// Seconds of these in which somebody counted; 0 is a gap.
    pub covered_s: u32,
}

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesReport<'a> {
    /// Whose it is.
    #[serde(flatten)]
    pub whose: Whose,
    /// All buckets together.
    #[serde(flatten)]
    pub total: Amount,
    /// For each bucket; `null` in a gap.
    pub points: &'a [Option<Amount>],
}

/// Whose a series is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// `total`, `app`, `residual`, `user`, `scope`, `category`, `interface`, `imported`, `remote`, `other`, `other_users`.
    pub kind: &'static str,
    /// Its name; `null` for sums and for what nobody knows. Chosen by others: escape it before showing it.
    pub name: Option<String>,
}

/// The machine in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MachineReport {
    /// All processors together, on average: 100 is everything busy.
    pub processors_percent: Option<f64>,
    /// The same in the busiest tick.
    pub processors_peak_percent: Option<f64>,
    /// Memory in use, on average.
    pub memory_used_bytes: Option<u64>,
    /// The most memory in use.
    pub memory_peak_bytes: Option<u64>,
    /// Bytes read from physical disks.
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to physical disks.
    pub disk_write_bytes: Option<u64>,
    /// Bytes received by all interfaces but loopback, link headers included.
    pub rx_bytes: Option<u64>,
    /// Bytes sent by them.
    pub tx_bytes: Option<u64>,
}

/// One line of a stream: what one series moved in one bucket.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HistoryRecord<'a> {
    /// An amount.
    Point {
        /// When.
        #[serde(flatten)]
        bucket: &'a BucketReport,
        /// What makes a series.
        per: &'static str,
        /// Whose.
        #[serde(flatten)]
        whose: &'a Whose,
        /// How much.
        #[serde(flatten)]
        amount: Amount,
    },
    /// The machine.
    Machine {
        /// When.
        #[serde(flatten)]
        bucket: &'a BucketReport,
        /// What it did.
        #[serde(flatten)]
        machine: MachineReport,
    },
    /// Nobody counted.
    Gap {
        /// When.
        #[serde(flatten)]
        bucket: &'a BucketReport,
    },
}

impl<'a> HistoryReport<'a> {
    /// The report of `history`; `None` for an answer without a head.
    #[must_use]
    pub fn new(history: &'a History, users: &Users, daemon_version: &'a str) -> Option<Self> {
        let head = history.head.as_ref()?;
        let calendar = Calendar::new(head);
        let series = history.series.iter().map(|series| SeriesReport {
            whose: Whose::new(&series.key, users),
            total: series.total,
            points: &series.points,
        });
        Some(Self {
            schema: HISTORY_SCHEMA,
            daemon_version,
            by: head.bucket,
            per: head.per.name(),
            from_at: head.buckets.first().map(|first| moment(first.start_unix_s)),
            to_at: moment(head.end_unix_s),
            time_zone: &head.time_zone,
            billing_day: head.billing_day,
            resolution: head.resolution,
            meaning: head.meaning,
            oldest_at: head.oldest_unix_s.map(moment),
            notes: &head.notes,
            buckets: buckets(head, &calendar),
            series: series.collect(),
            machine: history.host.iter().map(|point| point.map(MachineReport::from)).collect(),
        })
    }

    /// The same, bucket by bucket, one record for each series. A bucket in which nobody counted is one gap.
    pub fn records(&self) -> impl Iterator<Item = HistoryRecord<'_>> {
        self.buckets.iter().enumerate().flat_map(move |(at, bucket)| {
            let point = move |series: &'_ SeriesReport<'a>| series.points.get(at).copied().flatten();
            let points = self.series.iter().filter_map(move |series| {
                let amount = point(series)?;
                Some((&series.whose, amount))
            });
            let points = points.map(move |(whose, amount)| HistoryRecord::Point {
                bucket,
                per: self.per,
                whose,
                amount,
            });
            let machine = self.machine.get(at).copied().flatten();
            let machine = machine.map(|machine| HistoryRecord::Machine { bucket, machine });
            let gap = (bucket.covered_s == 0
                && machine.is_none()
                && self.series.iter().all(|series| point(series).is_none()))
            .then_some(HistoryRecord::Gap { bucket });
            points.chain(machine).chain(gap)
        })
    }
}

impl Whose {
    /// Whose series `key` is, with the login names of this system.
    #[must_use]
    pub fn new(key: &SeriesKey, users: &Users) -> Self {
        let (kind, name) = match key {
            SeriesKey::Total => ("total", None),
            SeriesKey::App(app) => ("app", Some(app.clone())),
            SeriesKey::Residual(reason) => ("residual", Some(reason.name().to_owned())),
            SeriesKey::User(user) => ("user", user.as_ref().map(|user| users.name(user).to_string())),
            SeriesKey::Scope(scope) => ("scope", Some(scope.name().to_owned())),
            SeriesKey::Category(category) => {
                ("category", category.map(|category| category.name().to_owned()))
            }
            SeriesKey::Interface(name) => ("interface", Some(name.clone())),
            SeriesKey::Imported(name) => ("imported", Some(name.clone())),
            SeriesKey::Remote(host) => ("remote", host.clone()),
            SeriesKey::Other(_) => ("other", None),
            SeriesKey::OtherUsers => ("other_users", None),
        };
        Self { kind, name }
    }
}

impl From<HostPoint> for MachineReport {
    fn from(point: HostPoint) -> Self {
        let percent = |hundredths: Option<u32>| hundredths.map(|hundredths| f64::from(hundredths) / 100.0);
        Self {
            processors_percent: percent(point.cpu_centipercent),
            processors_peak_percent: percent(point.cpu_peak_centipercent),
            memory_used_bytes: point.memory_used_bytes,
            memory_peak_bytes: point.memory_peak_bytes,
            disk_read_bytes: point.disk_read_bytes,
            disk_write_bytes: point.disk_write_bytes,
            rx_bytes: point.rx_bytes,
            tx_bytes: point.tx_bytes,
        }
    }
}

/// What people call the buckets of an answer.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    bucket: Bucket,
    billing_day: u8,
}

impl Calendar {
    /// The calendar of an answer. A zone that this system does not know is UTC.
    #[must_use]
    pub fn new(head: &HistoryHead) -> Self {
        let zone = TimeZone::get(&head.time_zone).unwrap_or(TimeZone::UTC);
        Self { zone, bucket: head.bucket, billing_day: head.billing_day }
    }

    /// What the bucket is called that begins at this second: `2026-11-22 Sun`, `2026-11`, `2026-11-22 20:00`.
    #[must_use]
    pub fn label(&self, start_unix_s: i64) -> String {
        let start = self.local(start_unix_s);
        match self.bucket {
            Bucket::Second => format!("{}{}", start.strftime("%F %T"), self.twice(&start)),
            Bucket::Minute | Bucket::Hour | Bucket::Whole => {
                format!("{}{}", start.strftime("%F %H:%M"), self.twice(&start))
            }
            Bucket::Day => start.strftime("%F %a").to_string(),
            Bucket::Month if self.billing_day == 1 => start.strftime("%Y-%m").to_string(),
            Bucket::Month => start.strftime("from %F").to_string(),
        }
    }

    /// A moment in the zone, to the minute.
    #[must_use]
    pub fn minute(&self, unix_s: i64) -> String {
        self.local(unix_s).strftime("%F %H:%M").to_string()
    }

    fn local(&self, unix_s: i64) -> Zoned {
        let timestamp = Timestamp::from_second(unix_s).unwrap_or(Timestamp::MAX);
        timestamp.to_zoned(self.zone.clone())
    }

    /// Tells the two hours apart that have the same name when the clocks are set back.
    fn twice(&self, at: &Zoned) -> String {
        let is_twice = self.zone.to_ambiguous_zoned(at.datetime()).is_ambiguous();
        if is_twice { at.strftime(" %:z").to_string() } else { String::new() }
    }
}

fn buckets(head: &HistoryHead, calendar: &Calendar) -> Vec<BucketReport> {
    let ends = head.buckets.iter().skip(1).map(|next| next.start_unix_s).chain([head.end_unix_s]);
    let report = |(span, end): (&BucketSpan, i64)| BucketReport {
        start_at: moment(span.start_unix_s),
        end_at: moment(end),
        label: calendar.label(span.start_unix_s),
        length_s: end.saturating_sub(span.start_unix_s).max(0).unsigned_abs(),
        covered_s: span.covered_s,
    };
    head.buckets.iter().zip(ends).map(report).collect()
}

fn moment(unix_s: i64) -> Moment {
    Moment(u64::try_from(unix_s).unwrap_or(0).saturating_mul(1000))
}

#[cfg(test)]
mod tests;
