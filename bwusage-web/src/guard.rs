//! Who may ask: the check of where a request comes from, and the headers that bind the browser.
//!
//! A page on another site can make a browser on this machine send requests to a loopback address. Two checks keep its
//! scripts from reading anything: the `Host` must be a name of this machine (else a foreign name that resolves to
//! 127.0.0.1 makes the foreign page "same origin": DNS rebinding), and what the browser itself marks as coming from
//! another site is answered only when it is a person following a link.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Scripts, styles and data from this server only; nothing inline, no frames; forms lead
/// here, and what they may do [`crate::access`] decides.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The names that this server answers to beside loopback addresses and `localhost`.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts {
    names: Arc<BTreeSet<String>>,
    addresses: bool,
}

impl AllowedHosts {
    /// Answers to `names` too.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { names: Arc::new(names), addresses: false }
    }

    /// Answers to every address too, if `yes`: for a server that others can reach. No rebinding is made with an address.
    pub(crate) fn and_addresses(self, yes: bool) -> Self {
        Self { addresses: yes, ..self }
    }

    /// Whether `authority` (`name`, `name:port`, `[::1]:port`) names this server. The port does not matter: a tunnel
    /// may change it, and a rebinding attack is made with a name.
    fn names_us(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host().to_ascii_lowercase();
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        host == "localhost"
            || self.names.contains(&host)
            || address.parse::<IpAddr>().is_ok_and(|ip| self.addresses || ip.to_canonical().is_loopback())
    }
}

/// For a year, a browser that has seen the server encrypted does not ask it otherwise.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

/// What [`guard`] holds to.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The names of this server.
    pub(crate) hosts: AllowedHosts,
    /// Whether connections are encrypted here.
    pub(crate) tls: bool,
}

/// Refuses foreign requests and adds the headers to every answer.
pub(crate) async fn guard(State(rule): State<Rule>, request: Request, next: Next) -> Response {
    let Rule { hosts: allowed, tls } = rule;
    let refusal = refusal(&allowed, &request);
    let mut response = match refusal {
        Some((status, reason)) => (status, reason).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if tls {
        let value = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

fn refusal(allowed: &AllowedHosts, request: &Request) -> Option<(StatusCode, &'static str)> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let Some(host) = named else {
        return Some((StatusCode::BAD_REQUEST, "the request must name one Host\n"));
    };
    let in_target = request.uri().authority().map(Authority::as_str);
    if !allowed.names_us(host) || in_target.is_some_and(|host| !allowed.names_us(host)) {
        return Some((
            StatusCode::MISDIRECTED_REQUEST,
            "this Host is not a name of this server: open it as localhost, or start it with --allow-host NAME\n",
        ));
    }
    comes_from_another_site(request.headers())
        .then_some((StatusCode::FORBIDDEN, "requests from other sites are not answered\n"))
}

/// What the browser says about the page that asks. Programs such as curl say nothing, and are no page.
fn comes_from_another_site(headers: &HeaderMap) -> bool {
    let says = |name, value| headers.get(name).is_some_and(|header: &HeaderValue| header == value);
    let foreign = says("sec-fetch-site", "cross-site") || says("sec-fetch-site", "same-site");
    foreign && !(says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_ours_with_and_without_a_port() {
        let allowed = AllowedHosts::default();
        for host in ["localhost", "LOCALHOST:8787", "127.0.0.1", "127.8.8.8:1", "[::1]", "[::1]:8787"] {
            assert!(allowed.names_us(host), "{host}");
        }
    }

    #[test]
    fn names_that_only_resolve_to_loopback_are_not_ours() {
        let hosts = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.1",
            "",
            "[::]",
            "::1",
        ];
        for host in hosts {
            assert!(!AllowedHosts::default().names_us(host), "{host}");
        }
    }

    #[test]
    fn a_login_part_cannot_disguise_the_host() {
        assert!(!AllowedHosts::default().names_us("localhost@evil.example"));
    }

    #[test]
    fn a_server_that_others_can_reach_answers_to_addresses_and_still_not_to_names() {
        let allowed = AllowedHosts::default().and_addresses(true);
        assert!(allowed.names_us("192.168.1.1:8787") && allowed.names_us("[fe80::1]"));
        assert!(!allowed.names_us("evil.example") && !allowed.names_us("192.168.1.1.evil.example"));
    }

    #[test]
    fn an_allowed_name_is_ours_in_any_case() {
        assert!(AllowedHosts::new(["Stats.Example".to_owned()]).names_us("sTATS.example:443"));
    }
}
