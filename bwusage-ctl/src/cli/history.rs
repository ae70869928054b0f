//! What can be said to `history`, and what it has in common with `export`.

use bwusage_proto::{
    history::{self, BILLING_DAYS, Bucket, HistoryFilter, HistoryQuery, Per, RangeError, TypedRange},
    process::{Category, UserId},
    units::Scope,
    users,
    when::When,
};
use clap::{Args, ValueEnum};
use jiff::{Zoned, tz::TimeZone};

use super::UnitsName;
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) range: Range,

    /// How time is cut [default: by the length of the range]
    #[arg(long, value_name = "BUCKET")]
    by: Option<Cut>,

    /// What makes a series. total is everything, host the machine: processors, memory, disks, network; remote is a remote host, by
    /// the hour or coarser
    #[arg(long, value_name = "WHAT", default_value = "total")]
    per: PerName,

    /// So many series, the largest; the rest is summed up
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=5000))]
    top: u32,

    #[command(flatten)]
    pub(crate) only: Only,

    /// Steps of 1024 (3.15 MiB) or of 1000 (3.30 MB); JSON and CSV are always bytes
    #[arg(long, value_name = "UNITS", default_value = "iec")]
    pub(crate) units: UnitsName,

    /// No line of column names, also in CSV
    #[arg(long)]
    pub(crate) no_header: bool,

    #[command(flatten)]
    shape: Shape,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Shape {
    /// Print JSON (schema bwusage.history/1)
    #[arg(long)]
    json: bool,

    /// Print JSON, one object a line: what a series moved in a bucket, or a gap
    #[arg(long)]
    ndjson: bool,

    /// Print comma-separated values with the names of the JSON: a line for each bucket and series
    #[arg(long)]
    csv: bool,
}

/// Which time.
#[derive(Debug, Args)]
pub(crate) struct Range {
    /// The whole of a time: today, yesterday, 2026, 2026-11, 2026-11-21, or the last 90m, 24h, 7d, 2w, 3mo, 1y
    #[arg(value_name = "WHEN", conflicts_with_all = ["from", "to"])]
    whole: Option<String>,

    /// From here: -7d, yesterday, 2026-11, 2026-11-21T20:00, or with an offset 2026-11-21T20:00:00+01:00
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<String>,

    /// To the end of this, likewise [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, requires = "from")]
    to: Option<String>,

    /// Time zone in which days begin, such as Europe/Berlin [default: this system's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,

    /// Day on which months begin, 1 to 28 [default: the daemon's setting]
    #[arg(long, value_name = "DAY", value_parser = clap::value_parser!(u8).range(1..=28))]
    billing_day: Option<u8>,
}

/// Whose use.
#[derive(Debug, Args)]
pub(crate) struct Only {
    /// Only of this application, by its whole name; can be repeated
    #[arg(long, value_name = "NAME")]
    app: Vec<String>,

    /// Only of this user; can be repeated
    #[arg(long, value_name = "NAME")]
    user: Vec<String>,

    /// Only internet, lan or loopback; can be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<ScopeName>,

    /// Only of this sort of programs; can be repeated
    #[arg(long, value_name = "CATEGORY")]
    category: Vec<CategoryName>,

    /// Only on this interface, for --per interface; can be repeated
    #[arg(long, value_name = "NAME")]
    interface: Vec<String>,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
}

impl Range {
    /// The time zone in which times are typed.
    pub(crate) fn zone(&self) -> Result<TimeZone, Failure> {
        match &self.tz {
            Some(name) => TimeZone::get(name).map_err(|_| Failure::TimeZone(name.clone())),
            None => Ok(TimeZone::system()),
        }
    }

    /// What was typed; `None` where nothing was.
    pub(crate) fn read(&self, now: &Zoned) -> Result<Option<When>, Failure> {
        let typed =
            TypedRange { whole: self.whole.as_deref(), from: self.from.as_deref(), to: self.to.as_deref() };
        typed.read(now).map_err(|error| match error {
            RangeError::Whole(error) => Failure::When { option: "WHEN", error },
            RangeError::From(error) => Failure::When { option: "--from", error },
            RangeError::To(error) => Failure::When { option: "--to", error },
            RangeError::Empty => Failure::NoTime,
        })
    }

