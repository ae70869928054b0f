//! How often a rule would have fired, as the history tells.

use serde::{Deserialize, Serialize};

use super::Measured;
use crate::{
    codec::{Decode, Encode},
    history::Bucket,
};

/// How far a dry run looks back: 30 days.
pub const DRY_RUN_S: u32 = 30 * 86_400;
/// So many firings of a dry run are told one by one.
pub const MAX_FIRINGS: usize = 100;

/// What a rule would have done in the last [`DRY_RUN_S`] seconds, or as many of them as the history still knows finely enough.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DryRun {
    /// The rule, as it would be kept.
    pub text: String,
    /// How often it would have fired; `None` where the history cannot tell.
    pub fired: Option<u64>,
    /// Why it cannot, where that is so.
    pub unknown: Option<String>,
    /// From when on it was looked for, in milliseconds of Unix time.
    pub from_unix_ms: u64,
    /// Up to when, in milliseconds of Unix time.
    pub to_unix_ms: u64,
    /// For how many seconds of that somebody counted. The rest are gaps, in which nothing is known.
    pub counted_s: u64,
    /// In which steps it was looked for, the oldest first: the past is kept ever more coarsely.
    pub steps: Vec<Bucket>,
    /// The newest [`MAX_FIRINGS`], oldest first.
    pub firings: Vec<Firing>,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// One time that a rule would have fired.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Firing {
    /// When the step began in which it would have, in milliseconds of Unix time.
    pub at_unix_ms: u64,
    /// The application that it is about, of news. Chosen by a program: escape it.
    pub subject: Option<String>,
    /// What was measured at the end of the step.
    pub measured: Option<Measured>,
    /// The share of the cap that was reached, in percent.
    pub reached_percent: Option<u16>,
}
