//! What came of the deliveries, for people.

use std::sync::{Mutex, PoisonError};

use bwusage_proto::report::Moment;
use serde::Serialize;

use super::config::Channel;

/// The name of the schema of [`Board::report`].
pub(crate) const SCHEMA: &str = "bwusage.deliveries/1";

/// One line for each channel.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Vec<Line>>);

/// What came of one channel's deliveries since this server started.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Line {
    channel: String,
    /// Who is told of what, without secrets.
    about: String,
    delivered: u64,
    /// Attempts that failed and were or will be made again.
    retried: u64,
    /// Events that will not be told: refused, too old, or given up because the channel was too slow.
    lost: u64,
    last_delivered_at: Option<Moment>,
    /// Why the last attempt failed, `null` once one succeeded after it.
    fault: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: &'static str,
    channels: &'a [Line],
}

/// What happened to one delivery.
#[derive(Debug)]
pub(super) enum Outcome {
    Delivered { at_unix_ms: u64 },
    Retry { why: String },
    Lost { events: u64, why: String },
}

impl Board {
    pub(super) fn new(channels: &[Channel]) -> Self {
        let line = |channel: &Channel| Line {
            channel: channel.name.clone(),
            about: channel.describe(),
            ..Line::default()
        };
        Self(Mutex::new(channels.iter().map(line).collect()))
    }

    pub(super) fn note(&self, channel: &str, outcome: Outcome) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(line) = lines.iter_mut().find(|line| line.channel == channel) else { return };
        match outcome {
            Outcome::Delivered { at_unix_ms } => {
                line.delivered += 1;
                line.last_delivered_at = Some(Moment(at_unix_ms));
                line.fault = None;
            }
            Outcome::Retry { why } => {
                line.retried += 1;
                line.fault = Some(why);
            }
            Outcome::Lost { events, why } => {
                line.lost += events;
                line.fault = Some(why);
            }
        }
    }

    /// All of it as JSON.
    pub(crate) fn report(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        crate::events::json(&Report { schema: SCHEMA, channels: &lines })
    }
}
