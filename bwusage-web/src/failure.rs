//! An answer that is not what was asked for: what happened, and what to do.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bwusage_proto::client::ClientError;
use serde::Serialize;

use crate::events::{self, Down};

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

/// The daemon did not answer this time.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "daemon_away", error.to_string(), error.hints())
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
