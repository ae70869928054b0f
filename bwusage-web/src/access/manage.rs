//! What an admin asks and changes: users, sessions, tokens, and the log of all that.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State, rejection::PathRejection, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bwusage_proto::{text, users::Users};
use serde::{Deserialize, Serialize};

use super::{
    Access, Action, Caller, Gate, Role, Scope, UnixMs,
    sent::Sent,
    store::{Line, Name, SessionLine, TokenLine, UserLine},
    tie,
};
use crate::{events, failure::Failure, routes};

/// Longest name of a token.
const MAX_TOKEN_NAME: usize = 64;
/// Longest life of a token, in days: ten years.
const MAX_DAYS: u32 = 3650;
/// Lines of the log that somebody gets who does not say how many, and the most that can be asked for.
const LINES: u32 = 100;
const MAX_LINES: u32 = 1000;

type NameAsked = Result<Path<String>, PathRejection>;
type NumberAsked = Result<Path<i64>, PathRejection>;

fn answer(report: &impl Serialize) -> Response {
    routes::json(events::json(report).into())
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn name(asked: NameAsked) -> Result<String, Failure> {
    asked.map(|Path(name)| name).map_err(|_| Failure::bad_request("the name of a user is expected"))
}

fn number(asked: NumberAsked) -> Result<i64, Failure> {
    asked.map(|Path(id)| id).map_err(|_| Failure::bad_request("a number is expected"))
}

#[derive(Serialize)]
struct UsersReport<'a> {
    schema: &'static str,
    users: Vec<UserReport<'a>>,
}

#[derive(Serialize)]
struct UserReport<'a> {
    #[serde(flatten)]
    line: &'a UserLine,
    os_user: Option<String>,
}

/// `GET /api/v1/users`
pub(crate) async fn users(
    State(gate): State<Gate>,
    State(names): State<Arc<Users>>,
) -> Result<Response, Failure> {
    let users = gate.store()?.users()?;
    let report =
        |line| UserReport { os_user: UserLine::os_user(line).map(|user| names.name(user).to_string()), line };
    Ok(answer(&UsersReport { schema: "bwusage.users/1", users: users.iter().map(report).collect() }))
}

/// `POST /api/v1/users`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    user: String,
    password: String,
    role: Role,
    /// A user of the machine, by name or number.
    os_user: Option<String>,
}

pub(crate) async fn add_user(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    Sent(NewUser { user, password, role, os_user }): Sent<NewUser>,
) -> Result<Response, Failure> {
    let name: Name = user.parse()?;
    let tie = match os_user {
        Some(os_user) => tie::find(os_user).await?,
        None => None,
    };
    let hash = gate.0.passwords.hash(password).await?;
    let address = caller.address();
    let by = access.entry(Action::UserAdded, address.as_deref());
    gate.store()?.add_user(&name, role, &hash, tie.as_ref(), &by)?;
    Ok(StatusCode::CREATED.into_response())
}

/// `PATCH /api/v1/users/{name}`: what is there is changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedUser {
    role: Option<Role>,
    password: Option<String>,
    /// A user of the machine, by name or number; empty for none.
    os_user: Option<String>,
}

pub(crate) async fn change_user(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    asked: NameAsked,
    Sent(ChangedUser { role, password, os_user }): Sent<ChangedUser>,
) -> Result<Response, Failure> {
    let (store, name, address) = (gate.store()?, name(asked)?, caller.address());
    // Everything that can be refused is, before anything is changed.
    let tie = match os_user {
        Some(os_user) => Some(tie::find(os_user).await?),
        None => None,
    };
    let hash = match password {
        Some(password) => Some(gate.0.passwords.hash(password).await?),
        None => None,
    };
    let by = |action| access.entry(action, address.as_deref());
    if let Some(role) = role {
        store.set_role(&name, role, &by(Action::RoleChanged))?;
    }
    if let Some(tie) = tie {
        store.set_os_user(&name, tie.as_ref(), &by(Action::OsUserChanged))?;
    }
    if let Some(hash) = hash {
        store.set_password(&name, &hash, access.session(), &by(Action::PasswordChanged))?;
    }
    Ok(done())
}

