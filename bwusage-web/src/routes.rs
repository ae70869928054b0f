//! What the server answers, and to what.
//!
//! | path | answer |
//! |---|---|
//! | `/`, `/assets/…` | the page |
//! | `/api/v1/top` | the process table, the JSON of `bwusage-ctl top --json`; `by`, `sort`, `filter`, `category`, `limit`, `all` |
//! | `/api/v1/status` | the daemon about itself, the JSON of `bwusage-ctl status --json` |
//! | `/api/v1/ledger` | where every interface's bytes went, the JSON of `bwusage-ctl ledger --json` |
//! | `/api/v1/connections` | who talks to whom, the JSON of `bwusage-ctl connections --json`; `pid`, `by`, `sort`, `filter`, `limit`, `closed` |
//! | `/api/v1/stream` | the same table and the machine, live, as [`events`]; the parameters of `top`, `since` and `interval_ms` |
//! | `/healthz` | `ok`, whether or not the daemon is there |
//!
//! An error is JSON with a `code`, a `message` and `hints`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    middleware,
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

/// Pages that may be open at a time.
const MAX_STREAMS: usize = 64;
/// A stream says something at least this often: half of what proxies wait.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(15);

/// What requests share.
#[derive(Debug, Clone)]
struct App {
    moments: Moments,
    users: Arc<Users>,
    streams: Arc<Semaphore>,
    /// Held while the daemon is asked something beside the subscription, so that many requests here are one connection there.
    daemon: Arc<Mutex<Endpoint>>,
    /// Whether everyone may see connections.
    share_connections: bool,
}

/// The whole server: `moments` shown, the daemon at `endpoint` asked for more, `hosts` answered to. With
/// `share_connections`, others than the own user are told who talks to whom, too.
pub(crate) fn router(
    moments: Moments,
    endpoint: Endpoint,
    hosts: AllowedHosts,
    share_connections: bool,
) -> Router {
    let app = App {
        moments,
        users: Arc::default(),
        streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        daemon: Arc::new(Mutex::new(endpoint)),
        share_connections,
    };
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/{*path}", get(assets::asset))
        .route("/api/v1/top", get(top))
        .route("/api/v1/status", get(status))
        .route("/api/v1/ledger", get(ledger))
        .route("/api/v1/connections", get(connections))
        .route("/api/v1/stream", get(stream))
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || Failure::not_found())
        .layer(middleware::from_fn_with_state(hosts, guard::guard))
        .with_state(app)
}

impl App {
    /// A connection of its own to the daemon, the only one of this kind as long as the guard is held.
    async fn client(&self) -> Result<(MutexGuard<'_, Endpoint>, Client), ClientError> {
        let endpoint = self.daemon.lock().await;
        let client = Client::connect(&endpoint, "bwusage-web").await?;
        Ok((endpoint, client))
    }
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
    let (endpoint, mut client) = app.client().await?;
    let status = client.status().await?;
    let report = StatusReport::new(&status, endpoint.to_string(), client.daemon().chosen);
    Ok(json(events::json(&report).into()))
}

async fn ledger(State(app): State<App>) -> Result<Response, Failure> {
    let moment = Arc::clone(&app.moments.borrow());
    let (_endpoint, mut client) = app.client().await?;
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
    if !app.share_connections && !peer.is_own_user() {
        return Err(Failure::not_for_others());
    }
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = TalkQuestion::new(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let live = moment.live()?;
    let (_endpoint, mut client) = app.client().await?;
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
    let mut moments = app.moments;
    moments.mark_changed();
    let events = stream::unfold((moments, viewer, place), move |(mut moments, mut viewer, place)| {
        let users = Arc::clone(&app.users);
        async move {
            let events = match tokio::time::timeout(KEEP_ALIVE_AFTER, moments.changed()).await {
                Ok(Ok(())) => {
                    let moment = Arc::clone(&moments.borrow_and_update());
                    viewer.catch_up(&moment, &users)
                }
                Ok(Err(_)) => return None,
                Err(_) => vec![Bytes::from_static(KEEP_ALIVE)],
            };
            Some((stream::iter(events), (moments, viewer, place)))
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
