//! `/`: the page, or with `plain` in its query the one that needs no scripts.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse as _, Response},
};

use super::App;
use crate::{
    access::Access,
    assets::{self, HTML},
    failure::Failure,
    plain::{self, Frame, Wanted},
};

pub(super) async fn page(State(app): State<App>, access: Access, uri: Uri, headers: HeaderMap) -> Response {
    if !uri.query().is_some_and(Wanted::is_in) {
        return assets::page(&headers);
    }
    let (wanted, asked) = match Query::<Wanted>::try_from_uri(&uri) {
        Ok(Query(wanted)) => (wanted, Ok(())),
        Err(rejection) => (Wanted::default(), Err(Failure::bad_request(rejection.body_text()))),
    };
    let frame = Frame { wanted: &wanted, user: access.name() };
    match asked.and_then(|()| table(&app, &access, frame)) {
        Ok(page) => {
            ([(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-store")], page).into_response()
        }
        Err(failure) => failure.into_page(|message, hints| plain::failure_page(frame, message, hints)),
    }
}

fn table(app: &App, access: &Access, frame: Frame<'_>) -> Result<String, Failure> {
    let question = frame.wanted.question().map_err(Failure::bad_request)?;
    let moment = Arc::clone(&app.moments.borrow());
    let seen = moment.live()?.seen_by(access.sight());
    Ok(plain::table_page(frame, &question, &seen, &app.users))
}
