//! A notice for tests.

use bwusage_proto::{
    alert::{AlertEvent, EventKind, Measured, RuleId, Severity, Unit},
    notify::Notice,
    process::UserId,
    users::Users,
};
use jiff::tz::TimeZone;

/// A name that would end a line, run a command, clear the screen, be a link and begin a formula.
pub(crate) const HOSTILE_NAME: &str = "=$(id)`id`;'\"\n\x1b[2J\u{202e}<b>";

/// The event of this number, of a program of that name.
pub(crate) fn notice(number: u64) -> Notice {
    let event = AlertEvent {
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
    };
    Notice::new(&event, 0xbeef, "web01", &Users::new(), &TimeZone::UTC).unwrap()
}
