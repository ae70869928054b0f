//! `/api/v1/alerts`: rules, what they say, and what happened. The JSON of `bwusage-ctl alerts`.
//!
//! Every change has a body of JSON, even an empty object: a form of another site cannot send one.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bwusage_proto::{
    alert::{AlertLog, AlertRule, LogQuery, NewRule, RuleId},
    client::Client,
    report::{AlertLogReport, AlertsReport, DryRunReport, RuleReport, TrialReport},
};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{App, json};
use crate::{access::Access, events, failure::Failure, rule_question::RuleWords};

/// Events of the log that somebody gets who does not say how many, and the most that can be asked for.
const LOG_EVENTS: u32 = 50;
const MAX_LOG_EVENTS: u32 = 1_000;
/// The longest time that a rule can be told not to fire, in seconds: a year.
const MAX_SNOOZE_S: u64 = 365 * 86_400;

type Words = Result<Json<RuleWords>, JsonRejection>;
type Nothing = Result<Json<Empty>, JsonRejection>;
type Number = Result<Path<u64>, PathRejection>;

/// A body that says nothing beside that it is no form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogParameters {
    rule: Option<u64>,
    before: Option<u64>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snooze {
    /// Seconds from now; 0 lets the rule fire again.
    for_s: u64,
}

pub(super) async fn list(State(app): State<App>, access: Access) -> Result<Response, Failure> {
    let (_line, mut client) = App::client(&app.rules).await?;
    let mut rules = client.alert_rules().await?;
    rules.rules.retain(|rule| access.sight().shows_rule_of(&rule.owner));
    Ok(json(events::json(&AlertsReport::new(&rules, &app.users)).into()))
}

pub(super) async fn log(
    State(app): State<App>,
    access: Access,
    asked: Result<Query<LogParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let (log, host) = ask_log(&app, &access, asked).await?;
    let report = AlertLogReport::new(&log, &host, &app.users, &TimeZone::system());
    Ok(json(events::json(&report).into()))
}

/// A part of the log, and the machine's name.
pub(super) async fn ask_log(
    app: &App,
    access: &Access,
    asked: Result<Query<LogParameters>, QueryRejection>,
) -> Result<(AlertLog, String), Failure> {
    let Query(asked) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let limit = asked.limit.unwrap_or(LOG_EVENTS);
    if !(1..=MAX_LOG_EVENTS).contains(&limit) {
        return Err(Failure::bad_request(format!("limit must be from 1 to {MAX_LOG_EVENTS}")));
    }
    let query = LogQuery { rule: asked.rule.map(RuleId), before: asked.before, limit };
    let host = app.moments.borrow().live()?.hostname().to_owned();
    let (_line, mut client) = App::client(&app.rules).await?;
    let mut log = client.alert_log(query).await?;
    log.events.retain(|event| access.sight().shows_rule_of(&event.owner));
    Ok((log, host))
}

pub(super) async fn add(State(app): State<App>, access: Access, words: Words) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let new = new_rule(words)?;
    let (_line, mut client) = App::client(&app.rules).await?;
    let rule = client.add_alert(new).await?;
    access.note_alert(&rule.text, "added");
    Ok((StatusCode::CREATED, told(&app, &rule)).into_response())
}

pub(super) async fn test_new(
    State(app): State<App>,
    access: Access,
    words: Words,
) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let new = new_rule(words)?;
    let (_line, mut client) = App::client(&app.rules).await?;
    try_out(&mut client, new).await
}

pub(super) async fn test(
    State(app): State<App>,
    access: Access,
    rule: Number,
    nothing: Nothing,
) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let (rule, _) = (number(rule)?, body(nothing)?);
    let (_line, mut client) = App::client(&app.rules).await?;
    let rules = client.alert_rules().await?.rules;
    let kept = rules.into_iter().find(|kept| kept.id == rule).ok_or_else(|| Failure::no_rule(rule.0))?;
    let AlertRule { text, user, note, severity, cooldown_s, enabled, .. } = kept;
    try_out(&mut client, NewRule { text, user, note, severity, cooldown_s, enabled }).await
}

async fn try_out(client: &mut Client, rule: NewRule) -> Result<Response, Failure> {
    let trial = client.test_alert(rule).await?;
    Ok(json(events::json(&TrialReport::new(&trial)).into()))
}

pub(super) async fn dry_run(
    State(app): State<App>,
    access: Access,
    words: Words,
) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let new = new_rule(words)?;
    let (_line, mut client) = App::client(&app.past).await?;
    let run = client.dry_run_alert(new).await?;
    Ok(json(events::json(&DryRunReport::new(&run)).into()))
}

pub(super) async fn remove(
    State(app): State<App>,
    access: Access,
    rule: Number,
) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let rule = number(rule)?;
    let (_line, mut client) = App::client(&app.rules).await?;
    client.remove_alert(rule).await?;
    access.note_alert(&rule.0.to_string(), "removed");
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn enable(
    State(app): State<App>,
    access: Access,
    rule: Number,
    nothing: Nothing,
) -> Result<Response, Failure> {
    body(nothing)?;
    change(&app, &access, rule, Change::Enabled(true)).await
}

pub(super) async fn disable(
    State(app): State<App>,
    access: Access,
    rule: Number,
    nothing: Nothing,
) -> Result<Response, Failure> {
    body(nothing)?;
    change(&app, &access, rule, Change::Enabled(false)).await
}

pub(super) async fn snooze(
    State(app): State<App>,
    access: Access,
    rule: Number,
    asked: Result<Json<Snooze>, JsonRejection>,
) -> Result<Response, Failure> {
    let Snooze { for_s } = body(asked)?;
    if for_s > MAX_SNOOZE_S {
        return Err(Failure::bad_request(format!("for_s must be at most {MAX_SNOOZE_S}")));
    }
    let until = (for_s > 0).then(|| now_unix_ms().saturating_add(for_s * 1000));
    change(&app, &access, rule, Change::SnoozedUntil(until)).await
}

/// What is done to a rule.
enum Change {
    Enabled(bool),
    /// In milliseconds of Unix time; `None` ends it.
    SnoozedUntil(Option<u64>),
}

/// Answers what became of the rule.
async fn change(app: &App, access: &Access, rule: Number, change: Change) -> Result<Response, Failure> {
    access.may_change_alerts()?;
    let rule = number(rule)?;
    let (_line, mut client) = App::client(&app.rules).await?;
    let (rule, how) = match change {
        Change::Enabled(true) => (client.enable_alert(rule, true).await?, "enabled"),
        Change::Enabled(false) => (client.enable_alert(rule, false).await?, "disabled"),
        Change::SnoozedUntil(until) => (client.snooze_alert(rule, until).await?, "snoozed"),
    };
    access.note_alert(&rule.text, how);
    Ok(told(app, &rule))
}

fn told(app: &App, rule: &AlertRule) -> Response {
    json(events::json(&RuleReport::new(rule, &app.users)).into())
}

fn new_rule(words: Words) -> Result<NewRule, Failure> {
    body(words)?.read().map_err(Failure::bad_request)
}

fn number(rule: Number) -> Result<RuleId, Failure> {
    let Path(rule) = rule.map_err(|_| Failure::bad_request("the number of a rule is expected"))?;
    Ok(RuleId(rule))
}

fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Failure> {
    body.map(|Json(body)| body)
        .map_err(|rejection| Failure::bad_body(rejection.status(), rejection.body_text()))
}

fn now_unix_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
