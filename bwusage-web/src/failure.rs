//! An answer that is not what was asked for: what happened, and what to do.

use std::time::Duration;

use axum::{
    body::Body as Sent,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bwusage_proto::{client::ClientError, message::RefusalCode};
use serde::Serialize;

use crate::{
    assets::HTML,
    events::{self, Down},
};

/// An error as an answer: JSON with a `code` for programs, a `message` and `hints` for people.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    body: Body,
    retry_after: Option<Duration>,
}

#[derive(Debug, Serialize)]
struct Body {
    schema: &'static str,
    code: &'static str,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    /// `message` says what happened, `hints` are what to type or do.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hints: Vec<String>,
    ) -> Self {
        let body = Body { schema: "bwusage.error/1", code, message: message.into(), hints };
        Self { status, body, retry_after: None }
    }

    /// The same may be asked again after `span`.
    pub(crate) fn retry_after(self, span: Duration) -> Self {
        Self { retry_after: Some(span), ..self }
    }

    /// The same as a page, which `show` makes of the message and the hints.
    pub(crate) fn into_page(self, show: impl FnOnce(&str, &[String]) -> String) -> Response {
        let page = show(&self.body.message, &self.body.hints);
        let mut response = self.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
        *response.body_mut() = Sent::from(page);
        response
    }

    /// The parameters make no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message, Vec::new())
    }

    /// It is not for whoever asks.
    pub(crate) fn not_for_others() -> Self {
        let message = "with whom programs talk is shown only to the user who runs bwusage-web";
        let hints = vec![
            "bwusage-ctl connections    # what you may see yourself".to_owned(),
            "bwusage-web --share-connections    # shows it to every user of this machine".to_owned(),
        ];
        Self::new(StatusCode::FORBIDDEN, "not_for_others", message, hints)
    }

    /// The body is not what it should be.
    pub(crate) fn bad_body(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "bad_request", message, Vec::new())
    }

    /// It changes what only the user who runs this server may change.
    pub(crate) fn not_yours_to_change() -> Self {
        let message = "rules are changed only by the user who runs bwusage-web";
        let hints = vec!["bwusage-ctl alerts    # your own rules".to_owned()];
        Self::new(StatusCode::FORBIDDEN, "not_for_others", message, hints)
    }

    /// Metrics are not for whoever asks.
    pub(crate) fn no_metrics() -> Self {
        let message = "metrics are answered without a login only to networks that are named";
        let hints =
            vec!["bwusage-web --metrics-allow 192.0.2.0/24    # where the monitoring system is".to_owned()];
        Self::new(StatusCode::FORBIDDEN, "not_allowed", message, hints)
    }

    /// No process of that number has a row.
    pub(crate) fn no_process(pid: u32) -> Self {
        let message = format!("there is no process {pid}, or it is not for you");
        Self::new(StatusCode::NOT_FOUND, "not_found", message, Vec::new())
    }

    /// No rule of that number is known.
    pub(crate) fn no_rule(rule: u64) -> Self {
        let message = format!("there is no rule {rule}, or it is not yours");
        Self::new(StatusCode::NOT_FOUND, "not_found", message, Vec::new())
    }

    /// The daemon's answer holds no history.
    pub(crate) fn no_history() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this daemon remembers nothing", Vec::new())
    }

    /// No such path.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path", Vec::new())
    }

    /// As many pages are open as may be.
    pub(crate) fn too_many_streams(limit: usize) -> Self {
        let hint = "close some of the pages that are open".to_owned();
        let message = format!("{limit} streams are open, and there may not be more");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", message, vec![hint])
    }

    /// The daemon has not answered yet.
    pub(crate) fn connecting() -> Self {
        let message = "the connection to bwusaged is still being made";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "connecting", message, Vec::new())
    }

    /// The daemon is away.
    pub(crate) fn daemon_away(down: &Down) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "daemon_away", &down.message, down.hints.clone())
    }
}

/// The daemon did not answer this time, or did not want to.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (status, code) = match &error {
            ClientError::Refused(refusal) => refused(refusal.code),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "daemon_away"),
        };
        let hints = error.hints();
        let message = match error {
            ClientError::Refused(refusal) => refusal.message,
            error => error.to_string(),
        };
        Self::new(status, code, message, hints)
    }
}

/// What a refusal of the daemon, a value of [`RefusalCode`], is called here.
fn refused(code: u16) -> (StatusCode, &'static str) {
    let is = |known: RefusalCode| code == known as u16;
    if is(RefusalCode::BadRequest) {
        (StatusCode::BAD_REQUEST, "bad_request")
    } else if is(RefusalCode::Denied) {
        (StatusCode::FORBIDDEN, "denied")
    } else if is(RefusalCode::NotFound) {
        (StatusCode::NOT_FOUND, "not_found")
    } else if is(RefusalCode::TooMany) {
        (StatusCode::TOO_MANY_REQUESTS, "too_many")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (self.status, headers, events::json(&self.body)).into_response();
        if let Some(span) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, span.as_secs().into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
