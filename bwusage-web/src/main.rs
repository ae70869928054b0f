//! The dashboard of bwusage: an unprivileged client of the daemon that shows what it sees in a web page.
//!
//! Start at [`routes`], which lists what the server answers; [`feed`] is where its data comes from.
//!
//! - [`feed`] holds the one subscription to the daemon and publishes a [`moment`] for every tick; [`alert_feed`] likewise
//!   what happens to rules.
//! - [`question`], [`talk_question`] and [`history_question`] are tables that somebody asked for; [`events`] is what a page is told; [`viewer`]
//!   decides what one page is told next, and [`pace`] how often. All of them are pure.
//! - [`guard`] refuses what comes from elsewhere, [`peer`] tells which user asks; [`assets`] is the page, part of the program.
//!
//! Invariant: nothing leaves this machine and nothing is fetched from another one.

mod alert_feed;
mod assets;
mod cli;
mod download;
mod events;
mod failure;
mod feed;
mod guard;
mod history_question;
mod moment;
mod pace;
mod peer;
mod question;
mod routes;
mod rule_question;
#[cfg(test)]
mod sample;
mod talk_question;
mod viewer;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use bwusage_proto::transport::Endpoint;
use clap::Parser as _;
use tokio::net::TcpListener;

use crate::{alert_feed::AlertFeed, cli::Arguments, guard::AllowedHosts, peer::Peer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let address = arguments.listen;
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} (take another port with --listen 127.0.0.1:PORT)")
    })?;
    let endpoint = Endpoint::resolve(arguments.socket);
    let users = Arc::default();
    let hosts = AllowedHosts::new(arguments.allowed_hosts);
    let router = routes::router(
        routes::Sources {
            moments: feed::follow(endpoint.clone()),
            alerts: AlertFeed::follow(endpoint.clone(), Arc::clone(&users)),
            users,
            endpoint,
        },
        hosts,
        arguments.share_connections,
    );
    let service = router.into_make_service_with_connect_info::<Peer>();
    // Told to whoever reads it; the server does not depend on anybody reading.
    writeln!(io::stdout(), "bwusage-web: open http://{}/", listener.local_addr()?).ok();
    axum::serve(listener, service).await.context("the web server failed")
}
