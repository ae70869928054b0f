//! A rule that was read: whose use it watches, and what must hold.

use std::fmt;

use super::number::{amount, percent, span};
use crate::{process::UserId, text};

/// A rule. [`fmt::Display`] writes it as [`Rule::parse`] reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whose use it watches.
    pub scope: Scope,
    /// What must hold.
    pub condition: Condition,
}

/// Whose use a rule watches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The machine's.
    Host,
    /// All processes of an application.
    App(String),
    /// All processes of a user: a login name, a number, or an SID.
    User(String),
    /// All processes of a systemd unit.
    Unit(String),
    /// All processes of a container: its name, its id, or as the tables show it.
    Container(String),
    /// A network interface's.
    Interface(String),
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// More than `limit` within `period`.
    Sum {
        /// Of what.
        of: Summed,
        /// How much.
        limit: Limit,
        /// Over which time.
        period: Period,
        /// Ends below this many bytes; at nine tenths of the limit unless said. Never 0.
        until: Option<u64>,
    },
    /// More than `above`, for `held_s` seconds without a break.
    Level {
        /// Of what.
        of: Gauge,
        /// How much, in the unit of the gauge.
        above: u64,
        /// How long.
        held_s: u32,
        /// Ends below this; at nine tenths of the threshold unless said. Never 0.
        until: Option<u64>,
    },
    /// Something happens that is told once for each application.
    News {
        /// What.
        of: News,
        /// Ends after this many quiet seconds.
        quiet_s: u32,
    },
}

/// What can be added up, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summed {
    /// Received.
    Rx,
    /// Sent.
    Tx,
    /// Both.
    Total,
    /// Not attributed, because the table of processes was full or the process was forgotten.
    Lost,
}

/// How much is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Bytes.
    pub bytes: u64,
    /// Shares of it at which it fires, ascending; empty: at all of it.
    pub percents: Vec<u16>,
}

/// Over which time a sum goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// The last so many seconds.
    Trailing {
        /// How many.
        seconds: u32,
    },
    /// Since midnight, local time.
    Day,
    /// Since Monday.
    Week,
    /// Since the billing day.
    Month,
}

/// What goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Bytes a second received.
    RxRate,
    /// Bytes a second sent.
    TxRate,
    /// Both.
    TotalRate,
    /// Processor use in hundredths of a percent: of the machine of all processors, else of one.
    Cpu,
    /// Hundredths of a percent of the installed memory.
    MemoryShare,
    /// Bytes of resident memory; of the machine, memory in use.
    MemoryBytes,
}

/// What is told once for each application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It moves data for the first time.
    NewApplication,
    /// It moves data although nobody sees it run.
    BackgroundTraffic,
}

impl Rule {
    /// How long news last that say nothing else.
    pub const QUIET_S: u32 = 60;
    /// The time over which lost bytes are added up where nothing else is said.
    pub const LOST_PERIOD: Period = Period::Trailing { seconds: 600 };
}

impl Scope {
    /// The user that a [`Scope::User`] names by number or SID; `None` for a login name, which only a client can look up.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(name) if name.starts_with("S-1-") => Some(UserId::Sid(name.clone())),
            Self::User(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                name.parse().ok().map(UserId::Uid)
            }
            _ => None,
        }
    }

    /// The word that it is written with.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::App(_) => "app",
            Self::User(_) => "user",
            Self::Unit(_) => "unit",
            Self::Container(_) => "container",
            Self::Interface(_) => "interface",
        }
    }

    /// The name of what it is; empty for the machine.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Host => "",
            Self::App(name)
            | Self::User(name)
            | Self::Unit(name)
            | Self::Container(name)
            | Self::Interface(name) => name,
        }
    }
}

impl Limit {
    /// The thresholds, ascending, each with its share of the cap in percent; `None` where no shares were written.
    #[must_use]
    pub fn thresholds(&self) -> impl DoubleEndedIterator<Item = (Option<u16>, u64)> {
        let whole = self.percents.is_empty().then_some((None, self.bytes));
        let share = |percent: &u16| {
            let bytes = u128::from(self.bytes) * u128::from(*percent) / 100;
            (Some(*percent), u64::try_from(bytes).unwrap_or(u64::MAX))
        };
        whole.into_iter().chain(self.percents.iter().map(share))
    }
}

impl Gauge {
    fn word(self) -> &'static str {
        match self {
            Self::RxRate => "rate.rx",
            Self::TxRate => "rate.tx",
            Self::TotalRate => "rate.total",
            Self::Cpu => "cpu",
            Self::MemoryShare | Self::MemoryBytes => "mem",
        }
    }

    fn value(self, value: u64) -> String {
        match self {
            Self::RxRate | Self::TxRate | Self::TotalRate => format!("{}/s", amount(value)),
            Self::Cpu | Self::MemoryShare => percent(value),
            Self::MemoryBytes => amount(value),
        }
    }
}

/// `app firefox`, `host`; a name that could be misread is put in quotation marks.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self.name() {
            "" if *self == Self::Host => Ok(()),
            name if is_plain(name) => write!(f, " {name}"),
            name => write!(f, " {}", quoted(name)),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum { of, limit, period, until } => {
                write!(f, "{of} > {limit}")?;
                if *of != Summed::Lost || *period != Rule::LOST_PERIOD {
                    write!(f, " / {period}")?;
                }
                until.map_or(Ok(()), |bytes| write!(f, " until < {}", amount(bytes)))
            }
            Self::Level { of, above, held_s, until } => {
                write!(f, "{} > {}", of.word(), of.value(*above))?;
                if *held_s > 0 {
                    write!(f, " for {}", span(*held_s))?;
                }
                until.map_or(Ok(()), |value| write!(f, " until < {}", of.value(value)))
            }
            Self::News { of, quiet_s } => {
                f.write_str(match of {
                    News::NewApplication => "new application",
                    News::BackgroundTraffic => "background application moves data",
                })?;
                if *quiet_s == Rule::QUIET_S {
                    Ok(())
                } else {
                    write!(f, " until quiet for {}", span(*quiet_s))
                }
            }
        }
    }
}

impl fmt::Display for Summed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rx => "rx",
            Self::Tx => "tx",
            Self::Total => "total",
            Self::Lost => "ledger.lost",
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, percent) in self.percents.iter().enumerate() {
            write!(f, "{}{percent}%", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "{}{}", if self.percents.is_empty() { "" } else { " of " }, amount(self.bytes))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trailing { seconds } => f.write_str(&span(*seconds)),
            Self::Day => f.write_str("day"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
        }
    }
}

/// Whether `name` is read as itself without quotation marks.
fn is_plain(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || text::is_unsafe(c);
    !name.is_empty() && !name.starts_with('"') && !name.ends_with(':') && !name.contains(is_odd)
}

fn quoted(name: &str) -> String {
    let mut quoted = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if text::is_unsafe(c) => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
