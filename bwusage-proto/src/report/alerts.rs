//! `bwusage.alerts/1`, `bwusage.alert_event/1` and `bwusage.alert_log/1`: rules, what they say, and what happened.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::Moment;
use crate::{
    alert::{
        AlertEvent, AlertLog, AlertRule, AlertState, EventKind, Measured, RuleList, RuleStatus, Severity,
        Trial, Unit,
    },
    users::Users,
};

/// The name of the schema of a list of rules.
pub const ALERTS_SCHEMA: &str = "bwusage.alerts/1";
/// The name of the schema of one event.
pub const ALERT_EVENT_SCHEMA: &str = "bwusage.alert_event/1";
/// The name of the schema of a part of the log.
pub const ALERT_LOG_SCHEMA: &str = "bwusage.alert_log/1";
/// The name of the schema of what a rule would say.
pub const ALERT_TRIAL_SCHEMA: &str = "bwusage.alert_trial/1";

/// Every rule that the asker may see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertsReport<'a> {
    /// [`ALERTS_SCHEMA`].
    pub schema: &'static str,
    /// Oldest first.
    pub rules: Vec<RuleReport<'a>>,
    /// Why rules and events may not survive the daemon; `null` when all is well.
    pub fault: Option<&'a str>,
}

/// One rule and what it says now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReport<'a> {
    /// Its number.
    pub rule: u64,
    /// The rule itself.
    pub text: &'a str,
    /// What its owner wants to be reminded of.
    pub note: Option<&'a str>,
    /// Who wanted it.
    pub owner: String,
    /// Whether it watches everything rather than what its owner may see.
    pub covers_all: bool,
    /// How much it matters.
    pub severity: Severity,
    /// Seconds after it fired in which it does not fire again.
    pub cooldown_s: u32,
    /// Whether it makes events.
    pub enabled: bool,
    /// Until when it does not fire.
    pub snoozed_until_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// What it says now.
    #[serde(flatten)]
    pub status: StatusReport<'a>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusReport<'a> {
    /// Where it stands.
    pub state: AlertState,
    /// Since when.
    pub state_since_at: Option<Moment>,
    /// What was measured last; `null` where nothing is known, and for news.
    pub measured: Option<MeasuredReport>,
    /// The share of the cap that was reached.
    pub reached_percent: Option<u16>,
    /// Why nothing is known, where that is so.
    pub unknown: Option<&'a str>,
    /// From when on the sum is known, where that is later than it should begin.
    pub known_from_at: Option<Moment>,
    /// When the calendar period ends.
    pub period_ends_at: Option<Moment>,
    /// When the cap is reached at the pace so far.
    pub forecast_at: Option<Moment>,
    /// The applications of which it tells now.
    pub subjects: &'a [String],
    /// When it fired last.
    pub fired_at: Option<Moment>,
    /// How often it fired.
    pub fired: u64,
}

/// A value beside its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeasuredReport {
    /// `bytes`, `bytes_per_s` or `percent`.
    pub unit: &'static str,
    /// What was measured.
    pub value: f64,
    /// What it must be more than.
    pub threshold: f64,
}

/// Something that happened to a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertEventReport<'a> {
    /// [`ALERT_EVENT_SCHEMA`].
    pub schema: &'static str,
    /// The machine's name.
    pub host: &'a str,
    /// Which log of the daemon, in hexadecimal digits. With `event` it names the event for ever.
    pub log: String,
    /// Its number in the log.
    pub event: u64,
    /// When.
    pub at: Moment,
    /// What: `firing` or `resolved`.
    pub state: EventKind,
    /// The rule's number.
    pub rule: u64,
    /// The rule.
    pub rule_text: &'a str,
    /// What its owner wants to be reminded of.
    pub note: Option<&'a str>,
    /// The rule's owner.
    pub owner: String,
    /// How much it matters.
    pub severity: Severity,
    /// The application that it is about, of news.
    pub subject: Option<&'a str>,
    /// What was measured.
    pub measured: Option<MeasuredReport>,
    /// The share of the cap that was reached.
    pub reached_percent: Option<u16>,
    /// When the cap is reached at the pace so far.
    pub forecast_at: Option<Moment>,
    /// How long it had fired.
    pub lasted_ms: Option<u64>,
    /// All of it in a sentence for people.
    pub text: String,
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertLogReport<'a> {
    /// [`ALERT_LOG_SCHEMA`].
    pub schema: &'static str,
    /// Newest first.
    pub events: Vec<AlertEventReport<'a>>,
    /// Whether there are older ones.
    pub more: bool,
}

/// What a rule would say now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialReport<'a> {
    /// [`ALERT_TRIAL_SCHEMA`].
    pub schema: &'static str,
    /// The rule, as it would be kept.
    pub text: &'a str,
    /// Whether its condition holds; `null` where nothing is known.
    pub holds: Option<bool>,
    /// The rest.
    #[serde(flatten)]
    pub status: StatusReport<'a>,
}

impl<'a> AlertsReport<'a> {
    /// The report of `list`.
    #[must_use]
    pub fn new(list: &'a RuleList, users: &Users) -> Self {
        Self {
            schema: ALERTS_SCHEMA,
            rules: list.rules.iter().map(|rule| RuleReport::new(rule, users)).collect(),
            fault: list.fault.as_deref(),
        }
    }
}

