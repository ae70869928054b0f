//! What the server answers, and to what.
//!
//! | path | answer |
//! |---|---|
//! | `/`, `/assets/…` | the page |
//! | `/?plain` | the process table as a page without scripts, see [`crate::plain`]; the parameters of `top`, and `refresh` |
//! | `/password` | the page to change one's own password |
//! | `/login`, `/setup` | the pages for whoever is not logged in; their requests are [`access::login`] |
//! | POST `/login`, `/logout` | the same requests from the forms of a browser without scripts |
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
//! | `/api/v1/deliveries` | for operators: who is told of alerts, and what came of it; the configuration alone changes it |
//! | `/api/v1/stream` | the same table and the machine, live, as [`events`]; the parameters of `top`, `since` and `interval_ms` |
//! | `/metrics` | counters and gauges for Prometheus, see [`crate::metrics`] |
//! | `/api/v1/me` | who asks, and what they may do |
//! | `/api/v1/users`, `sessions`, `tokens`, `audit` | what an admin manages: [`access::manage`] |
//! | `/api/v1/openapi.json` | all of `/api/v1` for programs: OpenAPI 3.1 |
//! | `/healthz` | `ok`, whether or not the daemon is there |
//!
//! Who may ask for what is in one table, [`table`]; what each is shown follows from its [`Access`].
//!
//! An error is JSON with a `code`, a `message` and `hints`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRef, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Redirect, Response},
};
use bwusage_proto::{
    client::{Client, ClientError},
    report::{LedgerReport, StatusReport},
    transport::Endpoint,
    users::Users,
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    access::{self, Access, Gate},
    alert_feed::AlertFeed,
    delivery::board::Board,
    events::{self, CONNECTED, KEEP_ALIVE},
    failure::Failure,
    feed::Moments,
    guard::{self, AllowedHosts},
    metrics::{Memory, Metrics},
    pace::Pace,
    question::{Parameters, Question},
    state::Remembered,
    streams::{Place, Streams},
    talk_question::{TalkParameters, TalkQuestion},
    viewer::Viewer,
};

mod alerts;
mod csv;
mod history;
mod metrics;
mod plain;
mod process;
mod table;

pub(crate) use metrics::MetricsAllowed;

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
    /// What came of telling others of alerts, where somebody is told.
    pub(crate) deliveries: Option<Arc<Board>>,
    /// What is answered to Prometheus.
    pub(crate) metrics: Metrics,
    /// Where that is remembered.
    pub(crate) metrics_file: Remembered<Memory>,
}

/// The way to the daemon for one kind of question: one at a time.
type Line = Arc<Mutex<Endpoint>>;

/// What requests share.
#[derive(Debug, Clone)]
struct App {
    moments: Moments,
    users: Arc<Users>,
    streams: Streams,
    alerts: AlertFeed,
    /// Held while the daemon is asked something beside the subscriptions, so that many requests here are one connection there.
    daemon: Line,
    /// The same for questions about the past, which can take long.
    past: Line,
    /// The same for rules: to try one out takes until the next tick.
    rules: Line,
    gate: Gate,
    deliveries: Option<Arc<Board>>,
    metrics: Arc<Metrics>,
    metrics_file: Arc<Remembered<Memory>>,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

impl FromRef<App> for Arc<Users> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.users)
    }
}

/// The whole server: what comes from `sources` shown, `hosts` answered to, and everyone let through `gate`. At most
/// `streams` streams are open.
pub(crate) fn router(sources: Sources, hosts: AllowedHosts, gate: &Gate, streams: usize) -> Router {
    let line = || Arc::new(Mutex::new(sources.endpoint.clone()));
    let app = App {
        daemon: line(),
        past: line(),
        rules: line(),
        moments: sources.moments,
        alerts: sources.alerts,
        users: sources.users,
        streams: Streams::new(streams),
        gate: gate.clone(),
        deliveries: sources.deliveries,
        metrics: Arc::new(sources.metrics),
        metrics_file: Arc::new(sources.metrics_file),
    };
    let routes = table::table().into_iter().fold(Router::new(), |router, route| {
        let table::Route { path, needs, handler, .. } = route;
        let admit = middleware::from_fn_with_state((gate.clone(), needs), access::admit);
        router.route(path, handler.route_layer(admit))
    });
    let rule = guard::Rule { hosts, tls: gate.is_encrypted() };
    let routes = routes.fallback(async || Failure::not_found()).with_state(app);
    below(gate.base(), routes)
        .layer(DefaultBodyLimit::max(access::MAX_SENT_BYTES))
        .layer(middleware::from_fn_with_state(rule, guard::guard))
}

/// `routes` below `base`, which ends with a slash. All links of the page are relative, so the path without that slash is
/// sent to the one with it.
fn below(base: &str, routes: Router) -> Router {
    let Some(path) = base.strip_suffix('/').filter(|path| !path.is_empty()) else { return routes };
    let (unslashed, slashed) = (path.to_owned(), base.to_owned());
    let slash = move |request: Request, next: Next| {
        let to = (request.uri().path() == unslashed).then(|| Redirect::permanent(&slashed));
        async move {
            match to {
                Some(to) => to.into_response(),
                None => next.run(request).await,
            }
        }
    };
    // As a service: as a router, nothing would be at `base` itself, with its slash.
    Router::new()
        .nest_service(path, routes)
        .fallback(async || Failure::not_found())
        .layer(middleware::from_fn(slash))
}

