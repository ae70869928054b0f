//! The answers of somebody who is not let in: what is missing, and nothing about who else there is.

use std::time::Duration;

use axum::http::StatusCode;

use super::{
    limits::{Limit, Wait},
    password::PasswordError,
    store::{BadName, StoreError},
};
use crate::failure::Failure;

impl Failure {
    /// Nobody knows who asks.
    pub(crate) fn login_needed() -> Self {
        let hints = vec![
            "log in with a browser".to_owned(),
            "programs send \"Authorization: Bearer bwu_…\": an admin makes a token".to_owned(),
        ];
        Self::new(StatusCode::UNAUTHORIZED, "login_needed", "this is for people who are logged in", hints)
    }

    /// It is known who asks, and it is not for them.
    pub(crate) fn may_not() -> Self {
        let hint = "an admin can give you another role".to_owned();
        Self::new(StatusCode::FORBIDDEN, "may_not", "your role does not allow this", vec![hint])
    }

    /// With whom programs talk, asked for by a viewer.
    pub(crate) fn not_for_viewers() -> Self {
        let hints = vec![
            "an admin can make you an operator, or tie you to your user on that machine".to_owned(),
            "bwusage-web --redact-viewers=false    # shows it to every viewer".to_owned(),
        ];
        let message = "with whom programs talk is not shown to viewers";
        Self::new(StatusCode::FORBIDDEN, "not_for_viewers", message, hints)
    }

    /// A part of the past that is others' alone.
    pub(crate) fn not_for_you() -> Self {
        let message = "you may see only what programs of your own user moved";
        Self::new(StatusCode::FORBIDDEN, "not_for_you", message, Vec::new())
    }

    /// A change of rules by somebody who may not see everything.
    pub(super) fn not_for_tied() -> Self {
        let message = "you see what your user on that machine may see, and rules here see everything";
        let hints = vec!["bwusage-ctl alerts    # your own rules, on that machine".to_owned()];
        Self::new(StatusCode::FORBIDDEN, "not_for_you", message, hints)
    }

    /// There is no such user on this machine.
    pub(super) fn no_os_user() -> Self {
        let message = "there is no such user on this machine";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_os_user", message, Vec::new())
    }

    /// No such user, or another password: which, nobody is told.
    pub(super) fn wrong_login() -> Self {
        let message = "the user name or the password is wrong";
        Self::new(StatusCode::UNAUTHORIZED, "wrong_login", message, Vec::new())
    }

    /// The set-up link is used, old or made up.
    pub(super) fn wrong_set_up_token() -> Self {
        let hints = vec![
            "restart bwusage-web: it prints a new link".to_owned(),
            "bwusage-web user add NAME --role admin".to_owned(),
        ];
        let message = "this set-up link is used or older than 15 minutes";
        Self::new(StatusCode::FORBIDDEN, "wrong_set_up_token", message, hints)
    }

    /// There are users, or there is no login at all.
    pub(super) fn no_set_up() -> Self {
        let message = "there is nothing to set up: log in";
        Self::new(StatusCode::CONFLICT, "no_set_up", message, Vec::new())
    }

    /// A login where there is none.
    pub(super) fn no_login() -> Self {
        let message = "this server was started with --no-login and has no users";
        Self::new(StatusCode::CONFLICT, "no_login", message, Vec::new())
    }

    /// A change that our own page did not ask for.
    pub(super) fn foreign_page() -> Self {
        let message = "changes are taken from this server's own page only";
        let hint = "programs send \"Origin: http://HOST:PORT\", the address that they call".to_owned();
        Self::new(StatusCode::FORBIDDEN, "foreign_page", message, vec![hint])
    }

    /// A change in a form that a page of another site could send, too.
    pub(super) fn not_json() -> Self {
        let message = "changes are sent as JSON, with \"Content-Type: application/json\"";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message, Vec::new())
    }

    /// What is not the form of our own page.
    pub(super) fn not_the_form() -> Self {
        let message = "this takes the form of the login page, and programs use api/v1/login";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_the_form", message, Vec::new())
    }

    /// More was sent than is read, or it ended early.
    pub(super) fn unreadable(status: StatusCode, most_bytes: usize) -> Self {
        let message = format!("a request may send {most_bytes} bytes, and all that it announces");
        Self::new(status, "unreadable", message, Vec::new())
    }

    /// What was sent took too long.
    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the request took too long to arrive", Vec::new())
    }

    /// As many streams as one user may have open.
    pub(crate) fn too_many_streams_of_one(limit: usize) -> Self {
        let hint = "close some of the pages that are open".to_owned();
        let message = format!("you have {limit} streams open, and there may not be more");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", message, vec![hint])
    }
}

/// Too many logins were tried.
impl From<Wait> for Failure {
    fn from(wait: Wait) -> Self {
        let whose = match wait.limit {
            Limit::Address => "from your address",
            Limit::User => "as this user",
            Limit::All => "by everybody",
        };
        // Rounded up: a second early is too early.
        let span = Duration::from_secs(wait.span.as_secs() + 1);
        let message = format!("too many logins were tried {whose}: try again in {} s", span.as_secs());
        let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_logins", message, Vec::new());
        failure.retry_after(span)
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        let (status, code) = match error {
            PasswordError::Length => (StatusCode::UNPROCESSABLE_ENTITY, "password_length"),
            PasswordError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            PasswordError::Hash => (StatusCode::SERVICE_UNAVAILABLE, "no_memory"),
        };
        let failure = Self::new(status, code, error.to_string(), Vec::new());
        if error == PasswordError::Busy { failure.retry_after(Duration::from_secs(5)) } else { failure }
    }
}

impl From<BadName> for Failure {
    fn from(error: BadName) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "user_name", error.to_string(), Vec::new())
    }
}

/// What SQLite says stays here: it names files.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (status, code) = match error {
            StoreError::NoUser => (StatusCode::NOT_FOUND, "no_user"),
            StoreError::NoEntry => (StatusCode::NOT_FOUND, "no_entry"),
            StoreError::NameTaken => (StatusCode::CONFLICT, "name_taken"),
            StoreError::LastAdmin => (StatusCode::CONFLICT, "last_admin"),
            StoreError::TooMany => (StatusCode::CONFLICT, "too_many"),
            StoreError::Sqlite(_)
            | StoreError::Open { .. }
            | StoreError::Create { .. }
            | StoreError::NoFolder => {
                eprintln!("bwusage-web: {error}: {}", source(&error));
                (StatusCode::SERVICE_UNAVAILABLE, "no_database")
            }
        };
        Self::new(status, code, error.to_string(), Vec::new())
    }
}

fn source(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
