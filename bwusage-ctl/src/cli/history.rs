//! What can be said to `history`, and what it has in common with `export`.

use bwusage_proto::{
    history::{BILLING_DAYS, Bucket, HistoryFilter, HistoryQuery, Per},
    process::{Category, UserId},
    units::Scope,
    users,
    when::{self, When, WhenError},
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

/// A range of seconds of Unix time, the end excluded, and the zone that it was typed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from_unix_s: i64,
    pub(crate) to_unix_s: i64,
    /// The name of the zone, for the daemon; `None` where it has none.
    pub(crate) zone: Option<String>,
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
    pub(crate) fn span(&self, now: &Zoned) -> Result<Option<Span>, Failure> {
        let zone = now.time_zone().iana_name().map(str::to_owned);
        let wrong = |option: &'static str| move |error: WhenError| Failure::When { option, error };
        let (from_unix_s, to_unix_s) = match (&self.whole, &self.from, &self.to) {
            (None, None, None) => return Ok(None),
            (Some(whole), ..) => {
                let is_length = whole.ends_with(|c: char| c.is_ascii_lowercase())
                    && whole.starts_with(|c: char| c.is_ascii_digit());
                let when = if is_length { When::last(whole, now) } else { When::parse(whole, now) };
                let When { start_unix_s, end_unix_s } = when.map_err(wrong("WHEN"))?;
                (start_unix_s, end_unix_s.min(when::after(now)))
            }
            (None, from, to) => {
                let parse = |text: &String| When::parse(text, now);
                let from = from.as_ref().map(parse).transpose().map_err(wrong("--from"))?;
                let to = to.as_ref().map(parse).transpose().map_err(wrong("--to"))?;
                let to = to.map_or(when::after(now), |to| to.end_unix_s.min(when::after(now)));
                (from.map_or(0, |from| from.start_unix_s), to)
            }
        };
        if from_unix_s >= to_unix_s {
            return Err(Failure::NoTime);
        }
        Ok(Some(Span { from_unix_s, to_unix_s, zone }))
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
        let typed = self.range.span(now)?;
        let bucket = match (self.by, &typed) {
            (Some(by), _) => by.into(),
            (None, Some(span)) => {
                let usual = usual_bucket(span.to_unix_s.saturating_sub(span.from_unix_s));
                // Remote hosts are kept by the hour.
                if self.per == PerName::Remote { usual.max(Bucket::Hour) } else { usual }
            }
            (None, None) => Bucket::Day,
        };
        let span = match typed {
            Some(span) => span,
            None => usual_span(bucket, now)?,
        };
        Ok(HistoryQuery {
            from_unix_s: span.from_unix_s,
            to_unix_s: span.to_unix_s,
            bucket,
            per: self.per.into(),
            filter: self.only.filter()?,
            top: self.top,
            time_zone: span.zone,
            billing_day: self.range.billing_day(),
        })
    }
}

/// So that there are some dozens of them.
fn usual_bucket(seconds: i64) -> Bucket {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    // The second that is not over yet is one more.
    let longest = [(2 * HOUR, Bucket::Minute), (3 * DAY, Bucket::Hour), (93 * DAY, Bucket::Day)];
    longest
        .into_iter()
        .find(|(longest, _)| seconds <= longest + 1)
        .map_or(Bucket::Month, |(_, bucket)| bucket)
}

/// What is asked where no time was typed.
fn usual_span(bucket: Bucket, now: &Zoned) -> Result<Span, Failure> {
    let length = match bucket {
        Bucket::Second => "10m",
        Bucket::Minute => "1h",
        Bucket::Hour => "24h",
        Bucket::Day | Bucket::Whole => "30d",
        Bucket::Month => "12mo",
    };
    let When { start_unix_s, end_unix_s } =
        When::last(length, now).map_err(|error| Failure::When { option: "WHEN", error })?;
    let zone = now.time_zone().iana_name().map(str::to_owned);
    Ok(Span { from_unix_s: start_unix_s, to_unix_s: end_unix_s, zone })
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
