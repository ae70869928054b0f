//! Rules, what they say, and what happened, for people.

use std::time::Duration;

use bwusage_proto::{
    alert::{AlertEvent, AlertLog, AlertRule, AlertState, RuleList, RuleStatus, Trial, units_of},
    format,
    report::Moment,
    text,
    users::Users,
};
use jiff::{Timestamp, tz::TimeZone};

use super::grid::{self, Column, Frame, or_dash};

mod dry_run;
pub(crate) use dry_run::dry_run;

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout<'a> {
    pub(crate) width: Option<usize>,
    pub(crate) now_unix_ms: u64,
    pub(crate) zone: &'a TimeZone,
    pub(crate) users: &'a Users,
}

/// A line for each rule.
pub(crate) fn list(list: &RuleList, layout: Layout<'_>) -> String {
    let columns: Vec<Column<AlertRule, Layout<'_>>> = vec![
        Column::numbers("RULE", 1, 0, |rule, _| rule.id.to_string()),
        Column::words("STATE", 2, |rule, layout| state(rule, layout.now_unix_ms)),
        Column::words("WATCHES", 0, |rule, _| text::escape(&rule.text).into_owned()),
        Column::words("NOW", 3, |rule, layout| {
            now(&rule.text, &rule.status, rule.forecast(layout.zone), layout.zone)
        }),
        Column::numbers("FIRED", 6, 0, |rule, _| rule.status.fired.to_string()),
        Column::words("LAST", 7, |rule, layout| {
            or_dash(rule.status.fired_at_unix_ms, |at| local(at, layout.zone))
        }),
        Column::words("SEVERITY", 8, |rule, _| rule.severity.name().into()),
        Column::words("OWNER", 9, |rule, layout| text::escape(&layout.users.name(&rule.owner)).into_owned()),
        Column::words("NOTE", 10, |rule, _| {
            rule.note.as_deref().map(text::escape).unwrap_or_default().into_owned()
        }),
    ];
    let frame = Frame { width: layout.width, header: true, steady: false };
    grid::draw(&list.rules.iter().collect::<Vec<_>>(), columns, layout, frame, |rule| {
        rule.status.state == AlertState::Off
    })
}

/// Where a rule stands, and why it is silent when it is.
fn state(rule: &AlertRule, now_unix_ms: u64) -> String {
    let state = rule.status.state.name();
    match rule.snoozed_until_unix_ms.and_then(|until| until.checked_sub(now_unix_ms)) {
        Some(left) if left > 0 => {
            format!("{state}, snoozed {}", format::duration(Duration::from_millis(left)))
        }
        _ => state.into(),
    }
}

/// What was measured, and what is to come.
fn now(rule: &str, status: &RuleStatus, forecast: Option<String>, zone: &TimeZone) -> String {
    if let Some(unknown) = &status.unknown {
        return text::escape(unknown).into_owned();
    }
    let mut parts: Vec<String> =
        status.measured.map(|measured| measured.words(units_of(rule))).into_iter().collect();
    parts.extend(status.reached_percent.map(|percent| format!("{percent}% of the cap")));
    parts.extend(forecast.map(|forecast| format!("cap reached {forecast} at this pace")));
    // A sum that began later than its period is not all of it.
    parts.extend(status.known_from_unix_ms.map(|from| format!("counted since {}", local(from, zone))));
    parts.extend(
        (!status.subjects.is_empty()).then(|| text::escape(&status.subjects.join(", ")).into_owned()),
    );
    if parts.is_empty() { "-".into() } else { parts.join(", ") }
}

/// A rule that was just made or changed.
pub(crate) fn rule(rule: &AlertRule, now_unix_ms: u64) -> String {
    format!("rule {}: {} ({})\n", rule.id, text::escape(&rule.text), state(rule, now_unix_ms))
}

/// What a rule would say.
pub(crate) fn trial(trial: &Trial, zone: &TimeZone) -> String {
    let holds = match trial.holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "nothing is known",
    };
    format!(
        "{}: {holds} ({})\n",
        text::escape(&trial.text),
        now(&trial.text, &trial.status, trial.forecast(zone), zone)
    )
}

/// A line for each event, newest first.
pub(crate) fn log(log: &AlertLog, layout: Layout<'_>) -> String {
    let columns: Vec<Column<AlertEvent, Layout<'_>>> = vec![
        Column::words("WHEN", 2, |event, layout| local(event.at_unix_ms, layout.zone)),
        Column::words("STATE", 3, |event, _| event.kind.name().into()),
        Column::numbers("RULE", 4, 0, |event, _| event.rule.to_string()),
        Column::words("SEVERITY", 6, |event, _| event.severity.name().into()),
        // The sentence escapes what programs chose.
        Column::words("WHAT", 0, |event, layout| event.sentence(layout.zone)),
        Column::words("NOTE", 7, |event, _| {
            event.note.as_deref().map(text::escape).unwrap_or_default().into_owned()
        }),
    ];
    let frame = Frame { width: layout.width, header: true, steady: false };
    grid::draw(&log.events.iter().collect::<Vec<_>>(), columns, layout, frame, |_| false)
}

/// To the second; in UTC where it is out of the calendar.
fn local(unix_ms: u64, zone: &TimeZone) -> String {
    let at = i64::try_from(unix_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(
        || Moment(unix_ms).to_string(),
        |at| at.to_zoned(zone.clone()).strftime("%F %T").to_string(),
    )
}

#[cfg(test)]
mod tests;
