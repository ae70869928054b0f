//! The dashboard of bwusage: an unprivileged client of the daemon that shows what it sees in a web page.
//!
//! Start at [`routes`], which lists what the server answers; [`feed`] is where its data comes from.
//!
//! - [`feed`] holds the one subscription to the daemon and publishes a [`moment`] for every tick; [`alert_feed`] likewise
//!   what happens to rules.
//! - [`question`], [`talk_question`] and [`history_question`] are tables that somebody asked for; [`events`] is what a page is told; [`viewer`]
//!   decides what one page is told next, and [`pace`] how often. All of them are pure.
//! - [`access`] knows users and what they may see and do; [`guard`] refuses what comes from elsewhere, [`peer`] tells which
//!   user of this machine asks; [`assets`] is the page, part of the program, [`plain`] the one
//!   that needs no scripts.
//! - [`serve`] takes connections, [`tls`] encrypts them. [`users_command`] changes users without the server.
//!
//! - [`delivery`] tells of alerts while nobody looks, by webhook and e-mail.
//!
//! Invariant: nothing is fetched from another machine, and nothing is sent to one that did not ask, but what the configuration of
//! [`delivery`] names.

mod access;
mod alert_feed;
mod assets;
mod cli;
mod delivery;
mod download;
mod events;
mod failure;
mod feed;
mod guard;
mod history_question;
mod html;
mod metrics;
mod moment;
mod pace;
mod peer;
mod plain;
mod question;
mod routes;
mod rule_question;
#[cfg(test)]
mod sample;
mod serve;
mod state;
mod streams;
mod talk_question;
mod tls;
mod users_command;
mod viewer;

use std::{
    convert::Infallible,
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use bwusage_proto::{notify::Cursor, transport::Endpoint};
use tokio::net::TcpListener;

use crate::{
    access::{Gate, Settings, Store},
    alert_feed::AlertFeed,
    cli::{Arguments, Command, Serve},
    guard::AllowedHosts,
    metrics::Metrics,
    routes::{MetricsAllowed, Sources},
    state::Remembered,
    tls::Tls,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command, serve } = Arguments::typed();
    let done = match command {
        Some(Command::User { change }) => users_command::run(change),
        None => run(serve).await.map(|never| match never {}),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Serve) -> anyhow::Result<Infallible> {
    let address = arguments.listen;
    let tls = match arguments.tls_cert.zip(arguments.tls_key) {
        Some((certificate, key)) => Some(Tls::open(certificate, key)?),
        None => None,
    };
    let folder = arguments.state.folder();
    let store = if arguments.no_login { None } else { Some(Store::open(&folder)?) };
    let metrics_allowed = match &store {
        // Whoever logs in may read them, and whoever has a token.
        Some(_) if arguments.metrics_allowed.is_empty() => MetricsAllowed::nobody(),
        _ => MetricsAllowed::new(arguments.metrics_allowed),
    };
    let endpoint = Endpoint::resolve(arguments.socket);
    let settings = Settings {
        store,
        share_connections: arguments.share_connections,
        redact_viewers: arguments.redact_viewers,
        base: arguments.base,
        tls: tls.is_some(),
        trusted_proxies: arguments.trusted_proxies,
        metrics_allowed,
    };
    let base = settings.base.clone();
    let gate = Gate::new(settings, endpoint.clone());
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} (take another port with --listen 127.0.0.1:PORT)")
    })?;
    let hosts =
        AllowedHosts::new(arguments.allowed_hosts).and_addresses(!address.ip().to_canonical().is_loopback());
    let users = Arc::default();
    let (metrics_file, memory) = Remembered::load(&folder, "metrics.json");
    let deliveries = match arguments.config {
        None => None,
        Some(path) => {
            let channels = delivery::config::load(&path)?;
            let path =
                folder.path("deliveries.json").context("without --state nobody knows what was delivered")?;
            let cursor = Cursor::open(&path)?;
            Some(delivery::start(channels, cursor, endpoint.clone()))
        }
    };
    let sources = Sources {
        deliveries,
        metrics: Metrics::new(arguments.metrics_top as usize, memory),
        metrics_file,
        moments: feed::follow(endpoint.clone()),
        alerts: AlertFeed::follow(endpoint.clone(), Arc::clone(&users)),
        users,
        endpoint,
    };
    let router = routes::router(sources, hosts, &gate, arguments.max_streams);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let page = format!("{scheme}://{}{base}", listener.local_addr()?);
    // Told to whoever reads it; the server does not depend on anybody reading.
    writeln!(io::stdout(), "bwusage-web: open {page}").ok();
    access::invite::print(&gate, &page, arguments.setup_token_file.as_deref())?;
    Ok(serve::serve(listener, router, tls).await)
}
