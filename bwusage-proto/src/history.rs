//! History: how much was moved when, in buckets of time, by whoever moved it.
//!
//! A bucket in which nobody counted is a gap: its amounts are `None`, never 0. One in which somebody counted for a part of
//! the time has an amount and says for how long, [`BucketSpan::covered_s`].
//!
//! Invariant: the series of one answer add up to everything that the viewer's question covers, because what is beyond the
//! top is summed up in [`SeriesKey::Other`] and what others moved in [`SeriesKey::OtherUsers`].

use serde::{Deserialize, Serialize};

use crate::{
    codec::{Decode, Encode},
    process::{Category, UserId},
    snapshot::ResidualReason,
    units::Scope,
};

mod typed;
pub use typed::{RangeError, TypedRange, complete};

/// Most buckets in one answer.
pub const MAX_BUCKETS: usize = 20_000;
/// Most series in one answer beside the sums; more are asked for in ranges of their own.
pub const MAX_SERIES: u32 = 5_000;
/// Most series times buckets in one answer, some 30 MB while it is put together: with many buckets fewer series than
/// [`MAX_SERIES`] are told apart.
pub const MAX_POINTS: usize = 500_000;
/// Days of the month on which a billing month may begin: those that every month has.
pub const BILLING_DAYS: std::ops::RangeInclusive<u8> = 1..=28;

/// How much was moved when?
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HistoryQuery {
    /// The first second, of Unix time. The answer begins with the bucket that it is in.
    pub from_unix_s: i64,
    /// The first second that is not asked for any more. The answer ends with the bucket of the last one that is.
    pub to_unix_s: i64,
    /// How time is cut.
    pub bucket: Bucket,
    /// What makes a series.
    pub per: Per,
    /// What is counted at all.
    pub filter: HistoryFilter,
    /// So many series, the largest; the rest is summed up. 0 for as many as [`MAX_SERIES`] and [`MAX_POINTS`] allow.
    pub top: u32,
    /// In which time zone hours, days and months begin, by its IANA name. `None` for the daemon's own.
    pub time_zone: Option<String>,
    /// On which day of the month a month begins. `None` for the daemon's setting.
    pub billing_day: Option<u8>,
}

/// What is counted. An empty list excludes nothing; otherwise one of its entries must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct HistoryFilter {
    /// Applications, by their whole names.
    pub apps: Vec<String>,
    /// Users.
    pub users: Vec<UserId>,
    /// Scopes.
    pub scopes: Vec<Scope>,
    /// Sorts of programs.
    pub categories: Vec<Category>,
    /// Interfaces, by their names. For [`Per::Interface`] alone, and the only one that it knows.
    pub interfaces: Vec<String>,
}

/// How time is cut.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// A second each; the last ten minutes only, and neither of interfaces nor of remote hosts. What was moved counts in the second
    /// in which the daemon saw it.
    Second,
    /// A minute each.
    Minute,
    /// An hour of the clock each.
    Hour,
    /// A day of the calendar each: 23 or 25 hours where the clocks change.
    Day,
    /// A month each, from billing day to billing day.
    Month,
    /// The whole range as it was asked for.
    Whole,
}

impl Bucket {
    /// Every one, the finest first.
    pub const ALL: [Self; 6] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Whole];

    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Whole => "whole",
        }
    }
}

/// What makes a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Everything is one.
    Total,
    /// An application.
    App,
    /// A user.
    User,
    /// A scope.
    Scope,
    /// A sort of program.
    Category,
    /// An interface, by its own counters.
    Interface,
    /// A remote host; by the hour and coarser, and of no choice but of users.
    Remote,
    /// The machine: [`History::host`] instead of series.
    Host,
}

impl Per {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Total,
        Self::App,
        Self::User,
        Self::Scope,
        Self::Category,
        Self::Interface,
        Self::Remote,
        Self::Host,
    ];

    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::App => "app",
            Self::User => "user",
            Self::Scope => "scope",
            Self::Category => "category",
            Self::Interface => "interface",
            Self::Remote => "remote",
            Self::Host => "host",
        }
    }
}

/// The answer. On the wire it comes in pages, of which the first alone has the head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct History {
    /// What all series have in common.
    pub head: Option<HistoryHead>,
    /// The largest first, sums last.
    pub series: Vec<Series>,
    /// The machine in each bucket, `None` in a gap; for [`Per::Host`] only.
    pub host: Vec<Option<HostPoint>>,
}

impl History {
    /// Adds the page that follows.
    pub fn append(&mut self, mut page: Self) {
        self.head = self.head.take().or(page.head);
        self.series.append(&mut page.series);
        self.host.append(&mut page.host);
    }
}

