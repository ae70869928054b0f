//! `bwusage.alert_dry_run/1`: how often a rule would have fired.

use serde::Serialize;

use super::{MeasuredReport, Moment};
use crate::alert::{DryRun, Firing};

/// The name of the schema of a dry run.
pub const ALERT_DRY_RUN_SCHEMA: &str = "bwusage.alert_dry_run/1";

/// How often a rule would have fired in the last weeks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRunReport<'a> {
    /// [`ALERT_DRY_RUN_SCHEMA`].
    pub schema: &'static str,
    /// The rule, as it would be kept.
    pub text: &'a str,
    /// How often; `null` where the history cannot tell.
    pub fired: Option<u64>,
    /// Why it cannot, where that is so.
    pub unknown: Option<&'a str>,
    /// From when on it was looked for.
    pub from_at: Moment,
    /// Up to when.
    pub to_at: Moment,
    /// For how many seconds of that somebody counted.
    pub counted_s: u64,
    /// In which steps it was looked for, the oldest first.
    pub steps: Vec<&'static str>,
    /// The newest ones, oldest first.
    pub firings: Vec<FiringReport<'a>>,
    /// What a reader must know.
    pub notes: &'a [String],
}

/// One time that it would have fired.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FiringReport<'a> {
    /// When the step began in which it would have.
    pub at: Moment,
    /// The application that it is about, of news.
    pub subject: Option<&'a str>,
    /// What was measured.
    pub measured: Option<MeasuredReport>,
    /// The share of the cap that was reached.
    pub reached_percent: Option<u16>,
}

impl<'a> DryRunReport<'a> {
    /// The report of `run`.
    #[must_use]
    pub fn new(run: &'a DryRun) -> Self {
        Self {
            schema: ALERT_DRY_RUN_SCHEMA,
            text: &run.text,
            fired: run.fired,
            unknown: run.unknown.as_deref(),
            from_at: Moment(run.from_unix_ms),
            to_at: Moment(run.to_unix_ms),
            counted_s: run.counted_s,
            steps: run.steps.iter().map(|step| step.name()).collect(),
            firings: run.firings.iter().map(FiringReport::new).collect(),
            notes: &run.notes,
        }
    }
}

impl<'a> FiringReport<'a> {
    fn new(firing: &'a Firing) -> Self {
        Self {
            at: Moment(firing.at_unix_ms),
            subject: firing.subject.as_deref(),
            measured: firing.measured.map(MeasuredReport::from),
            reached_percent: firing.reached_percent,
        }
    }
}
