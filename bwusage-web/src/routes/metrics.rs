//! `/metrics`, for those networks that may ask without a login.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use bwusage_proto::filter::Network;

use super::App;
use crate::{
    access::Access,
    failure::Failure,
    metrics::{Answers, CONTENT_TYPE, Metrics},
};

/// What a proxy adds: whoever it is behind it is not the one who asks.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// This machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Whoever may ask without a login.
#[derive(Debug, Clone)]
pub(crate) struct MetricsAllowed(Vec<Network>);

impl MetricsAllowed {
    /// These networks; where none is named, this machine.
    pub(crate) fn new(networks: Vec<Network>) -> Self {
        if networks.is_empty() {
            Self(LOOPBACK.map(|text| text.parse().expect("a network")).into())
        } else {
            Self(networks)
        }
    }

    /// No network at all.
    pub(crate) fn nobody() -> Self {
        Self(Vec::new())
    }

    /// Whether somebody at `address` may, who sends `headers`.
    pub(crate) fn allows(&self, address: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        !is_forwarded && address.is_some_and(|address| self.0.iter().any(|network| network.holds(address)))
    }
}

pub(super) async fn metrics(State(app): State<App>, access: Access) -> Result<Response, Failure> {
    if access.sight().is_summed_up() {
        return Err(Failure::not_for_you());
    }
    let moment = Arc::clone(&app.moments.borrow());
    let text = match moment.live() {
        Err(_) => Metrics::away(),
        Ok(live) => {
            let answers = ask(&app).await;
            app.metrics.scrape(live.whole(), live.daemon_version(), answers.as_ref(), &app.users)
        }
    };
    app.metrics_file.keep(&app.metrics.memory());
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response())
}

/// What only the daemon knows. Without it the scrape lacks that, and nothing else.
async fn ask(app: &App) -> Option<Answers> {
    let (_line, mut client) = App::client(&app.daemon).await.ok()?;
    let status = client.status().await.ok()?;
    let ledger = client.ledger().await.ok()?;
    // A daemon of an earlier version does not know the question.
    Some(Answers { ledger, status, bounds: client.bounds().await.ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(networks: &[&str], address: &str, header: Option<&'static str>) -> bool {
        let allowed = MetricsAllowed::new(networks.iter().map(|network| network.parse().unwrap()).collect());
        let headers =
            header.map(|name| (name.parse().unwrap(), "127.0.0.1".parse().unwrap())).into_iter().collect();
        allowed.allows(Some(address.parse().unwrap()), &headers)
    }

    #[test]
    fn without_a_list_it_is_this_machine_and_with_one_only_that() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(allows(&[], address, None), "{address}");
        }
        assert!(!allows(&[], "192.168.1.9", None));
        assert!(allows(&["192.168.1.0/24"], "192.168.1.9", None));
        assert!(!allows(&["192.168.1.0/24"], "127.0.0.1", None));
    }

    #[test]
    fn whoever_is_behind_a_proxy_is_not_the_proxy() {
        for header in FORWARDED {
            assert!(!allows(&[], "127.0.0.1", Some(header)), "{header}");
        }
    }

    #[test]
    fn nobody_knows_nobody_may() {
        assert!(!MetricsAllowed::new(Vec::new()).allows(None, &HeaderMap::new()));
    }
}
