//! An event, worded once for all who are to be told.

use crate::{
    alert::{AlertEvent, EventKind, Severity, units_of},
    report::{AlertEventReport, Moment},
    text,
    users::Users,
};
use jiff::tz::TimeZone;
use serde::Serialize;

/// An event in every form in which somebody can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number in the daemon's log.
    pub event: u64,
    /// What names it for ever: the log and the number in it. For whoever must know that it was told twice.
    pub key: String,
    /// When it happened, in milliseconds of Unix time.
    pub at_unix_ms: u64,
    /// What happened.
    pub kind: EventKind,
    /// The rule that it happened to.
    pub rule: u64,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it cannot wait.
    pub is_urgent: bool,
    /// A line for people; nothing in it acts on a terminal.
    pub title: String,
    /// Lines for people that say more, likewise; can be empty.
    pub body: String,
    /// The same for programs: `bwusage.alert_event/1` in one line.
    pub json: String,
    /// The same as environment variables. Nothing in their values acts on a terminal or ends a line.
    pub variables: Vec<(&'static str, String)>,
}

impl Notice {
    /// Words `event` of the log numbered `log` of the machine `host`; times are of `zone`.
    ///
    /// # Errors
    ///
    /// Fails for an event that cannot be said in JSON, which none is.
    pub fn new(
        event: &AlertEvent,
        log: u64,
        host: &str,
        users: &Users,
        zone: &TimeZone,
    ) -> serde_json::Result<Self> {
        let report = AlertEventReport::new(event, log, host, users, zone);
        let json = json_line(&report)?.trim_end().to_owned();
        Ok(Self {
            event: event.number,
            key: format!("{log:016x}-{}", event.number),
            at_unix_ms: event.at_unix_ms,
            kind: event.kind,
            rule: event.rule.0,
            severity: event.severity,
            is_urgent: event.severity == Severity::Critical && event.kind == EventKind::Firing,
            title: text::escape(&report.text).into_owned(),
            body: body(event, host),
            variables: variables(&report, event),
            json,
        })
    }
}

/// What the sentence does not say.
fn body(event: &AlertEvent, host: &str) -> String {
    let lines = [event.note.as_deref(), Some(host)];
    lines.into_iter().flatten().map(text::escape).collect::<Vec<_>>().join("\n")
}

fn variables(report: &AlertEventReport<'_>, event: &AlertEvent) -> Vec<(&'static str, String)> {
    let safe = |value: &str| text::escape(value).into_owned();
    let or_empty = |value: Option<&str>| value.map_or(String::new(), safe);
    vec![
        ("BWUSAGE_EVENT", report.event.to_string()),
        ("BWUSAGE_LOG", report.log.clone()),
        ("BWUSAGE_AT", report.at.to_string()),
        ("BWUSAGE_HOST", safe(report.host)),
        ("BWUSAGE_STATE", event.kind.name().into()),
        ("BWUSAGE_SEVERITY", event.severity.name().into()),
        ("BWUSAGE_RULE", report.rule.to_string()),
        ("BWUSAGE_RULE_TEXT", safe(report.rule_text)),
        ("BWUSAGE_OWNER", safe(&report.owner)),
        ("BWUSAGE_SUBJECT", or_empty(report.subject)),
        ("BWUSAGE_NOTE", or_empty(report.note)),
        (
            "BWUSAGE_MEASURED",
            event.measured.map_or(String::new(), |measured| measured.words(units_of(&event.text))),
        ),
        (
            "BWUSAGE_FORECAST_AT",
            event.forecast_at_unix_ms.map(Moment).map_or(String::new(), |at| at.to_string()),
        ),
        ("BWUSAGE_TEXT", safe(&report.text)),
    ]
}

/// One line of JSON in which names chosen by others cannot act on a terminal: JSON itself only escapes the control
/// characters below the space.
///
/// # Errors
///
/// Fails for a value that is none of JSON.
pub fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(value)?;
    if line.chars().any(text::is_unsafe) {
        // Outside of strings JSON is plain ASCII, so each of them is inside one.
        let mut escaped = String::with_capacity(line.len() + 64);
        for c in line.chars() {
            if text::is_unsafe(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format_unit(*unit));
                }
            } else {
                escaped.push(c);
            }
        }
        line = escaped;
    }
    line.push('\n');
    Ok(line)
}

fn format_unit(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

#[cfg(test)]
pub(super) mod tests {
    use crate::{
        alert::{Measured, RuleId, Unit},
        process::UserId,
    };

    use super::*;

    /// A name that would end a line, run a command, clear the screen, be a link and begin a formula.
    pub(crate) const HOSTILE_NAME: &str = "=$(id)`id`;'\"\n\x1b[2J\u{202e}<b>";

    pub(crate) fn event(number: u64) -> AlertEvent {
        AlertEvent {
            number,
            at_unix_ms: 1_795_291_200_123,
            kind: EventKind::Firing,
            rule: RuleId(3),
            text: "new application".into(),
            note: Some("look\x1b at it".into()),
            owner: UserId::Uid(3_999_999_999),
            severity: Severity::Critical,
            subject: Some(HOSTILE_NAME.into()),
            measured: Some(Measured { unit: Unit::Bytes, value: 2048, threshold: 1024 }),
            reached_percent: None,
            forecast_at_unix_ms: None,
            lasted_ms: None,
        }
    }

    pub(crate) fn notice(number: u64) -> Notice {
        Notice::new(&event(number), 0xbeef, "web01", &Users::new(), &TimeZone::UTC).unwrap()
    }

    #[test]
    fn no_form_of_it_acts_on_a_terminal() {
        let notice = notice(7);
        let forms = [notice.title.as_str(), &notice.json].into_iter();
        for form in forms.chain(notice.variables.iter().map(|(_, value)| value.as_str())) {
            assert!(!form.chars().any(text::is_unsafe), "{form}");
        }
        assert!(!notice.body.lines().any(|line| line.chars().any(text::is_unsafe)), "{}", notice.body);
    }

    #[test]
    fn programs_get_the_name_as_it_is() {
        let json: serde_json::Value = serde_json::from_str(&notice(7).json).unwrap();
        assert_eq!((&json["subject"], &json["event"]), (&HOSTILE_NAME.into(), &7.into()));
    }

    #[test]
    fn only_a_critical_alert_that_began_is_urgent() {
        let users = Users::new();
        let urgent =
            |event: &AlertEvent| Notice::new(event, 0, "h", &users, &TimeZone::UTC).unwrap().is_urgent;
        assert!(urgent(&event(1)));
        assert!(!urgent(&AlertEvent { kind: EventKind::Resolved, ..event(1) }));
        assert!(!urgent(&AlertEvent { severity: Severity::Warning, ..event(1) }));
    }

    #[test]
    fn json_means_the_same_when_it_is_made_safe() {
        let name = "a\u{9b}2J\u{202e}\u{e0041}b\x1b\"\\ü";
        let line = json_line(&name).unwrap();
        assert!(line.is_ascii() || line.contains('ü'));
        assert!(!line.trim_end().chars().any(text::is_unsafe), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }
}
