//! From events of the daemon to those who want to know: the desktop, a webhook, a command.
//!
//! It runs as the user, never in the daemon. [`config`] says who is to be told; how an event is worded, kept and tried again is in
//! [`bwusage_proto::notify`]. The command in [`crate::commands`] puts them together.
//!
//! Invariant: text that a process chose reaches a destination as data: in JSON, in an environment variable, in escaped
//! markup. Never in an argument and never in a shell's line.

pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod desktop;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod undelivered;

pub(crate) use undelivered::Undelivered;

use bwusage_proto::notify::{Notice, webhook::Webhook};

/// How somebody is told.
#[derive(Debug)]
pub(crate) enum Way {
    Desktop(desktop::Desktop),
    Webhook(Webhook),
    Command(command::Command),
}

impl Way {
    /// Tells it, once. Ends by itself in about the time that the configuration allows.
    pub(crate) async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        match self {
            Self::Desktop(desktop) => desktop.deliver(notice).await,
            Self::Webhook(webhook) => Ok(webhook.deliver(notice).await?),
            Self::Command(command) => command.deliver(notice).await,
        }
    }
}
