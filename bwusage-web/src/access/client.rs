//! From where a request really comes: the other end of the connection, or what a trusted proxy there says.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The one who asks, as far as the network tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// `None` where the connection does not tell.
    pub(crate) address: Option<IpAddr>,
    /// Whether the browser's own connection is encrypted.
    pub(crate) https: bool,
}

impl Client {
    /// Who is behind a connection from `peer`, which is encrypted if `tls`. Only what `proxies` say is believed: of the
    /// addresses that they passed on, the last one that is no proxy, because everything before it may be made up.
    pub(crate) fn new(peer: Option<IpAddr>, tls: bool, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let is_proxy = |address: &IpAddr| proxies.contains(&address.to_canonical());
        let Some(proxy) = peer.map(|peer| peer.to_canonical()).filter(is_proxy) else {
            return Self { address: peer.map(|peer| peer.to_canonical()), https: tls };
        };
        let said = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let passed_on: Vec<&str> =
            said(FORWARDED_FOR).flat_map(|list| list.split(',')).map(str::trim).collect();
        let mut address = proxy;
        for text in passed_on.into_iter().rev() {
            // From nonsense on, nothing is known: the proxy that passed it on stands for it.
            let Ok(before) = text.parse::<IpAddr>() else { break };
            address = before.to_canonical();
            if !is_proxy(&address) {
                break;
            }
        }
        let https =
            said(FORWARDED_PROTO).next_back().is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        Self { address: Some(address), https: tls || https }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn client(peer: &str, headers: &[(HeaderName, &'static str)], proxies: &[IpAddr]) -> (String, bool) {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let client = Client::new(peer.parse().ok(), false, &headers.collect(), proxies);
        (client.address.unwrap().to_string(), client.https)
    }

    #[test]
    fn nobody_but_a_proxy_is_believed() {
        let lies = [(FORWARDED_FOR, "203.0.113.9"), (FORWARDED_PROTO, "https")];
        assert_eq!(client("192.0.2.1", &lies, &[PROXY]), ("192.0.2.1".into(), false));
        assert_eq!(client("127.0.0.1", &lies, &[]), ("127.0.0.1".into(), false));
    }

    #[test]
    fn a_proxy_says_who_asked_it_and_how() {
        let said = [(FORWARDED_FOR, "203.0.113.9"), (FORWARDED_PROTO, "https")];
        assert_eq!(client("127.0.0.1", &said, &[PROXY]), ("203.0.113.9".into(), true));
        assert_eq!(client("::ffff:127.0.0.1", &said, &[PROXY]), ("203.0.113.9".into(), true));
    }

    #[test]
    fn what_the_client_itself_put_before_is_not_believed() {
        let said = [(FORWARDED_FOR, "10.0.0.1, 203.0.113.9"), (FORWARDED_FOR, "192.0.2.7")];
        assert_eq!(client("127.0.0.1", &said, &[PROXY]).0, "192.0.2.7");
        let through_two = [(FORWARDED_FOR, "10.0.0.1, 203.0.113.9, 127.0.0.1")];
        assert_eq!(client("127.0.0.1", &through_two, &[PROXY]).0, "203.0.113.9");
    }

    #[test]
    fn nonsense_and_nothing_are_the_proxy_itself() {
        for said in [&[(FORWARDED_FOR, "unknown")][..], &[(FORWARDED_FOR, "203.0.113.9, <script>")], &[]] {
            assert_eq!(client("127.0.0.1", said, &[PROXY]), ("127.0.0.1".into(), false), "{said:?}");
        }
    }
}
