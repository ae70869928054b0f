//! `notify --test`: a made-up event for everybody, once.

use std::time::{SystemTime, UNIX_EPOCH};

use bwusage_proto::{
    alert::{AlertEvent, EventKind, RuleId, Severity},
    notify::Notice,
    process::UserId,
    text,
    users::Users,
};
use jiff::tz::TimeZone;

use super::post::reason;
use crate::{
    failure::{Exit, Failure},
    notify::config::Destination,
    output,
};

/// Tells everybody, whatever events they want, and says what came of it.
pub(super) async fn run(destinations: &[Destination]) -> Result<Exit, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let event = event(now.as_millis() as u64);
    let notice =
        Notice::new(&event, 0, "a test", &Users::new(), &TimeZone::system()).map_err(Failure::Json)?;
    let mut is_told = true;
    for destination in destinations {
        let outcome = destination.way.deliver(&notice).await;
        is_told &= outcome.is_ok();
        let said = outcome.map_or_else(|why| reason(&why), |()| "told".into());
        output::plain(format!("{}: {said}\n", text::escape(&destination.name)).as_bytes())?;
    }
    if is_told { Ok(Exit::Done) } else { Err(Failure::Untold) }
}

/// Event 0 of log 0: no daemon ever has one.
fn event(at_unix_ms: u64) -> AlertEvent {
    AlertEvent {
        number: 0,
        at_unix_ms,
        kind: EventKind::Firing,
        rule: RuleId(0),
        text: "new application".into(),
        note: Some("This is a test of bwusage-ctl notify.".into()),
        owner: UserId::Uid(0),
        severity: Severity::Info,
        subject: Some("bwusage-ctl".into()),
        measured: None,
        reached_percent: None,
        forecast_at_unix_ms: None,
        lasted_ms: None,
    }
}
