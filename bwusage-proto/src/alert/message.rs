//! What clients and the daemon say to each other about alerts.

use serde::{Deserialize, Serialize};

use super::{DEFAULT_COOLDOWN_S, DryRun, Rule, RuleError, Scope};
use crate::{
    codec::{Decode, Encode},
    process::UserId,
    users,
};

/// The number of a rule. Never given twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
pub struct RuleId(pub u64);

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a client wants of the alerts.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum AlertsRequest {
    /// Every rule that the asker may see. Answered by [`Alerts::Rules`].
    List,
    /// What happened, newest first. Answered by [`Alerts::Log`].
    Log(LogQuery),
    /// Keep this rule. Answered by [`Alerts::Rule`].
    Add(NewRule),
    /// What would this rule say now? Nothing is kept. Answered by [`Alerts::Trial`], after the next tick where it takes two
    /// readings to tell.
    Test(NewRule),
    /// Forget a rule. Answered by [`Alerts::Removed`].
    Remove(RuleId),
    /// Let a rule make events, or not. Answered by [`Alerts::Rule`].
    Enable {
        /// Which.
        rule: RuleId,
        /// Whether it does.
        enabled: bool,
    },
    /// Let a rule not fire for some time. Answered by [`Alerts::Rule`].
    Snooze {
        /// Which.
        rule: RuleId,
        /// Until when, in milliseconds of Unix time; `None` ends it.
        until_unix_ms: Option<u64>,
    },
    /// How often would this rule have fired? Nothing is kept. Answered by [`Alerts::DryRun`].
    DryRun(NewRule),
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Alerts {
    /// Rules and their states.
    Rules(RuleList),
    /// What happened.
    Log(AlertLog),
    /// One rule as it is now.
    Rule(Box<AlertRule>),
    /// The rule is gone.
    Removed(RuleId),
    /// What a rule would say.
    Trial(Box<Trial>),
    /// What a rule would have done.
    DryRun(Box<DryRun>),
}

/// A rule that a client wants.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NewRule {
    /// The rule: [`Rule::parse`].
    pub text: String,
    /// The user whom a `user NAME:` of it names; the daemon knows no login names. `None` where it names a number or nobody.
    pub user: Option<UserId>,
    /// What the asker wants to be reminded of.
    pub note: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Seconds after it fired in which it does not fire again.
    pub cooldown_s: u32,
    /// Whether it makes events.
    pub enabled: bool,
}

impl NewRule {
    /// The rule `text` with what is usual for the rest, and the user looked up whom it names.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text. A user that does not exist is left to the daemon to refuse.
    pub fn new(text: &str) -> Result<Self, RuleError> {
        let rule = Rule::parse(text)?;
        let user = match &rule.scope {
            Scope::User(name) => rule.scope.user().or_else(|| users::id_of(name)),
            _ => None,
        };
        Ok(Self {
            text: rule.to_string(),
            user,
            note: None,
            severity: Severity::default(),
            cooldown_s: DEFAULT_COOLDOWN_S,
            enabled: true,
        })
    }

    /// The rule `text` of `scope`, for names that are awkward to quote inside a rule.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, which must be a rule of its own, so that characters are counted as they were typed.
    pub fn of(scope: Scope, text: &str) -> Result<Self, RuleError> {
        let Rule { condition, .. } = Rule::parse(text)?;
        Self::new(&Rule { scope, condition }.to_string())
    }
}

/// How much an alert matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look.
    #[default]
    Warning,
    /// Now.
    Critical,
}

impl Severity {
    /// Every one, least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Rules and their states.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RuleList {
    /// The rules, oldest first.
    pub rules: Vec<AlertRule>,
    /// Why rules and events may not survive the daemon, or did not. `None` when all is well.
    pub fault: Option<String>,
}

/// A rule that the daemon keeps.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AlertRule {
    /// Its number.
    pub id: RuleId,
    /// The rule: [`Rule::parse`], or a newer version's.
    pub text: String,
    /// The user whom it names.
    pub user: Option<UserId>,
    /// Who wanted it: they and administrators see it.
    pub owner: UserId,
    /// Whether it watches everything, as an administrator's rule does, rather than what its owner may see.
    pub covers_all: bool,
    /// What the owner wants to be reminded of. Not escaped.
    pub note: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Seconds after it fired in which it does not fire again.
    pub cooldown_s: u32,
    /// Whether it makes events.
    pub enabled: bool,
    /// Until when it does not fire, in milliseconds of Unix time.
    pub snoozed_until_unix_ms: Option<u64>,
    /// When it was made, in milliseconds of Unix time.
    pub created_at_unix_ms: u64,
    /// What it says now.
    pub status: RuleStatus,
}