/// `DELETE /api/v1/users/{name}`
pub(crate) async fn remove_user(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    asked: NameAsked,
) -> Result<Response, Failure> {
    let address = caller.address();
    gate.store()?.remove_user(&name(asked)?, &access.entry(Action::UserRemoved, address.as_deref()))?;
    Ok(done())
}

#[derive(Serialize)]
struct SessionsReport {
    schema: &'static str,
    sessions: Vec<SessionLine>,
}

/// `GET /api/v1/sessions`
pub(crate) async fn sessions(State(gate): State<Gate>, access: Access) -> Result<Response, Failure> {
    let sessions = gate.store()?.sessions(access.session(), UnixMs::now())?;
    Ok(answer(&SessionsReport { schema: "bwusage.sessions/1", sessions }))
}

/// `DELETE /api/v1/sessions/{id}`
pub(crate) async fn revoke_session(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    asked: NumberAsked,
) -> Result<Response, Failure> {
    let address = caller.address();
    let by = access.entry(Action::SessionRevoked, address.as_deref());
    gate.store()?.revoke_session(number(asked)?, &by)?;
    Ok(done())
}

#[derive(Serialize)]
struct TokensReport {
    schema: &'static str,
    tokens: Vec<TokenLine>,
}

/// `GET /api/v1/tokens`
pub(crate) async fn tokens(State(gate): State<Gate>) -> Result<Response, Failure> {
    Ok(answer(&TokensReport { schema: "bwusage.tokens/1", tokens: gate.store()?.tokens()? }))
}

/// `POST /api/v1/tokens`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    name: String,
    scope: Scope,
    /// How long it is good; for ever without.
    days: Option<u32>,
}

#[derive(Serialize)]
struct MadeToken<'a> {
    schema: &'static str,
    /// The only time that it is shown.
    token: &'a str,
}

pub(crate) async fn make_token(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    Sent(NewToken { name, scope, days }): Sent<NewToken>,
) -> Result<Response, Failure> {
    let length = name.chars().count();
    if !(1..=MAX_TOKEN_NAME).contains(&length) || name.chars().any(text::is_unsafe) {
        return Err(Failure::bad_request(format!(
            "a token's name has 1 to {MAX_TOKEN_NAME} visible characters"
        )));
    }
    if days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
        return Err(Failure::bad_request(format!("days must be from 1 to {MAX_DAYS}")));
    }
    let life = days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let address = caller.address();
    let by = access.entry(Action::TokenMade, address.as_deref());
    let owner = access.name().ok_or_else(Failure::may_not)?;
    let secret = gate.store()?.make_token(owner, &name, scope, life, &by)?;
    let made = MadeToken { schema: "bwusage.token/1", token: secret.reveal() };
    Ok((StatusCode::CREATED, answer(&made)).into_response())
}

/// `DELETE /api/v1/tokens/{id}`
pub(crate) async fn remove_token(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    asked: NumberAsked,
) -> Result<Response, Failure> {
    let address = caller.address();
    let by = access.entry(Action::TokenRemoved, address.as_deref());
    gate.store()?.remove_token(number(asked)?, &by)?;
    Ok(done())
}

/// `GET /api/v1/audit`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The number of the oldest line that is known already.
    before: Option<i64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct AuditReport {
    schema: &'static str,
    /// Newest first.
    lines: Vec<Line>,
}

pub(crate) async fn audit(
    State(gate): State<Gate>,
    asked: Result<Query<Part>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(part) = asked.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let limit = part.limit.unwrap_or(LINES);
    if !(1..=MAX_LINES).contains(&limit) {
        return Err(Failure::bad_request(format!("limit must be from 1 to {MAX_LINES}")));
    }
    let lines = gate.store()?.audit(part.before, limit)?;
    Ok(answer(&AuditReport { schema: "bwusage.audit/1", lines }))
}
