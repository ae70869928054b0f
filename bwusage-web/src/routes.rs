//! What the server answers, and to what.
//!
//! | path | answer |
//! |---|---|
//! | `/`, `/assets/…` | the page |
//! | `/api/v1/top` | the process table, the JSON of `bwusage-ctl top --json`; `by`, `sort`, `filter`, `category`, `limit`, `all` |
//! | `/api/v1/status` | the daemon about itself, the JSON of `bwusage-ctl status --json` |
//! | `/api/v1/ledger` | where every interface's bytes went, the JSON of `bwusage-ctl ledger --json` |
//! | `/api/v1/connections` | who talks to whom, the JSON of `bwusage-ctl connections --json`; `pid`, `by`, `sort`, `filter`, `limit`, `closed` |
//! | `/api/v1/history` | how much was moved when, the JSON of `bwusage-ctl history --json`; see [`crate::history_question`] |
//! | `/api/v1/process/{pid}` | one row with its identity, and what its application moved before; `started_at` |
//! | `/api/v1/alerts` | rules and what they say, the JSON of `bwusage-ctl alerts list --json`; POST keeps a new one |
//! | `/api/v1/alerts/log` | what happened, the JSON of `bwusage-ctl alerts log --json`; `rule`, `before`, `limit` |
//! | `/api/v1/alerts/…` | POST `test`, `dry_run`, `{rule}/test`, `{rule}/snooze`, `{rule}/enable`, `{rule}/disable`; DELETE `{rule}` |
//! | `/api/v1/….csv` | `top`, `connections`, `ledger`, `history` and `alerts/log` as comma-separated values, every row of them |
//! | `/api/v1/stream` | the same table and the machine, live, as [`events`]; the parameters of `top`, `since` and `interval_ms` |
//! | `/healthz` | `ok`, whether or not the daemon is there |
//!
//! An error is JSON with a `code`, a `message` and `hints`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bwusage_proto::{
    client::{Client, ClientError},
    report::{LedgerReport, StatusReport},
    transport::Endpoint,
    users::Users,
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::{
    alert_feed::AlertFeed,
    assets,
    events::{self, CONNECTED, KEEP_ALIVE},
    failure::Failure,
    feed::Moments,
    guard::{self, AllowedHosts},
    moment::Live,
    pace::Pace,
    peer::Peer,
    question::{Parameters, Question},
    talk_question::{TalkParameters, TalkQuestion},
    viewer::Viewer,
};

mod alerts;
mod csv;
mod history;
mod process;

/// The longest body of a request: some times the longest rule with the longest note.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Pages that may be open at a time.
const MAX_STREAMS: usize = 64;
/// A stream says something at least this often: half of what proxies wait.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(15);

/// Where everything that is answered comes from.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The newest tick.
    pub(crate) moments: Moments,
    /// What happens to rules.
    pub(crate) alerts: AlertFeed,
    /// The daemon, asked for more.
    pub(crate) endpoint: Endpoint,
    /// Login names.
    pub(crate) users: Arc<Users>,
}

/// The way to the daemon for one kind of question: one at a time.
type Line = Arc<Mutex<Endpoint>>;

/// What requests share.
#[derive(Debug, Clone)]
struct App {
    moments: Moments,
    users: Arc<Users>,
    streams: Arc<Semaphore>,
    alerts: AlertFeed,
    /// Held while the daemon is asked something beside the subscriptions, so that many requests here are one connection there.
    daemon: Line,
    /// The same for questions about the past, which can take long.
    past: Line,
    /// The same for rules: to try one out takes until the next tick.
    rules: Line,
    /// Whether everyone may see connections.
    share_connections: bool,
}

/// The whole server: what comes from `sources` shown, `hosts` answered to. With `share_connections`, others than the own
/// user are told who talks to whom, too.
pub(crate) fn router(sources: Sources, hosts: AllowedHosts, share_connections: bool) -> Router {
    let line = || Arc::new(Mutex::new(sources.endpoint.clone()));
    let app = App {
        daemon: line(),
        past: line(),
        rules: line(),
        moments: sources.moments,
        alerts: sources.alerts,
        users: sources.users,
        streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        share_connections,
    };
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/{*path}", get(assets::asset))
        .route("/api/v1/top", get(top))
        .route("/api/v1/status", get(status))
        .route("/api/v1/ledger", get(ledger))
        .route("/api/v1/connections", get(connections))
        .route("/api/v1/history", get(history::history))
        .route("/api/v1/process/{pid}", get(process::process))
        .merge(alerts::reads())
        .merge(csv::routes())
        .merge(alerts::changes().route_layer(middleware::from_fn(own_user_only)))
        .route("/api/v1/stream", get(stream))
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || Failure::not_found())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(hosts, guard::guard))
        .with_state(app)
}