    pub(crate) fn billing_day(&self) -> Option<u8> {
        self.billing_day.filter(|day| BILLING_DAYS.contains(day))
    }
}

impl Only {
    pub(crate) fn filter(&self) -> Result<HistoryFilter, Failure> {
        let user = |name: &String| match name.parse() {
            Ok(uid) => Ok(UserId::Uid(uid)),
            Err(_) => users::id_of(name).ok_or_else(|| Failure::NoUser(name.clone())),
        };
        Ok(HistoryFilter {
            apps: self.app.clone(),
            users: self.user.iter().map(user).collect::<Result<_, _>>()?,
            scopes: self.scope.iter().copied().map(Scope::from).collect(),
            categories: self.category.iter().copied().map(Category::from).collect(),
            interfaces: self.interface.clone(),
        })
    }
}

impl History {
    pub(crate) fn format(&self) -> Format {
        let Shape { json, ndjson, csv } = self.shape;
        match (json, ndjson, csv) {
            (true, ..) => Format::Json,
            (_, true, _) => Format::Ndjson,
            (.., true) => Format::Csv,
            _ => Format::Table,
        }
    }

    /// What the daemon is asked.
    pub(crate) fn query(&self, now: &Zoned) -> Result<HistoryQuery, Failure> {
        let typed = self.range.read(now)?;
        let (range, bucket) = history::complete(typed, self.by.map(Bucket::from), self.per.into(), now)
            .map_err(|error| Failure::When { option: "WHEN", error })?;
        Ok(HistoryQuery {
            from_unix_s: range.start_unix_s,
            to_unix_s: range.end_unix_s,
            bucket,
            per: self.per.into(),
            filter: self.only.filter()?,
            top: self.top,
            time_zone: now.time_zone().iana_name().map(str::to_owned),
            billing_day: self.range.billing_day(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Minute,
    Hour,
    Day,
    Month,
    /// The whole range is one.
    Whole,
}

impl From<By> for Bucket {
    fn from(by: By) -> Self {
        match by {
            By::Minute => Self::Minute,
            By::Hour => Self::Hour,
            By::Day => Self::Day,
            By::Month => Self::Month,
            By::Whole => Self::Whole,
        }
    }
}

/// [`By`], and what is in the daemon's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cut {
    /// A second each, of the last ten minutes; not of interfaces and remote hosts
    Second,
    Minute,
    Hour,
    Day,
    Month,
    /// The whole range is one.
    Whole,
}

impl From<Cut> for Bucket {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Second => Self::Second,
            Cut::Minute => Self::Minute,
            Cut::Hour => Self::Hour,
            Cut::Day => Self::Day,
            Cut::Month => Self::Month,
            Cut::Whole => Self::Whole,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PerName {
    Total,
    App,
    User,
    Scope,
    Category,
    Interface,
    Remote,
    Host,
}

impl From<PerName> for Per {
    fn from(name: PerName) -> Self {
        match name {
            PerName::Total => Self::Total,
            PerName::App => Self::App,
            PerName::User => Self::User,
            PerName::Scope => Self::Scope,
            PerName::Category => Self::Category,
            PerName::Interface => Self::Interface,
            PerName::Remote => Self::Remote,
            PerName::Host => Self::Host,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeName {
    Internet,
    Lan,
    Loopback,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Internet => Self::Internet,
            ScopeName::Lan => Self::Lan,
            ScopeName::Loopback => Self::Loopback,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CategoryName {
    App,
    Terminal,
    Service,
    Container,
    Kernel,
    Background,
}

impl From<CategoryName> for Category {
    fn from(name: CategoryName) -> Self {
        match name {
            CategoryName::App => Self::App,
            CategoryName::Terminal => Self::Terminal,
            CategoryName::Service => Self::Service,
            CategoryName::Container => Self::Container,
            CategoryName::Kernel => Self::Kernel,
            CategoryName::Background => Self::Background,
        }
    }
}

#[cfg(test)]
mod tests;
