//! What a request sends, read within bounds before anything is done about it.

use std::time::Duration;

use axum::{
    Json,
    body::{self, Body},
    extract::{FromRequest, Request},
    http::{Method, StatusCode},
};
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// Most bytes that a request may send: some times the longest rule with the longest note.
pub(crate) const MAX_BYTES: usize = 64 << 10;
/// So long they may take.
const TIME: Duration = Duration::from_secs(10);

/// All of `body`, once it is there. What only reads sends nothing, and nothing of it is read.
pub(super) async fn whole(method: &Method, body: Body) -> Result<Body, Failure> {
    if method.is_safe() {
        return Ok(Body::empty());
    }
    match tokio::time::timeout(TIME, body::to_bytes(body, MAX_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(Failure::unreadable(StatusCode::PAYLOAD_TOO_LARGE, MAX_BYTES)),
        Err(_) => Err(Failure::too_slow()),
    }
}

/// The JSON that a request sends.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        // What is wrong with it is not said: it may be a password.
        let sent = Json::from_request(request, state).await;
        sent.map(|Json(sent)| Self(sent))
            .map_err(|_| Failure::bad_request("this is not the JSON that is expected here"))
    }
}
