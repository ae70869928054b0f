//! What bwusage says in JSON: for scripts, for browsers, the same from every client.
//!
//! A name carries its unit (`_bytes`, `_bytes_per_s`, `_percent` of one core, `_ms`, `_at`). What is unknown is `null`,
//! never 0. Within one schema number names are added, never renamed or removed. `rx` and `tx` bytes are on the wire, IP
//! headers included, unless the name says `payload`.

use std::fmt;

use serde::{Serialize, Serializer};

mod alerts;
mod connections;
mod dry_run;
mod history;
mod ledger;
mod status;
mod top;
mod watch;
pub use alerts::{
    ALERT_EVENT_SCHEMA, ALERT_LOG_SCHEMA, ALERT_TRIAL_SCHEMA, ALERTS_SCHEMA, AlertEventReport,
    AlertLogReport, AlertsReport, MeasuredReport, RuleReport, TrialReport,
};
pub use connections::{CONNECTIONS_SCHEMA, ConnectionRecord, ConnectionReport, ConnectionsReport};
pub use dry_run::{ALERT_DRY_RUN_SCHEMA, DryRunReport, FiringReport};
pub use history::{
    BucketReport, Calendar, HISTORY_SCHEMA, HistoryRecord, HistoryReport, MachineReport, SeriesReport, Whose,
};
pub use ledger::{CarrierReport, InterfaceReport, LEDGER_SCHEMA, LedgerReport, SideReport, SummaryReport};
pub use status::{HistoryStateReport, STATUS_SCHEMA, StatusReport};
pub use top::{
    Common, GroupIdentity, Identity, ProcessIdentity, ReasonReport, RetiredReport, RowReport, ScopesReport,
    TOP_SCHEMA, TopReport, TrafficReport, UnattributedReport,
};
pub use watch::{EndReason, WATCH_SCHEMA, WatchRecord};

/// A moment in milliseconds of Unix time, written as RFC 3339 in UTC: `2026-11-21T20:00:00.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = i64::try_from(self.0).unwrap_or(i64::MAX);
        let timestamp = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{timestamp:.3}")
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_to_the_millisecond_and_never_fails() {
        assert_eq!(Moment(1_795_291_200_123).to_string(), "2026-11-21T20:00:00.123Z");
        assert_eq!(Moment(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert!(Moment(u64::MAX).to_string().starts_with("9999-12-3"));
    }
}
