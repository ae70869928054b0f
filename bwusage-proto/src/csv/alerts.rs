//! What happened to rules.

use super::{line, number, word};
use crate::report::{AlertEventReport, AlertLogReport};

type Cell = (&'static str, fn(&AlertEventReport<'_>) -> String);

const COLUMNS: [Cell; 16] = [
    ("log", |event| event.log.clone()),
    ("event", |event| event.event.to_string()),
    ("at", |event| event.at.to_string()),
    ("state", |event| event.state.name().into()),
    ("rule", |event| event.rule.to_string()),
    ("rule_text", |event| event.rule_text.into()),
    ("note", |event| word(event.note)),
    ("owner", |event| event.owner.clone()),
    ("severity", |event| event.severity.name().into()),
    ("subject", |event| word(event.subject)),
    ("unit", |event| number(event.measured.map(|measured| measured.unit))),
    ("value", |event| number(event.measured.map(|measured| measured.value))),
    ("threshold", |event| number(event.measured.map(|measured| measured.threshold))),
    ("reached_percent", |event| number(event.reached_percent)),
    ("forecast_at", |event| number(event.forecast_at)),
    ("lasted_ms", |event| number(event.lasted_ms)),
];

/// The lines of `report`.
pub fn alert_log<'a>(report: &'a AlertLogReport<'_>, with_header: bool) -> impl Iterator<Item = String> + 'a {
    let header = with_header.then(|| line(COLUMNS.iter().map(|(name, _)| *name)));
    let row = |event| line(COLUMNS.iter().map(|(_, cell)| cell(event)));
    header.into_iter().chain(report.events.iter().map(row))
}
