//! `bwusage.watch/1`: a stream of records, one JSON object a line.

use serde::Serialize;

use super::{Moment, TopReport};

/// The name of this schema.
pub const WATCH_SCHEMA: &str = "bwusage.watch/1";

/// One line of the stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WatchRecord<'a> {
    /// The table at one tick: everything of `bwusage.top/1`, and where it stands in the stream.
    Sample {
        /// Number of the daemon's tick. A jump means that ticks were merged; their bytes are in the totals.
        seq: u64,
        /// Whether the totals began anew, because it is another run of the daemon than in the sample before.
        restarted: bool,
        /// The table.
        #[serde(flatten)]
        top: TopReport<'a>,
    },
    /// The daemon was lost. Samples go on when it is back.
    Gap {
        /// [`WATCH_SCHEMA`].
        schema: &'static str,
        /// When it was noticed.
        at: Moment,
        /// The last sample.
        last_sample_at: Option<Moment>,
        /// Why, for scripts.
        code: &'static str,
        /// Why, for people.
        message: String,
    },
    /// Nothing follows.
    End {
        /// [`WATCH_SCHEMA`].
        schema: &'static str,
        /// When.
        at: Moment,
        /// Why.
        reason: EndReason,
        /// Samples in the stream.
        samples: u64,
    },
}

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// As many samples as were asked for.
    Count,
    /// The daemon cannot be talked to any more, whatever the wait.
    Failed,
}
