//! Why a question has no answer.

use bwusage_proto::{
    history::BILLING_DAYS,
    message::{Refusal, RefusalCode},
};

use crate::calendar::TooMany;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Nobody knows the time zone.
    #[error("the time zone {name:?} is not known")]
    UnknownZone {
        /// Its name.
        name: String,
    },
    /// No such day in every month.
    #[error("a month begins on one of the days {} to {}, not on {found}", BILLING_DAYS.start(), BILLING_DAYS.end())]
    BillingDay {
        /// What was asked for.
        found: u8,
    },
    /// It ends before it begins.
    #[error("the range ends before it begins")]
    Backwards,
    /// Too much for one answer.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Nobody keeps it.
    #[error("history by {what}")]
    NotKept {
        /// What is not kept.
        what: &'static str,
        /// What to ask for.
        instead: &'static str,
    },
    /// The database failed.
    #[error("the history cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl From<&QueryError> for Refusal {
    fn from(error: &QueryError) -> Self {
        let (code, hint) = match error {
            QueryError::UnknownZone { .. } => (RefusalCode::BadRequest, "name it as in Europe/Berlin"),
            QueryError::BillingDay { .. } => (RefusalCode::BadRequest, "choose a day that every month has"),
            QueryError::Backwards => (RefusalCode::BadRequest, "exchange the two ends"),
            QueryError::TooMany(_) => (RefusalCode::BadRequest, "ask for larger buckets, or a shorter range"),
            &QueryError::NotKept { instead, .. } => (RefusalCode::Unavailable, instead),
            QueryError::Sqlite(_) => {
                (RefusalCode::Unavailable, "see what the daemon says of it: bwusage-ctl status")
            }
        };
        Self { code: code as u16, message: error.to_string(), hint: Some(hint.into()) }
    }
}