/// What all series of an answer have in common.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryHead {
    /// How time is cut.
    pub bucket: Bucket,
    /// What makes a series.
    pub per: Per,
    /// The buckets, oldest first. Each ends where the next one begins.
    pub buckets: Vec<BucketSpan>,
    /// Where the last bucket ends, in seconds of Unix time.
    pub end_unix_s: i64,
    /// The time zone in which they begin, by its IANA name; `UTC` also where the daemon does not know its own.
    pub time_zone: String,
    /// The day of the month on which a month begins.
    pub billing_day: u8,
    /// The coarsest that the figures of this answer are stored in: one that is coarser than the buckets counts in the bucket
    /// of its middle.
    pub resolution: Bucket,
    /// What the bytes are.
    pub meaning: Meaning,
    /// The first second of which anything is known, of Unix time.
    pub oldest_unix_s: Option<i64>,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// One bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BucketSpan {
    /// Its first second, of Unix time.
    pub start_unix_s: i64,
    /// How many of its seconds somebody counted.
    pub covered_s: u32,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// From the IP header on, as [`crate::units::Wire`].
    Wire,
    /// What an interface counts, link headers included.
    Link,
}

/// What one of them moved in each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Series {
    /// Who.
    pub key: SeriesKey,
    /// All buckets together.
    pub total: Amount,
    /// For each bucket; `None` in a gap.
    pub points: Vec<Option<Amount>>,
}

/// Whose a series is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesKey {
    /// Everything.
    Total,
    /// An application. Programs choose their names: escape it before showing it.
    App(String),
    /// Traffic with a reason instead of a process.
    Residual(ResidualReason),
    /// A user; `None` where nobody knows.
    User(Option<UserId>),
    /// A scope.
    Scope(Scope),
    /// A sort of program; `None` where nothing tells.
    Category(Option<Category>),
    /// An interface, as counted here.
    Interface(String),
    /// An interface, as another program counted it before and somebody imported it.
    Imported(String),
    /// A remote host: its name where this machine asked for one, else its address; `None` where nobody knows. Chosen by others:
    /// escape it.
    Remote(Option<String>),
    /// The rest: so many series that are not among the top, and what was not told apart when it was stored.
    Other(u32),
    /// What other users moved, for a viewer who may not see more of them.
    OtherUsers,
}

/// Bytes and packets each way. `rx` is what was received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Amount {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets received; `None` where nobody counted them.
    pub rx_packets: Option<u64>,
    /// Packets sent; `None` where nobody counted them.
    pub tx_packets: Option<u64>,
}

impl Amount {
    /// Nothing at all, counted.
    pub const ZERO: Self = Self { rx_bytes: 0, tx_bytes: 0, rx_packets: Some(0), tx_packets: Some(0) };

    /// Both ways together.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.rx_bytes.saturating_add(self.tx_bytes)
    }
}

impl std::ops::AddAssign for Amount {
    /// A sum of which a part is unknown is unknown.
    fn add_assign(&mut self, other: Self) {
        self.rx_bytes = self.rx_bytes.saturating_add(other.rx_bytes);
        self.tx_bytes = self.tx_bytes.saturating_add(other.tx_bytes);
        let packets = |ours: Option<u64>, theirs: Option<u64>| Some(ours?.saturating_add(theirs?));
        self.rx_packets = packets(self.rx_packets, other.rx_packets);
        self.tx_packets = packets(self.tx_packets, other.tx_packets);
    }
}

/// The machine in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HostPoint {
    /// All processors together, on average, in hundredths of a percent: 10,000 is everything busy.
    pub cpu_centipercent: Option<u32>,
    /// The same in the busiest tick.
    pub cpu_peak_centipercent: Option<u32>,
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

/// How the daemon's memory of the past is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryState {
    /// The file.
    pub file: String,
    /// What it takes on the disk, with the files beside it that SQLite needs. `None` where it cannot be read.
    pub size_bytes: Option<u64>,
    /// The first second of which anything is stored, of Unix time.
    pub oldest_unix_s: Option<i64>,
    /// The last second that is stored, of Unix time.
    pub stored_until_unix_s: Option<i64>,
    /// Why nothing is stored at present, and what to do. What is counted meanwhile is kept in memory as long as there is room.
    pub fault: Option<String>,
    /// What happened to it that somebody should know: a broken file that was set aside, a clock that was set back.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_with_an_unknown_part_is_unknown_and_its_bytes_are_not() {
        let mut sum = Amount { rx_bytes: 5, tx_bytes: 1, rx_packets: Some(2), tx_packets: Some(1) };
        sum += Amount { rx_bytes: 7, tx_bytes: 0, rx_packets: None, tx_packets: Some(3) };
        assert_eq!(sum, Amount { rx_bytes: 12, tx_bytes: 1, rx_packets: None, tx_packets: Some(4) });
        assert_eq!(sum.bytes(), 13);
    }

    #[test]
    fn pages_make_one_answer_with_the_head_of_the_first() {
        let series =
            |name: &str| Series { key: SeriesKey::App(name.into()), total: Amount::ZERO, points: vec![] };
        let head = HistoryHead {
            bucket: Bucket::Day,
            per: Per::App,
            buckets: vec![],
            end_unix_s: 9,
            time_zone: "UTC".into(),
            billing_day: 1,
            resolution: Bucket::Hour,
            meaning: Meaning::Wire,
            oldest_unix_s: None,
            notes: vec![],
        };
        let mut whole = History::default();
        whole.append(History { head: Some(head.clone()), series: vec![series("a")], host: vec![] });
        whole.append(History { series: vec![series("b")], ..History::default() });
        assert_eq!(whole.series, [series("a"), series("b")]);
        assert_eq!(whole.head, Some(head));
    }
}