/// What a rule says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RuleStatus {
    /// Where it stands.
    pub state: AlertState,
    /// Since when, in milliseconds of Unix time; `None` before the first look.
    pub since_unix_ms: Option<u64>,
    /// What was measured last; `None` where nothing is known, and for news.
    pub measured: Option<Measured>,
    /// The share of the cap that was reached, in percent.
    pub reached_percent: Option<u16>,
    /// Why nothing is known, where that is so.
    pub unknown: Option<String>,
    /// From when on the sum is known, in milliseconds of Unix time, where that is later than it should begin.
    pub known_from_unix_ms: Option<u64>,
    /// When the calendar period ends, in milliseconds of Unix time.
    pub period_ends_at_unix_ms: Option<u64>,
    /// When the cap is reached at the pace so far, in milliseconds of Unix time; `None` also where that is not in this period.
    pub forecast_at_unix_ms: Option<u64>,
    /// The applications of which it tells now, some of them where there are many. Chosen by programs: escape them.
    pub subjects: Vec<String>,
    /// When it fired last, in milliseconds of Unix time.
    pub fired_at_unix_ms: Option<u64>,
    /// How often it fired.
    pub fired: u64,
}

/// Where a rule stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Its condition does not hold, or nothing is known yet.
    #[default]
    Ok,
    /// Its condition holds, but not for long enough; or it fired only just before, or is snoozed.
    Pending,
    /// It fired, and has not ended.
    Firing,
    /// It fired and ended; it does not fire again before its cooldown is over.
    Resolved,
    /// Somebody switched it off.
    Off,
}

impl AlertState {
    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Off => "off",
        }
    }
}

/// A value beside its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Measured {
    /// Of what both are.
    pub unit: Unit,
    /// What was measured.
    pub value: u64,
    /// What it must be more than: of several thresholds the highest that was reached, else the lowest.
    pub threshold: u64,
}

/// What is measured in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Hundredths of a percent.
    Centipercent,
}

/// What a rule would say now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Trial {
    /// The rule, as it would be kept.
    pub text: String,
    /// Whether its condition holds; `None` where nothing is known.
    pub holds: Option<bool>,
    /// The rest.
    pub status: RuleStatus,
}

/// Which part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct LogQuery {
    /// Only of this rule.
    pub rule: Option<RuleId>,
    /// Only events before this number: the next page.
    pub before: Option<u64>,
    /// At most so many; the daemon's own limit is a thousand.
    pub limit: u32,
}

/// A part of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AlertLog {
    /// Which log: random when it was begun, so that numbers of two logs are not taken for each other.
    pub log: u64,
    /// Events, newest first.
    pub events: Vec<AlertEvent>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Something that happened to a rule.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AlertEvent {
    /// Its number in the log: events of everybody are numbered, so one asker's numbers have holes.
    pub number: u64,
    /// When, in milliseconds of Unix time.
    pub at_unix_ms: u64,
    /// What.
    pub kind: EventKind,
    /// The rule.
    pub rule: RuleId,
    /// The rule's text then.
    pub text: String,
    /// The rule's note then. Not escaped.
    pub note: Option<String>,
    /// The rule's owner.
    pub owner: UserId,
    /// How much it matters.
    pub severity: Severity,
    /// The application that it is about, of news. Chosen by a program: escape it.
    pub subject: Option<String>,
    /// What was measured.
    pub measured: Option<Measured>,
    /// The share of the cap that was reached, in percent.
    pub reached_percent: Option<u16>,
    /// When the cap is reached at the pace so far, in milliseconds of Unix time.
    pub forecast_at_unix_ms: Option<u64>,
    /// How long it had fired, of [`EventKind::Resolved`].
    pub lasted_ms: Option<u64>,
}

/// What happened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It fired.
    Firing,
    /// It ended.
    Resolved,
}

impl EventKind {
    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// From where on a client wants events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct EventsQuery {
    /// The log and the number up to which the client knows them, as [`Events`] said; `None`: only what is yet to come.
    pub after: Option<(u64, u64)>,
}

/// Events, oldest first: at once those that the client does not know, or none; then each as it happens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Events {
    /// Which log: [`AlertLog::log`].
    pub log: u64,
    /// Up to here the client knows everything now: what it says in [`EventsQuery::after`] the next time.
    pub last: u64,
    /// Whether older ones that it did not know were given up, or the log was begun anew.
    pub missed: bool,
    /// The events.
    pub events: Vec<AlertEvent>,
}
