//! Who may ask what, and what they are shown.
//!
//! Start at [`Gate`], which says for every request who asks; [`needs`] is what a route may ask of them, and the table in
//! [`crate::routes`] which route asks what. A handler takes an [`Access`]: it is there only when the route's need is met.
//!
//! - [`password`], [`session`], [`secret`], [`limits`], [`setup`] are the parts of a login, [`login`] its requests.
//! - [`store`] keeps users, sessions, tokens and the audit log; [`manage`] is how an admin changes them.
//! - [`sight`] is what one asker is shown of the machine, [`tie`] how that follows from an OS user.
//!
//! Invariant: a password or secret is compared, hashed and forgotten; none is stored, logged or sent back.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use bwusage_proto::{process::UserId, transport::Endpoint};

use crate::{assets, failure::Failure, peer::Peer, routes::MetricsAllowed};

mod client;
pub(crate) mod invite;
mod limits;
pub(crate) mod login;
pub(crate) mod manage;
mod needs;
pub(crate) mod offline;
mod origin;
mod password;
mod refusal;
mod role;
mod secret;
mod sent;
mod session;
mod setup;
mod sight;
mod store;
#[cfg(test)]
pub(crate) mod testing;
mod tie;
mod time;

use client::Client;
use limits::{Limits, Wait};
pub(crate) use needs::Needs;
use needs::Refused;
use password::Passwords;
pub(crate) use role::{Role, Scope};
use secret::{Digest, Secret};
pub(crate) use sent::MAX_BYTES as MAX_SENT_BYTES;
use setup::SetUp;
pub(crate) use sight::Sight;
pub(crate) use store::Store;
use store::{Action, Entry, Tie};
use tie::Ties;
use time::UnixMs;

/// What is asked for at the start.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The database of users; `None` serves the users of this machine without a login.
    pub(crate) store: Option<Store>,
    /// Without a login: whether every user of this machine is shown with whom programs talk.
    pub(crate) share_connections: bool,
    /// With a login: whether viewers see neither command lines nor with whom programs talk.
    pub(crate) redact_viewers: bool,
    /// The path below which everything is: `/`, or `/bw/`.
    pub(crate) base: String,
    /// Whether connections are encrypted here.
    pub(crate) tls: bool,
    /// The proxies whose word about their clients is taken.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Who may read the metrics without a login.
    pub(crate) metrics_allowed: MetricsAllowed,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: None,
            share_connections: false,
            redact_viewers: true,
            base: "/".into(),
            tls: false,
            trusted_proxies: Vec::new(),
            metrics_allowed: MetricsAllowed::new(Vec::new()),
        }
    }
}

/// What every request goes through. A copy is the same gate.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    passwords: Passwords,
    limits: Mutex<Limits>,
    /// From when on the limits count time.
    since: Instant,
    set_up: SetUp,
    ties: Ties,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A user of this machine, without a login.
    Local {
        /// Whether it is the user who runs this server, or root.
        own: bool,
    },
    /// Somebody who is logged in.
    Person { user: String, role: Role, session: Digest },
    /// A program with a token.
    Token { user: String, scope: Scope, token: Digest },
    /// A program that may read the metrics because of its address.
    Scraper,
}

impl Asker {
    /// What it may do; a token never more than look.
    fn role(&self) -> Role {
        match self {
            Self::Local { own: true } => Role::Operator,
            Self::Person { role, .. } => *role,
            Self::Local { own: false } | Self::Token { .. } | Self::Scraper => Role::Viewer,
        }
    }
}

/// Whoever asks, and what it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    gate: Gate,
    asker: Asker,
    os_user: Option<UserId>,
    sight: Sight,
    sees_connections: bool,
    address: Option<IpAddr>,
}

impl Access {
    /// What it may do.
    pub(crate) fn role(&self) -> Role {
        self.asker.role()
    }

    /// The OS user whose sight it has; `None` where it is tied to none.
    pub(crate) fn os_user(&self) -> Option<&UserId> {
        self.os_user.as_ref()
    }

    /// Whether it may know with whom programs talk. Of which programs, [`Sight`] says.
    pub(crate) fn sees_connections(&self) -> bool {
        self.sees_connections
    }

    /// That it may know with whom programs talk.
    ///
    /// # Errors
    ///
    /// Fails, in words, when it may not.
    pub(crate) fn may_see_connections(&self) -> Result<(), Failure> {
        match &self.asker {
            _ if self.sees_connections => Ok(()),
            Asker::Local { .. } => Err(Failure::not_for_others()),
            _ => Err(Failure::not_for_viewers()),
        }
    }