impl App {
    /// A connection of its own to the daemon, the only one over this line as long as the guard is held. Dropped with the
    /// request, because whoever asked went away, it ends the daemon's work.
    async fn client(line: &Line) -> Result<(MutexGuard<'_, Endpoint>, Client), ClientError> {
        let endpoint = line.lock().await;
        let client = Client::connect(&endpoint, "bwusage-web").await?;
        Ok((endpoint, client))
    }

    fn check_may_see_connections(&self, peer: &Peer) -> Result<(), Failure> {
        if self.share_connections || peer.is_own_user() { Ok(()) } else { Err(Failure::not_for_others()) }
    }
}

/// Lets only the user who runs this server change anything.
async fn own_user_only(
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if peer.is_own_user() { Ok(next.run(request).await) } else { Err(Failure::not_yours_to_change()) }
}

type Asked = Result<Query<Parameters>, QueryRejection>;

fn understood(asked: Asked) -> Result<(Question, Parameters), Failure> {
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = Question::new(&parameters).map_err(Failure::bad_request)?;
    Ok((question, parameters))
}

async fn top(State(app): State<App>, asked: Asked) -> Result<Response, Failure> {
    let (question, _) = understood(asked)?;
    let moment = Arc::clone(&app.moments.borrow());
    Ok(json(moment.live()?.top(&question, &app.users)))
}

async fn status(State(app): State<App>) -> Result<Response, Failure> {
    let (endpoint, mut client) = App::client(&app.daemon).await?;
    let status = client.status().await?;
    let report = StatusReport::new(&status, endpoint.to_string(), client.daemon().chosen);
    Ok(json(events::json(&report).into()))
}

async fn ledger(State(app): State<App>) -> Result<Response, Failure> {
    let moment = Arc::clone(&app.moments.borrow());
    let (_endpoint, mut client) = App::client(&app.daemon).await?;
    let ledger = client.ledger().await?;
    let mirror = moment.live().ok().map(Live::mirror);
    let quality = mirror.map(|mirror| mirror.coverage.quality.as_str());
    Ok(json(events::json(&LedgerReport::new(&ledger, quality, mirror)).into()))
}

type TalkAsked = Result<Query<TalkParameters>, QueryRejection>;

async fn connections(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    asked: TalkAsked,
) -> Result<Response, Failure> {
    app.check_may_see_connections(&peer)?;
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = TalkQuestion::new(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let live = moment.live()?;
    let (_endpoint, mut client) = App::client(&app.daemon).await?;
    let connections = client.connections(question.of_daemon()).await?;
    let answer = question.answer(&connections, live.mirror(), live.daemon_version(), &app.users);
    Ok(json(answer.into()))
}

async fn stream(State(app): State<App>, headers: HeaderMap, asked: Asked) -> Result<Response, Failure> {
    let (question, Parameters { since, interval_ms, .. }) = understood(asked)?;
    let pace = Pace::new(interval_ms).map_err(Failure::bad_request)?;
    let place =
        Arc::clone(&app.streams).try_acquire_owned().map_err(|_| Failure::too_many_streams(MAX_STREAMS))?;
    // A browser that lost its connection says itself which tick it saw last.
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let viewer = Viewer::new(question, pace, last_event.or(since).unwrap_or(0));
    let bytes = told(app, viewer, place).map(Ok::<_, Infallible>);
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

/// Everything that `viewer` is told, as long as it listens. It is asked only when the last events have been taken, so a
/// slow reader skips moments and nothing piles up here. `place` is given back when the stream is dropped.
fn told(app: App, viewer: Viewer, place: OwnedSemaphorePermit) -> impl Stream<Item = Bytes> {
    let (mut moments, alerts) = (app.moments, app.alerts.listen());
    moments.mark_changed();
    let state = (moments, alerts, viewer, place);
    let events = stream::unfold(state, move |(mut moments, mut alerts, mut viewer, place)| {
        let users = Arc::clone(&app.users);
        async move {
            let events = tokio::select! {
                biased;
                alert = alerts.next() => vec![alert],
                changed = moments.changed() => {
                    changed.ok()?;
                    let moment = Arc::clone(&moments.borrow_and_update());
                    viewer.catch_up(&moment, &users)
                }
                () = tokio::time::sleep(KEEP_ALIVE_AFTER) => vec![Bytes::from_static(KEEP_ALIVE)],
            };
            Some((stream::iter(events), (moments, alerts, viewer, place)))
        }
    });
    stream::once(async { Bytes::from_static(CONNECTED) }).chain(events.flatten())
}

fn json(body: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, body).into_response()
}

#[cfg(test)]
mod tests;
