//! `bwusage.status/1`: the daemon about itself.

use serde::Serialize;

use super::{Moment, SummaryReport};
use crate::{
    bounds::{Bounds, Retention, TableFill},
    history::HistoryState,
    message::Status,
    snapshot::{Coverage, Loss},
};

/// The name of this schema.
pub const STATUS_SCHEMA: &str = "bwusage.status/1";

/// How the daemon is, and how much it can see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusReport<'a> {
    /// [`STATUS_SCHEMA`].
    pub schema: &'static str,
    /// The socket that answered.
    pub socket: String,
    /// The daemon's package version.
    pub daemon_version: &'a str,
    /// The protocol version in use.
    pub protocol: u16,
    /// The daemon's process number.
    pub pid: u32,
    /// Time since its start.
    pub uptime_ms: u64,
    /// Time between two ticks.
    pub interval_ms: u32,
    /// Ticks so far.
    pub ticks: u64,
    /// Ticks that came late by more than one interval.
    pub late_ticks: u64,
    /// Processor time that the daemon used.
    pub self_cpu_ms: Option<u64>,
    /// Memory that the daemon uses.
    pub self_rss_bytes: Option<u64>,
    /// Connected clients.
    pub connections: u32,
    /// Clients that follow.
    pub subscriptions: u32,
    /// Rows in the table.
    pub rows: u64,
    /// Who sees what: `all`, `names` or `own`.
    pub visibility: &'a str,
    /// What you see.
    pub you_see: &'a str,
    /// How much the engine can see.
    pub coverage: &'a Coverage,
    /// Updates that could not be counted.
    pub losses: &'a [Loss],
    /// Where the bytes of the interfaces that lead out went; `null` where nothing tells.
    pub ledger: Option<SummaryReport<'a>>,
    /// The daemon's user and capabilities; `null` where the system does not tell.
    pub privilege: Option<&'a str>,
    /// The memory of the past; `null` where there is none.
    pub history: Option<HistoryStateReport<'a>>,
    /// How long the past is kept; `null` where it is not, or the daemon does not tell.
    pub retention: Option<Retention>,
    /// How full the engine's tables in the kernel are; `null` where the daemon does not tell.
    pub tables: Option<&'a [TableFill]>,
}

/// The memory of the past. Where it is stored is not everybody's to know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryStateReport<'a> {
    /// What it takes on the disk.
    pub size_bytes: Option<u64>,
    /// The first second of which anything is stored.
    pub oldest_at: Option<Moment>,
    /// The last second that is stored.
    pub stored_until_at: Option<Moment>,
    /// Why nothing is stored at present.
    pub fault: Option<&'a str>,
}

impl<'a> From<&'a HistoryState> for HistoryStateReport<'a> {
    fn from(state: &'a HistoryState) -> Self {
        let moment = |unix_s: i64| u64::try_from(unix_s).ok()?.checked_mul(1000).map(Moment);
        Self {
            size_bytes: state.size_bytes,
            oldest_at: state.oldest_unix_s.and_then(moment),
            stored_until_at: state.stored_until_unix_s.and_then(moment),
            fault: state.fault.as_deref(),
        }
    }
}

impl<'a> StatusReport<'a> {
    /// The report of a daemon that answered on `socket` in version `protocol`, and with `bounds` if it knows that question.
    #[must_use]
    pub fn new(status: &'a Status, bounds: Option<&'a Bounds>, socket: String, protocol: u16) -> Self {
        Self {
            schema: STATUS_SCHEMA,
            socket,
            daemon_version: &status.version,
            protocol,
            pid: status.pid,
            uptime_ms: status.uptime_ms,
            interval_ms: status.interval_ms,
            ticks: status.ticks,
            late_ticks: status.late_ticks,
            self_cpu_ms: status.self_cpu_ms,
            self_rss_bytes: status.self_rss_bytes,
            connections: status.connections,
            subscriptions: status.subscriptions,
            rows: status.rows,
            visibility: &status.visibility,
            you_see: &status.you_see,
            coverage: &status.coverage,
            losses: &status.losses,
            ledger: status.ledger.as_ref().map(SummaryReport::new),
            privilege: status.privilege.as_deref(),
            history: status.history.as_ref().map(HistoryStateReport::from),
            retention: bounds.and_then(|bounds| bounds.retention),
            tables: bounds.map(|bounds| bounds.tables.as_slice()),
        }
    }
}
