//! A server with users, asked without a network.

use axum::{
    extract::Request,
    http::{Method, request},
};
use tower::ServiceExt as _;

use super::*;
use crate::access::{Settings, Store, testing};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anonymous,
    Viewer,
    Operator,
    Admin,
    TokenRead,
    TokenMetrics,
    /// A viewer who is tied to the user 1000 of the machine.
    Tied,
}

impl Who {
    pub(super) const ALL: [Self; 6] =
        [Self::Anonymous, Self::Viewer, Self::Operator, Self::Admin, Self::TokenRead, Self::TokenMetrics];
}

/// The server, and what opens it.
pub(super) struct House {
    pub(super) router: Router,
    pub(super) gate: Gate,
    pub(super) store: Store,
    keys: testing::Keys,
}

impl House {
    /// With the users of [`testing::populate`].
    pub(super) fn new() -> Self {
        Self::with(Settings::default(), sample::live(1, 5), 64)
    }

    pub(super) fn with(settings: Settings, moment: Moment, streams: usize) -> Self {
        let store = Store::in_memory();
        let keys = testing::populate(&store);
        Self::around(settings, store, keys, sources(sample::moments(moment)), streams)
    }

    /// That shows these moments.
    pub(super) fn over(moments: Moments) -> Self {
        let store = Store::in_memory();
        let keys = testing::populate(&store);
        Self::around(Settings::default(), store, keys, sources(moments), 64)
    }

    /// That asks the daemon there.
    #[cfg(unix)]
    pub(super) fn beside(endpoint: Endpoint) -> Self {
        let store = Store::in_memory();
        let keys = testing::populate(&store);
        let sources = Sources { endpoint, ..sources(sample::moments(sample::live(1, 5))) };
        Self::around(Settings::default(), store, keys, sources, 64)
    }

    /// Where nobody can log in yet.
    pub(super) fn empty() -> Self {
        let (store, keys) = (Store::in_memory(), testing::Keys::default());
        Self::around(Settings::default(), store, keys, sources(sample::moments(sample::live(1, 5))), 64)
    }

    fn around(
        settings: Settings,
        store: Store,
        keys: testing::Keys,
        sources: Sources,
        streams: usize,
    ) -> Self {
        let settings = Settings { store: Some(store.clone()), ..settings };
        let gate = Gate::new(settings, sources.endpoint.clone());
        let hosts = AllowedHosts::new(["stats.example".to_owned()]);
        let router = router(sources, hosts, &gate, streams);
        Self { router, gate, store, keys }
    }

    /// A request of `who`, as our own page would send it.
    pub(super) fn ask(&self, who: Who, method: Method, path: &str) -> request::Builder {
        let request = ask(path)
            .method(method)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json");
        match self.key(who) {
            None => request,
            Some(token) if token.starts_with("bwu_") => {
                request.header(header::AUTHORIZATION, format!("Bearer {token}"))
            }
            Some(session) => request.header(header::COOKIE, format!("bwusage_sid={session}")),
        }
    }

    /// What `who` presents.
    pub(super) fn key(&self, who: Who) -> Option<&str> {
        let testing::Keys { viewer, operator, admin, read, metrics, tied } = &self.keys;
        match who {
            Who::Anonymous => None,
            Who::Viewer => Some(viewer),
            Who::Operator => Some(operator),
            Who::Admin => Some(admin),
            Who::TokenRead => Some(read),
            Who::TokenMetrics => Some(metrics),
            Who::Tied => Some(tied),
        }
    }

    pub(super) async fn answer(&self, request: request::Builder, body: impl Into<Body>) -> Response {
        let request: Request = request.body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The status and the JSON of the answer to `who`.
    pub(super) async fn json(
        &self,
        who: Who,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let response = self.answer(self.ask(who, method, path), body.to_string()).await;
        (response.status(), json_of(response).await)
    }

    pub(super) async fn get(&self, who: Who, path: &str) -> (StatusCode, Value) {
        self.json(who, Method::GET, path, Value::Null).await
    }

    /// Tries to log in, from nowhere in particular.
    pub(super) async fn log_in(&self, user: &str, password: &str) -> Response {
        let body = serde_json::json!({ "user": user, "password": password }).to_string();
        self.answer(self.ask(Who::Anonymous, Method::POST, "/api/v1/login"), body).await
    }
}

pub(super) async fn json_of(response: Response) -> Value {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap_or(Value::Null)
}

/// The secret in the cookie that `response` sets.
pub(super) fn cookie_of(response: &Response) -> Option<String> {
    let cookie = response.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    Some(cookie.strip_prefix("bwusage_sid=").unwrap().split(';').next().unwrap().to_owned())
}