impl App {
    /// A connection of its own to the daemon, the only one over this line as long as the guard is held. Dropped with the
    /// request, because whoever asked went away, it ends the daemon's work.
    async fn client(line: &Line) -> Result<(MutexGuard<'_, Endpoint>, Client), ClientError> {
        let endpoint = line.lock().await;
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

async fn top(State(app): State<App>, access: Access, asked: Asked) -> Result<Response, Failure> {
    let (question, _) = understood(asked)?;
    let moment = Arc::clone(&app.moments.borrow());
    let seen = moment.live()?.seen_by(access.sight());
    Ok(json(seen.top(&question, &app.users)))
}

async fn status(State(app): State<App>) -> Result<Response, Failure> {
    let (endpoint, mut client) = App::client(&app.daemon).await?;
    let status = client.status().await?;
    // A daemon of an earlier version does not know the question.
    let bounds = client.bounds().await.ok();
    let report = StatusReport::new(&status, bounds.as_ref(), endpoint.to_string(), client.daemon().chosen);
    Ok(json(events::json(&report).into()))
}

async fn ledger(State(app): State<App>, access: Access) -> Result<Response, Failure> {
    let moment = Arc::clone(&app.moments.borrow());
    let (_endpoint, mut client) = App::client(&app.daemon).await?;
    let ledger = access.sight().ledger(client.ledger().await?);
    let seen = moment.live().ok().map(|live| live.seen_by(access.sight()));
    let mirror = seen.as_ref().map(|seen| seen.mirror());
    let quality = mirror.map(|mirror| mirror.coverage.quality.as_str());
    Ok(json(events::json(&LedgerReport::new(&ledger, quality, mirror)).into()))
}

type TalkAsked = Result<Query<TalkParameters>, QueryRejection>;

async fn connections(State(app): State<App>, access: Access, asked: TalkAsked) -> Result<Response, Failure> {
    access.may_see_connections()?;
    let Query(parameters) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let question = TalkQuestion::new(&parameters).map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let seen = moment.live()?.seen_by(access.sight());
    let (_endpoint, mut client) = App::client(&app.daemon).await?;
    let connections = client.connections(question.of_daemon()).await?;
    let connections = access.sight().connections(connections, seen.mirror());
    let answer = question.answer(&connections, seen.mirror(), seen.daemon_version(), &app.users);
    Ok(json(answer.into()))
}

/// What programs read before they ask anything.
const OPENAPI: &str = include_str!("../openapi.json");

async fn openapi() -> Response {
    json(Bytes::from_static(OPENAPI.as_bytes()))
}

async fn deliveries(State(app): State<App>) -> Response {
    json(app.deliveries.unwrap_or_default().report().into())
}

async fn stream(
    State(app): State<App>,
    access: Access,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Failure> {
    let (question, Parameters { since, interval_ms, .. }) = understood(asked)?;
    let pace = Pace::new(interval_ms).map_err(Failure::bad_request)?;
    let reserved = app.streams.take(access.name())?;
    // A browser that lost its connection says itself which tick it saw last.
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let viewer = Viewer::new(question, access.sight().clone(), pace, last_event.or(since).unwrap_or(0));
    let bytes = told(app, access, viewer, reserved).map(Ok::<_, Infallible>);
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

/// Everything that `viewer` is told, as long as it listens and `access` is in force: no alert is missed after the first
/// moment. It is asked only when the last events have been taken, so a slow reader skips moments and nothing piles up here.
/// `place` is given back when the stream is dropped.
fn told(app: App, access: Access, viewer: Viewer, place: Place) -> impl Stream<Item = Bytes> {
    let (mut moments, alerts) = (app.moments, app.alerts.listen());
    moments.mark_changed();
    let state = (moments, alerts, access, viewer, place);
    let events = stream::unfold(state, move |(mut moments, mut alerts, access, mut viewer, place)| {
        let users = Arc::clone(&app.users);
        async move {
            alerts.begun().await;
            let told = tokio::select! {
                biased;
                alert = alerts.next(access.sight()) => Told::Alert(alert),
                changed = moments.changed() => {
                    changed.ok()?;
                    Told::Moment
                }
                () = tokio::time::sleep(KEEP_ALIVE_AFTER) => Told::Nothing,
            };
            // A session that was ended meanwhile, or whose user may see less now, is told no more than that.
            let access = access.renewed().await?;
            let events = match told {
                Told::Alert(alert) => vec![alert],
                Told::Moment => {
                    let moment = Arc::clone(&moments.borrow_and_update());
                    viewer.look_with(access.sight());
                    viewer.catch_up(&moment, &users)
                }
                Told::Nothing => vec![Bytes::from_static(KEEP_ALIVE)],
            };
            Some((stream::iter(events), (moments, alerts, access, viewer, place)))
        }
    });
    stream::once(async { Bytes::from_static(CONNECTED) }).chain(events.flatten())
}

/// What a stream waited for.
enum Told {
    Alert(Bytes),
    Moment,
    Nothing,
}

/// `body`, which is JSON, as an answer that nobody keeps.
pub(crate) fn json(body: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, body).into_response()
}

#[cfg(test)]
mod tests;
