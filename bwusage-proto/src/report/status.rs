//! `bwusage.status/1`: the daemon about itself.

use serde::Serialize;

use super::SummaryReport;
use crate::{
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
}

impl<'a> StatusReport<'a> {
    /// The report of a daemon that answered on `socket` in version `protocol`.
    #[must_use]
    pub fn new(status: &'a Status, socket: String, protocol: u16) -> Self {
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
        }
    }
}