    /// That it may change rules, and try them out. The daemon takes every rule that comes from here for one of this
    /// server's own user, who may see everything: so it is not for those who may not.
    ///
    /// # Errors
    ///
    /// Fails, in words, when it may not.
    pub(crate) fn may_change_alerts(&self) -> Result<(), Failure> {
        if self.sight.is_restricted() { Err(Failure::not_for_tied()) } else { Ok(()) }
    }

    /// Whether it is the user who runs this server, without a login.
    pub(crate) fn is_own_user(&self) -> bool {
        self.asker == Asker::Local { own: true }
    }

    /// What it is shown of the machine.
    pub(crate) fn sight(&self) -> &Sight {
        &self.sight
    }

    /// The name to write in a log; `None` without a login.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.asker {
            Asker::Person { user, .. } | Asker::Token { user, .. } => Some(user),
            Asker::Local { .. } | Asker::Scraper => None,
        }
    }

    /// Writes into the audit log that it changed `rule`, an alert, and how.
    pub(crate) fn note_alert(&self, rule: &str, how: &str) {
        let address = self.address.map(|address| address.to_string());
        self.gate.note(&Entry {
            at: UnixMs::now(),
            actor: self.name(),
            address: address.as_deref(),
            action: Action::AlertChanged,
            subject: Some(rule),
            detail: Some(how),
        });
    }

    /// The same asker at present; `None` when it may not ask any more. For what goes on long after the request.
    pub(crate) async fn renewed(&self) -> Option<Self> {
        let gate = &self.gate;
        let Some(store) = &gate.0.settings.store else { return Some(self.clone()) };
        let now = UnixMs::now();
        let (asker, tie) = match &self.asker {
            Asker::Person { session, .. } => {
                let found = store.session(*session, now).ok()??;
                let asker = Asker::Person { user: found.user, role: found.role, session: *session };
                (asker, found.os_user)
            }
            Asker::Token { token, .. } => {
                let found = store.token(*token, now).ok()??;
                (Asker::Token { user: found.user, scope: found.scope, token: *token }, found.os_user)
            }
            Asker::Local { .. } | Asker::Scraper => return Some(self.clone()),
        };
        Some(gate.access(asker, tie, self.address).await)
    }
}

/// From where a request comes, whoever asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    client: Client,
    agent: Option<String>,
    /// The session that the browser says it has, in force or not.
    presented: Option<Digest>,
}

impl Gate {
    /// A gate as `settings` have it; OS users are asked about at `endpoint`.
    pub(crate) fn new(settings: Settings, endpoint: Endpoint) -> Self {
        Self(Arc::new(Inner {
            settings,
            passwords: Passwords::default(),
            limits: Mutex::default(),
            since: Instant::now(),
            set_up: SetUp::default(),
            ties: Ties::new(endpoint),
        }))
    }