impl<'a> RuleReport<'a> {
    /// The report of one rule.
    #[must_use]
    pub fn new(rule: &'a AlertRule, users: &Users) -> Self {
        Self {
            rule: rule.id.0,
            text: &rule.text,
            note: rule.note.as_deref(),
            owner: users.name(&rule.owner).to_string(),
            covers_all: rule.covers_all,
            severity: rule.severity,
            cooldown_s: rule.cooldown_s,
            enabled: rule.enabled,
            snoozed_until_at: rule.snoozed_until_unix_ms.map(Moment),
            created_at: Moment(rule.created_at_unix_ms),
            status: StatusReport::new(&rule.status),
        }
    }
}

impl<'a> StatusReport<'a> {
    fn new(status: &'a RuleStatus) -> Self {
        Self {
            state: status.state,
            state_since_at: status.since_unix_ms.map(Moment),
            measured: status.measured.map(MeasuredReport::from),
            reached_percent: status.reached_percent,
            unknown: status.unknown.as_deref(),
            known_from_at: status.known_from_unix_ms.map(Moment),
            period_ends_at: status.period_ends_at_unix_ms.map(Moment),
            forecast_at: status.forecast_at_unix_ms.map(Moment),
            subjects: &status.subjects,
            fired_at: status.fired_at_unix_ms.map(Moment),
            fired: status.fired,
        }
    }
}

impl<'a> AlertLogReport<'a> {
    /// The report of `log` of the machine `host`.
    #[must_use]
    pub fn new(log: &'a AlertLog, host: &'a str, users: &Users, zone: &TimeZone) -> Self {
        let report = |event| AlertEventReport::new(event, log.log, host, users, zone);
        Self { schema: ALERT_LOG_SCHEMA, events: log.events.iter().map(report).collect(), more: log.more }
    }
}

impl<'a> AlertEventReport<'a> {
    /// The report of `event` in the log numbered `log`; times in its sentence are of `zone`.
    #[must_use]
    pub fn new(event: &'a AlertEvent, log: u64, host: &'a str, users: &Users, zone: &TimeZone) -> Self {
        Self {
            schema: ALERT_EVENT_SCHEMA,
            host,
            log: format!("{log:016x}"),
            event: event.number,
            at: Moment(event.at_unix_ms),
            state: event.kind,
            rule: event.rule.0,
            rule_text: &event.text,
            note: event.note.as_deref(),
            owner: users.name(&event.owner).to_string(),
            severity: event.severity,
            subject: event.subject.as_deref(),
            measured: event.measured.map(MeasuredReport::from),
            reached_percent: event.reached_percent,
            forecast_at: event.forecast_at_unix_ms.map(Moment),
            lasted_ms: event.lasted_ms,
            text: event.sentence(zone),
        }
    }
}

impl<'a> TrialReport<'a> {
    /// The report of `trial`.
    #[must_use]
    pub fn new(trial: &'a Trial) -> Self {
        Self {
            schema: ALERT_TRIAL_SCHEMA,
            text: &trial.text,
            holds: trial.holds,
            status: StatusReport::new(&trial.status),
        }
    }
}

impl From<Measured> for MeasuredReport {
    fn from(measured: Measured) -> Self {
        let (unit, divisor) = match measured.unit {
            Unit::Bytes => ("bytes", 1.0),
            Unit::BytesPerSecond => ("bytes_per_s", 1.0),
            Unit::Centipercent => ("percent", 100.0),
        };
        let number = |value: u64| value as f64 / divisor;
        Self { unit, value: number(measured.value), threshold: number(measured.threshold) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{alert::RuleId, process::UserId};

    fn event() -> AlertEvent {
        AlertEvent {
            number: 12,
            at_unix_ms: 1_795_291_200_123,
            kind: EventKind::Firing,
            rule: RuleId(3),
            text: "total > 80%, 90% of 50GB / month".into(),
            note: Some("phone\u{1b}".into()),
            owner: UserId::Uid(3_999_999_999),
            severity: Severity::Critical,
            subject: None,
            measured: Some(Measured { unit: Unit::Bytes, value: 42 << 30, threshold: 40 << 30 }),
            reached_percent: Some(80),
            forecast_at_unix_ms: Some(1_795_500_000_000),
            lasted_ms: None,
        }
    }

    #[test]
    fn an_event_for_programs_has_numbers_and_units() {
        let (event, users) = (event(), Users::new());
        let report = AlertEventReport::new(&event, 0xbeef, "web01", &users, &TimeZone::UTC);
        let report = serde_json::to_value(report).unwrap();
        assert_eq!(
            (&report["schema"], &report["log"]),
            (&"bwusage.alert_event/1".into(), &"000000000000beef".into())
        );
        assert_eq!(
            report["measured"],
            serde_json::json!({ "unit": "bytes", "value": 45_097_156_608.0, "threshold": 42_949_672_960.0 })
        );
        assert_eq!((&report["state"], &report["owner"]), (&"firing".into(), &"3999999999".into()));
        assert_eq!(report["at"], "2026-11-21T20:00:00.123Z");
    }

    #[test]
    fn a_percentage_is_one_in_json() {
        let cpu = Measured { unit: Unit::Centipercent, value: 9550, threshold: 9000 };
        assert_eq!(
            MeasuredReport::from(cpu),
            MeasuredReport { unit: "percent", value: 95.5, threshold: 90.0 }
        );
    }
}
