//! The requests around a login: in, out, the first admin, one's own password, and who one is.

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderValue, Uri, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    Access, Action, Asker, Caller, Digest, Entry, Gate, Store, UnixMs, Wait,
    limits::Limit,
    password::{self, Verdict},
    secret::Secret,
    sent::Sent,
    session,
    store::{Name, Visit},
};
use crate::{assets, events, failure::Failure, plain::Wanted, routes};

/// `POST /api/v1/login`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    user: String,
    password: String,
}

pub(crate) async fn login(
    State(gate): State<Gate>,
    caller: Caller,
    Sent(credentials): Sent<Credentials>,
) -> Result<Response, Failure> {
    let secret = log_in(&gate, &caller, credentials).await?;
    Ok(gate.let_in(&caller, &secret))
}

/// `POST /login`: the same from the form itself, for a browser without scripts. It leads to the page for that.
pub(crate) async fn log_in_by_form(
    State(gate): State<Gate>,
    caller: Caller,
    uri: Uri,
    sent: Result<Form<Credentials>, FormRejection>,
) -> Response {
    // What is wrong with it is not said: it may be a password.
    let sent = sent.map_err(|_| Failure::bad_request("this is not the form that is expected here"));
    let let_in = match sent {
        Ok(Form(Credentials { user, password })) => {
            log_in(&gate, &caller, Credentials { user: user.trim().to_owned(), password }).await
        }
        Err(failure) => Err(failure),
    };
    match let_in {
        Ok(secret) => {
            let page = format!("./?{}", plain_query(&uri).unwrap_or("plain=1"));
            (AppendHeaders([(header::SET_COOKIE, gate.cookie(&caller, &secret))]), Redirect::to(&page))
                .into_response()
        }
        Err(failure) => failure.into_page(assets::login_refusal),
    }
}

/// The query of `asked`, if it asks for the page without scripts, and can stand in an address as it is.
pub(super) fn plain_query(asked: &Uri) -> Option<&str> {
    asked.query().filter(|query| Wanted::is_in(query) && query.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A new session for whoever knows the password.
async fn log_in(
    gate: &Gate,
    caller: &Caller,
    Credentials { user, password }: Credentials,
) -> Result<Secret, Failure> {
    let store = gate.store()?;
    gate.try_login(caller, &user)?;
    let known = store.user(&user)?;
    let hash = known.as_ref().map(|known| known.password.clone());
    let verdict = gate.0.passwords.verify(password, hash).await?;
    let (Verdict::Right { renewed }, Some(known)) = (verdict, known) else {
        gate.limits(|limits, now| limits.failed(&user, now));
        gate.note_try(caller, Action::LoginFailed, &user);
        return Err(Failure::wrong_login());
    };
    gate.limits(|limits, _| limits.succeeded(&user));
    if let Some(renewed) = renewed {
        store.renew_hash(&known.name, &renewed)?;
    }
    let address = caller.address();
    let visit = caller.visit(address.as_deref());
    Ok(store.log_in(&known.name, caller.presented, visit, UnixMs::now())?)
}

/// `POST /api/v1/logout`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leave {
    /// Every session of this user, not only this one.
    #[serde(default)]
    everywhere: bool,
}

pub(crate) async fn logout(
    State(gate): State<Gate>,
    caller: Caller,
    Sent(Leave { everywhere }): Sent<Leave>,
) -> Result<Response, Failure> {
    let cookie = log_out(&gate, &caller, everywhere)?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), routes::json("{}".into())).into_response())
}

/// `POST /logout`: the same from the page without scripts.
pub(crate) async fn log_out_by_form(State(gate): State<Gate>, caller: Caller) -> Response {
    match log_out(&gate, &caller, false) {
        Ok(cookie) => {
            (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("login?plain=1")).into_response()
        }
        Err(failure) => failure.into_page(assets::login_refusal),
    }
}

/// Ends the session that `caller` has, and answers what takes its secret away.
fn log_out(gate: &Gate, caller: &Caller, everywhere: bool) -> Result<HeaderValue, Failure> {
    if let Some(presented) = caller.presented {
        gate.store()?.log_out(presented, everywhere, caller.address().as_deref(), UnixMs::now())?;
    }
    Ok(session::clear_cookie(&gate.0.settings.base, caller.client.https))
}

/// `POST /api/v1/setup`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstAdmin {
    token: String,
    user: String,
    password: String,
}

pub(crate) async fn set_up(
    State(gate): State<Gate>,
    caller: Caller,
    Sent(FirstAdmin { token, user, password }): Sent<FirstAdmin>,
) -> Result<Response, Failure> {
    let store = gate.store()?;
    if store.has_users()? {
        return Err(Failure::no_set_up());
    }
    // Every try counts as one for nobody in particular.
    gate.try_login(&caller, "")?;
    if !gate.0.set_up.accepts(&token, UnixMs::now()) {
        gate.note_try(&caller, Action::LoginFailed, "set-up");
        return Err(Failure::wrong_set_up_token());
    }
    let name: Name = user.parse()?;
    let hash = gate.0.passwords.hash(password).await?;
    let address = caller.address();
    // Two may have come this far: the database lets one of them through.
    let secret = store.set_up(&name, &hash, caller.visit(address.as_deref()), UnixMs::now())?;
    gate.0.set_up.used();
    Ok(gate.let_in(&caller, &secret))
}