    /// The path below which everything is, with a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.0.settings.base
    }

    /// Whether connections are encrypted here.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.settings.tls
    }

    /// The secret of a new set-up link, where there is nobody who could log in.
    pub(crate) fn set_up_token(&self) -> Result<Option<Secret>, store::StoreError> {
        let Some(store) = &self.0.settings.store else { return Ok(None) };
        Ok(if store.has_users()? { None } else { Some(self.0.set_up.issue(UnixMs::now())) })
    }

    /// Who asks with these headers for something that needs `needs`; `None` is nobody who is known.
    async fn identify(
        &self,
        needs: Needs,
        peer: &Peer,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<Option<Access>, Failure> {
        let Settings { store, metrics_allowed, .. } = &self.0.settings;
        let address = caller.client.address;
        // The address of the connection itself: whoever is behind a proxy needs a token.
        let may_scrape = needs == Needs::Metrics && metrics_allowed.allows(peer.address(), headers);
        let Some(store) = store else {
            let asker = match needs {
                Needs::Metrics if !may_scrape => return Ok(None),
                Needs::Metrics => Asker::Scraper,
                _ => Asker::Local { own: peer.is_own_user() },
            };
            return Ok(Some(self.access(asker, None, address).await));
        };
        let now = UnixMs::now();
        if let Some(token) = bearer(headers).map(Digest::of) {
            let Some(found) = store.token(token, now)? else { return Ok(None) };
            let asker = Asker::Token { user: found.user, scope: found.scope, token };
            return Ok(Some(self.access(asker, found.os_user, address).await));
        }
        if let Some(digest) = caller.presented
            && let Some(found) = store.session(digest, now)?
        {
            let asker = Asker::Person { user: found.user, role: found.role, session: digest };
            return Ok(Some(self.access(asker, found.os_user, address).await));
        }
        if may_scrape {
            return Ok(Some(self.access(Asker::Scraper, None, address).await));
        }
        Ok(None)
    }

    /// What `asker` is shown: that of the OS user it is tied to, else by its role.
    async fn access(&self, asker: Asker, tie: Option<Tie>, address: Option<IpAddr>) -> Access {
        let Settings { share_connections, redact_viewers, .. } = self.0.settings;
        let os_user = tie.map(|Tie(user)| user);
        let (sight, sees_connections) = match (&asker, &os_user) {
            (Asker::Local { own }, _) => (Sight::without_command_lines(), *own || share_connections),
            (Asker::Scraper, _) => (Sight::without_command_lines(), false),
            (_, Some(user)) => (Sight::of(self.0.ties.viewer(user).await), true),
            (asker, None) if asker.role() == Role::Viewer && redact_viewers => {
                (Sight::without_command_lines(), false)
            }
            (_, None) => (Sight::everything(), true),
        };
        Access { gate: self.clone(), asker, os_user, sight, sees_connections, address }
    }

    fn see(&self, peer: &Peer, headers: &HeaderMap) -> Caller {
        let Settings { tls, trusted_proxies, .. } = &self.0.settings;
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Caller {
            client: Client::new(peer.address(), *tls, headers, trusted_proxies),
            agent: agent.map(Into::into),
            presented: session::presented(headers).map(Digest::of),
        }
    }

    fn limits<T>(&self, ask: impl FnOnce(&mut Limits, Duration) -> T) -> T {
        ask(&mut self.0.limits.lock().unwrap_or_else(PoisonError::into_inner), self.0.since.elapsed())
    }

    /// Writes `entry` down. What happened is not undone because the disk is full: it is said where the service logs.
    fn note(&self, entry: &Entry<'_>) {
        let Some(store) = &self.0.settings.store else { return };
        if let Err(error) = store.note(entry) {
            eprintln!("bwusage-web: the audit log lacks {:?}: {error}", entry.action);
        }
    }
}

/// The token of an `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Lets a request through to its route, with the [`Access`] of whoever asks, or answers in the route's place.
pub(crate) async fn admit(
    State((gate, needs)): State<(Gate, Needs)>,
    mut request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    // Where nothing tells who is at the other end, it is nobody in particular.
    let peer = ConnectInfo::<Peer>::from_request_parts(&mut parts, &()).await;
    let peer = peer.map_or_else(|_| Peer::unknown(), |ConnectInfo(peer)| peer);
    let is_form = needs == Needs::Form;
    if let Err(failure) = origin::check(&parts.method, &parts.headers, is_form) {
        return if is_form { failure.into_page(assets::login_refusal) } else { failure.into_response() };
    }
    let caller = gate.see(&peer, &parts.headers);
    let access = match gate.identify(needs, &peer, &caller, &parts.headers).await {
        Ok(access) => access,
        Err(failure) => return failure.into_response(),
    };
    match needs.admit(access.as_ref().map(|access| &access.asker)) {
        Ok(()) => {}
        Err(Refused::ToLogin) => return Redirect::to(&gate.entrance(&parts.uri)).into_response(),
        Err(Refused::WhoIsIt) if needs == Needs::Metrics => return Failure::no_metrics().into_response(),
        Err(Refused::WhoIsIt) => return Failure::login_needed().into_response(),
        Err(Refused::MayNot) if gate.0.settings.store.is_none() => {
            return Failure::not_yours_to_change().into_response();
        }
        Err(Refused::MayNot) => return Failure::may_not().into_response(),
    }
    let body = match sent::whole(&parts.method, body).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    parts.extensions.insert(caller);
    if let Some(access) = access {
        parts.extensions.insert(access);
    }
    request = Request::from_parts(parts, body);
    next.run(request).await
}

impl Gate {
    /// The page for somebody who is not logged in, beside the one that was `asked` for. What of the page without scripts was
    /// asked for is kept: it is in the address, and nowhere else.
    fn entrance(&self, asked: &Uri) -> String {
        let has_users = self.0.settings.store.as_ref().is_none_or(|store| store.has_users().unwrap_or(true));
        match login::plain_query(asked) {
            _ if !has_users => "setup".into(),
            Some(query) => format!("login?{query}"),
            None => "login".into(),
        }
    }
}

/// What [`admit`] put there.
impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get().cloned().ok_or_else(Failure::login_needed)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get().cloned().ok_or_else(Failure::login_needed)
    }
}

#[cfg(test)]
mod tests;
