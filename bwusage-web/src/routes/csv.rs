//! Every table as a file of comma-separated values, with the columns of the command line and the parameters of the same path
//! without `.csv`. Where no limit is asked for there is none.

use std::sync::Arc;

use axum::{
    Router,
    extract::{ConnectInfo, Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use bwusage_proto::{
    csv,
    report::{AlertLogReport, ConnectionsReport},
    talk,
};
use jiff::tz::TimeZone;

use super::{App, Asked, TalkAsked, alerts, history};
use crate::{download, failure::Failure, peer::Peer, question::Question, talk_question::TalkQuestion};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/top.csv", get(top))
        .route("/api/v1/connections.csv", get(connections))
        .route("/api/v1/ledger.csv", get(ledger))
        .route("/api/v1/history.csv", get(past))
        .route("/api/v1/alerts/log.csv", get(log))
}

async fn top(State(app): State<App>, asked: Asked) -> Result<Response, Failure> {
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = Question::for_file(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let mirror = moment.live()?.mirror();
    let (table, quality) = (question.table(mirror, &app.users), mirror.coverage.quality.clone());
    Ok(download::csv("top", &mirror.host.hostname, |writer| async move {
        writer.write(csv::top(&table, question.by(), &quality, true)).await
    }))
}

async fn connections(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    asked: TalkAsked,
) -> Result<Response, Failure> {
    app.check_may_see_connections(&peer)?;
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = TalkQuestion::for_file(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let host = moment.live()?.mirror().host.hostname.clone();
    let (_line, mut client) = App::client(&app.daemon).await?;
    let connections = client.connections(question.of_daemon()).await?;
    Ok(download::csv("connections", &host, |writer| async move {
        let Ok(live) = moment.live() else { return Ok(()) };
        let mirror = live.mirror();
        let rows = talk::rows(&connections, mirror, &app.users);
        let table = question.table(&rows);
        let report =
            ConnectionsReport::new(&connections, mirror, &table, question.by(), live.daemon_version());
        writer.write(csv::connections(&report, true)).await
    }))
}

async fn ledger(State(app): State<App>) -> Result<Response, Failure> {
    let (_line, mut client) = App::client(&app.daemon).await?;
    let ledger = client.ledger().await?;
    let host = host(&app);
    Ok(download::csv("ledger", &host, |writer| async move { writer.write(csv::ledger(&ledger, true)).await }))
}

async fn past(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    asked: history::Asked,
) -> Result<Response, Failure> {
    let (history, daemon_version) = history::ask(&app, &peer, asked).await?;
    if history.head.is_none() {
        return Err(Failure::no_history());
    }
    let host = host(&app);
    Ok(download::csv("history", &host, |writer| async move {
        let Ok(report) = history::report(&history, &app, &daemon_version) else { return Ok(()) };
        writer.write(csv::history(&report, true)).await
    }))
}

async fn log(
    State(app): State<App>,
    asked: Result<Query<alerts::LogParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let (log, host) = alerts::ask_log(&app, asked).await?;
    Ok(download::csv("alerts", &host.clone(), |writer| async move {
        let report = AlertLogReport::new(&log, &host, &app.users, &TimeZone::system());
        writer.write(csv::alert_log(&report, true)).await
    }))
}

/// The machine's name, as far as it is known.
fn host(app: &App) -> String {
    app.moments.borrow().live().map(|live| live.mirror().host.hostname.clone()).unwrap_or_default()
}
