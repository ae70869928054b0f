//! `/api/v1/history`: how much was moved when, the JSON of `bwusage-ctl history --json`.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use bwusage_proto::{
    history::{History, Per},
    report::HistoryReport,
};
use jiff::Timestamp;

use super::{App, json};
use crate::{access::Access, events, failure::Failure, history_question};

pub(super) type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(super) async fn history(
    State(app): State<App>,
    access: Access,
    asked: Asked,
) -> Result<Response, Failure> {
    let (history, daemon_version) = ask(&app, &access, asked).await?;
    let report = report(&history, &app, &daemon_version)?;
    Ok(json(events::json(&report).into()))
}

/// The daemon's answer and its version. Whoever goes away meanwhile drops this, and with the connection the question ends.
pub(super) async fn ask(app: &App, access: &Access, asked: Asked) -> Result<(History, String), Failure> {
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let mut query = history_question::read(&parameters, Timestamp::now()).map_err(Failure::bad_request)?;
    if query.per == Per::Remote {
        access.may_see_connections()?;
    }
    if !access.sight().restrict(&mut query) {
        return Err(Failure::not_for_you());
    }
    let (_line, mut client) = App::client(&app.past).await?;
    let history = client.history(query).await?;
    Ok((history, client.daemon().version.clone()))
}

pub(super) fn report<'a>(
    history: &'a History,
    app: &App,
    daemon_version: &'a str,
) -> Result<HistoryReport<'a>, Failure> {
    HistoryReport::new(history, &app.users, daemon_version).ok_or_else(Failure::no_history)
}
