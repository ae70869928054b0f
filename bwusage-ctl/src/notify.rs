//! From events of the daemon to those who want to know: the desktop, a webhook, a command.
//!
//! It runs as the user, never in the daemon. [`config`] says who is to be told, [`notice`] how an event is worded,
//! [`courier`] brings each notice to one destination, in order and until it arrives or is too old, and [`cursor`]
//! remembers across restarts what arrived. The command in [`crate::commands`] puts them together.
//!
//! Invariant: text that a process chose reaches a destination as data: in JSON, in an environment variable, in escaped
//! markup. Never in an argument and never in a shell's line.

pub(crate) mod backlog;
pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod courier;
pub(crate) mod cursor;
pub(crate) mod desktop;
pub(crate) mod notice;
pub(crate) mod undelivered;
pub(crate) mod webhook;

pub(crate) use undelivered::Undelivered;

use notice::Notice;

/// How somebody is told.
#[derive(Debug)]
pub(crate) enum Way {
    Desktop(desktop::Desktop),
    Webhook(webhook::Webhook),
    Command(command::Command),
}

impl Way {
    /// Tells it, once. Ends by itself in about the time that the configuration allows.
    pub(crate) async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        match self {
            Self::Desktop(desktop) => desktop.deliver(notice).await,
            Self::Webhook(webhook) => webhook.deliver(notice).await,
            Self::Command(command) => command.deliver(notice).await,
        }
    }
}
