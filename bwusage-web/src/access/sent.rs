//! What a request sends, read within bounds.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// Most bytes that a request may send.
pub(crate) const MAX_BYTES: usize = 64 << 10;
/// So long they may take.
const TIME: Duration = Duration::from_secs(10);

/// The JSON that a request sends.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match tokio::time::timeout(TIME, Json::from_request(request, state)).await {
            Ok(Ok(Json(sent))) => Ok(Self(sent)),
            Ok(Err(JsonRejection::BytesRejection(rejection))) => {
                Err(Failure::unreadable(rejection.status(), MAX_BYTES))
            }
            // Which part of it is wrong, and never the part itself: it may be a password.
            Ok(Err(_)) => Err(Failure::bad_request("this is not the JSON that is expected here")),
            Err(_) => Err(Failure::too_slow()),
        }
    }
}
