//! Alerts, told to those who are not looking: a POST of JSON, or an e-mail.
//!
//! This process has no privilege, and reaches further than its page does, so where to is decided in one place: only the hosts of
//! the configuration, which the page cannot change, and of their addresses only public ones and those that it allows, [`reach`].
//!
//! - [`config`] says who is to be told of what; [`webhook`] and [`mail`] tell it; [`board`] is what came of it, for people.
//! - [`watch`] follows the daemon from where the last server ended. It has a thread and a subscription of its own: what happened
//!   while nobody delivered is told, which the open pages do not want, and a slow resolver holds up no page.
//!
//! How an event is worded, kept and tried again is the same as for `bwusage-ctl notify`: [`bwusage_proto::notify`].

use std::{sync::Arc, thread};

use bwusage_proto::{
    notify::{Cursor, Notice, Obstacle, webhook},
    transport::Endpoint,
};

pub(crate) mod board;
pub(crate) mod config;
mod mail;
mod reach;
mod watch;

use board::Board;
use config::Channel;

/// How somebody is told.
#[derive(Debug)]
enum Way {
    Webhook(webhook::Webhook),
    Mail(mail::Mail),
}

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Webhook(#[from] webhook::Unposted),
    #[error(transparent)]
    Mail(#[from] mail::Unsent),
}

impl Way {
    /// Where to, without anything that can be a secret.
    fn host(&self) -> String {
        match self {
            Self::Webhook(webhook) => webhook.host(),
            Self::Mail(mail) => mail.host(),
        }
    }

    /// Tells it, once. Ends by itself in about the time that the configuration allows.
    async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        match self {
            Self::Webhook(webhook) => Ok(webhook.deliver(notice).await?),
            Self::Mail(mail) => Ok(mail.deliver(notice).await?),
        }
    }
}

impl Obstacle for Undelivered {
    fn is_transient(&self) -> bool {
        match self {
            Self::Webhook(why) => why.is_transient(),
            Self::Mail(why) => why.is_transient(),
        }
    }

    fn wait_at_least(&self) -> std::time::Duration {
        match self {
            Self::Webhook(why) => why.wait_at_least(),
            Self::Mail(why) => why.wait_at_least(),
        }
    }
}

/// Why, from the outside to the root of it, and what to do about it; never a secret.
fn reason(why: &Undelivered) -> String {
    let mut text = why.to_string();
    let mut source = std::error::Error::source(why);
    while let Some(deeper) = source {
        let said = deeper.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = deeper.source();
    }
    let hint = match why {
        Undelivered::Webhook(why) => why.hint(),
        Undelivered::Mail(why) => why.hint(),
    };
    hint.map_or(text.clone(), |hint| format!("{text} ({hint})"))
}

/// Tells `channels` of the events of the daemon at `endpoint` for as long as the process runs.
pub(crate) fn start(channels: Vec<Channel>, cursor: Cursor, endpoint: Endpoint) -> Arc<Board> {
    let board = Arc::new(Board::new(&channels));
    let shown = Arc::clone(&board);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(watch::run(&channels, &cursor, endpoint, &board)),
            Err(error) => eprintln!("no alert is delivered: {error}"),
        }
    });
    shown
}
