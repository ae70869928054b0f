//! Every table as a file of comma-separated values, with the columns of the command line and the parameters of the same path
//! without `.csv`. Where no limit is asked for there is none.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use bwusage_proto::{
    csv,
    report::{AlertLogReport, ConnectionsReport},
    talk,
};
use jiff::tz::TimeZone;

use super::{App, Asked, TalkAsked, alerts, history};
use crate::{access::Access, download, failure::Failure, question::Question, talk_question::TalkQuestion};

pub(super) async fn top(State(app): State<App>, access: Access, asked: Asked) -> Result<Response, Failure> {
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = Question::for_file(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let seen = moment.live()?.seen_by(access.sight());
    let mirror = seen.mirror();
    let (table, quality) = (question.table(mirror, &app.users), mirror.coverage.quality.clone());
    Ok(download::csv("top", &mirror.host.hostname, |writer| async move {
        writer.write(csv::top(&table, question.by(), &quality, true)).await
    }))
}

pub(super) async fn connections(
    State(app): State<App>,
    access: Access,
    asked: TalkAsked,
) -> Result<Response, Failure> {
    access.may_see_connections()?;
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = TalkQuestion::for_file(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let seen = moment.live()?.seen_by(access.sight());
    let host = seen.mirror().host.hostname.clone();
    let (_line, mut client) = App::client(&app.daemon).await?;
    let connections = client.connections(question.of_daemon()).await?;
    let connections = access.sight().connections(connections, seen.mirror());
    Ok(download::csv("connections", &host, |writer| async move {
        let mirror = seen.mirror();
        let rows = talk::rows(&connections, mirror, &app.users);
        let table = question.table(&rows);
        let report =
            ConnectionsReport::new(&connections, mirror, &table, question.by(), seen.daemon_version());
        writer.write(csv::connections(&report, true)).await
    }))
}

pub(super) async fn ledger(State(app): State<App>, access: Access) -> Result<Response, Failure> {
    let (_line, mut client) = App::client(&app.daemon).await?;
    let ledger = access.sight().ledger(client.ledger().await?);
    let host = host(&app);
    Ok(download::csv("ledger", &host, |writer| async move { writer.write(csv::ledger(&ledger, true)).await }))
}

pub(super) async fn past(
    State(app): State<App>,
    access: Access,
    asked: history::Asked,
) -> Result<Response, Failure> {
    let (history, daemon_version) = history::ask(&app, &access, asked).await?;
    if history.head.is_none() {
        return Err(Failure::no_history());
    }
    let host = host(&app);
    Ok(download::csv("history", &host, |writer| async move {
        let Ok(report) = history::report(&history, &app, &daemon_version) else { return Ok(()) };
        writer.write(csv::history(&report, true)).await
    }))
}

pub(super) async fn log(
    State(app): State<App>,
    access: Access,
    asked: Result<Query<alerts::LogParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let (log, host) = alerts::ask_log(&app, &access, asked).await?;
    Ok(download::csv("alerts", &host.clone(), |writer| async move {
        let report = AlertLogReport::new(&log, &host, &app.users, &TimeZone::system());
        writer.write(csv::alert_log(&report, true)).await
    }))
}

/// The machine's name, as far as it is known.
fn host(app: &App) -> String {
    app.moments.borrow().live().map(|live| live.hostname().to_owned()).unwrap_or_default()
}