/// `POST /api/v1/password`: one's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    old: String,
    new: String,
}

pub(crate) async fn change_password(
    State(gate): State<Gate>,
    access: Access,
    caller: Caller,
    Sent(NewPassword { old, new }): Sent<NewPassword>,
) -> Result<Response, Failure> {
    let store = gate.store()?;
    let Asker::Person { user, session, .. } = &access.asker else { return Err(Failure::may_not()) };
    gate.try_login(&caller, user)?;
    password::check_length(&new)?;
    let hash = store.user(user)?.map(|known| known.password);
    if gate.0.passwords.verify(old, hash).await? == Verdict::Wrong {
        gate.limits(|limits, now| limits.failed(user, now));
        gate.note_try(&caller, Action::LoginFailed, user);
        return Err(Failure::wrong_login());
    }
    let hash = gate.0.passwords.hash(new).await?;
    let address = caller.address();
    let by = access.entry(Action::PasswordChanged, address.as_deref());
    store.set_password(user, &hash, Some(*session), &by)?;
    let secret = store.log_in(user, Some(*session), caller.visit(address.as_deref()), UnixMs::now())?;
    Ok(gate.let_in(&caller, &secret))
}

#[derive(Serialize)]
struct Me<'a> {
    schema: &'static str,
    /// `None` without a login.
    user: Option<&'a str>,
    role: super::Role,
    /// The user of the machine whose sight it is.
    os_user: Option<String>,
    sees_connections: bool,
    sees_command_lines: bool,
    /// Whether there is a session that can be ended.
    can_log_out: bool,
}

/// `GET /api/v1/me`
pub(crate) async fn me(
    access: Access,
    State(users): State<std::sync::Arc<bwusage_proto::users::Users>>,
) -> Response {
    let me = Me {
        schema: "bwusage.me/1",
        user: access.name(),
        role: access.role(),
        os_user: access.os_user().map(|user| users.name(user).to_string()),
        sees_connections: access.sees_connections(),
        sees_command_lines: access.sight().command_lines(),
        can_log_out: matches!(access.asker, Asker::Person { .. }),
    };
    routes::json(events::json(&me).into())
}

impl Gate {
    /// The database, where there is a login.
    pub(super) fn store(&self) -> Result<&Store, Failure> {
        self.0.settings.store.as_ref().ok_or_else(Failure::no_login)
    }

    /// Counts a try to log in as `user`, or refuses it.
    fn try_login(&self, caller: &Caller, user: &str) -> Result<(), Failure> {
        // Who cannot be told apart shares one allowance.
        let address = caller.client.address.unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into());
        let admitted = self.limits(|limits, now| limits.admit(address, user, now));
        Ok(admitted.inspect_err(|Wait { limit, .. }| {
            if *limit == Limit::User {
                self.note_try(caller, Action::LoginDelayed, user);
            }
        })?)
    }

    fn note_try(&self, caller: &Caller, action: Action, user: &str) {
        let address = caller.address();
        self.note(&Entry {
            at: UnixMs::now(),
            actor: None,
            address: address.as_deref(),
            action,
            subject: Some(user),
            detail: caller.agent.as_deref(),
        });
    }

    /// Hands a new session to the browser.
    fn let_in(&self, caller: &Caller, secret: &Secret) -> Response {
        let cookie = self.cookie(caller, secret);
        (AppendHeaders([(header::SET_COOKIE, cookie)]), routes::json("{}".into())).into_response()
    }

    /// What a browser keeps of a session.
    fn cookie(&self, caller: &Caller, secret: &Secret) -> HeaderValue {
        session::set_cookie(secret, &self.0.settings.base, caller.client.https)
    }
}

impl Caller {
    pub(super) fn address(&self) -> Option<String> {
        self.client.address.map(|address| address.to_string())
    }

    fn visit<'a>(&'a self, address: Option<&'a str>) -> Visit<'a> {
        Visit { address, agent: self.agent.as_deref() }
    }
}

impl Access {
    /// The beginning of a line in the audit log: that this asker did it, now.
    pub(super) fn entry<'a>(&'a self, action: Action, address: Option<&'a str>) -> Entry<'a> {
        Entry { at: UnixMs::now(), actor: self.name(), address, action, subject: None, detail: None }
    }

    /// The session that asks.
    pub(super) fn session(&self) -> Option<Digest> {
        match self.asker {
            Asker::Person { session, .. } => Some(session),
            _ => None,
        }
    }
}
