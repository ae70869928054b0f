//! `bwusage.top/1`: the table.

use serde::Serialize;

use super::Moment;
use crate::{
    ancestry::{Ancestor, Ancestry},
    mirror::Mirror,
    process::{Category, Container, Pid},
    snapshot::ResidualReason,
    table::{Grouping, Row, RowKey, Table},
    units::{Counters, Rates, Scope, Traffic},
};

/// The name of this schema.
pub const TOP_SCHEMA: &str = "bwusage.top/1";

/// A table at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopReport<'a> {
    /// [`TOP_SCHEMA`].
    pub schema: &'static str,
    /// The machine's name.
    pub host: &'a str,
    /// The daemon's package version.
    pub daemon_version: &'a str,
    /// How wire bytes come about: [`crate::snapshot::Coverage::quality`].
    pub quality: &'a str,
    /// What tells this boot from another one.
    pub boot_id: Option<&'a str>,
    /// When the numbers were taken.
    pub taken_at: Moment,
    /// The daemon's start: totals count from here.
    pub started_at: Moment,
    /// The span over which speeds were measured.
    pub window_ms: u32,
    /// `app`, `pid`, `user`, `unit`, `container` or `category`.
    pub by: &'static str,
    /// In the order that was asked for.
    pub rows: Vec<RowReport<'a>>,
    /// Traffic with a reason instead of a process.
    pub unattributed: UnattributedReport,
    /// Processes that ended so long ago that they have no row of their own; `null` where they are in
    /// the rows.
    pub retired: Option<RetiredReport>,
    /// Whether a limit left rows out.
    pub truncated: bool,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowReport<'a> {
    /// Who it is.
    #[serde(flatten)]
    pub identity: Identity<'a>,
    /// Speed on the wire over the window.
    #[serde(flatten)]
    pub rates: Rates,
    /// Totals of all scopes.
    #[serde(flatten)]
    pub totals: TrafficReport,
    /// Packets received, segmentation offload undone.
    pub rx_packets_total: u64,
    /// Packets sent, segmentation offload undone.
    pub tx_packets_total: u64,
    /// Processor use; one core is 100.
    pub cpu_percent: Option<f64>,
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// Reads from storage.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Writes to storage.
    pub disk_write_bytes_per_s: Option<u64>,
    /// The totals, by how far the packets went.
    pub scopes: ScopesReport,
}

/// Which process or group of processes a row is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Identity<'a> {
    /// A process.
    Process(ProcessIdentity<'a>),
    /// All processes that have something in common.
    Group(GroupIdentity<'a>),
}

/// Which process a row is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProcessIdentity<'a> {
    /// Its number; `null` for the row that stands for other users' processes.
    pub pid: Option<Pid>,
    /// Its short name.
    pub name: &'a str,
    /// Its application.
    pub app: &'a str,
    /// Its user's login name.
    pub user: Option<&'a str>,
    /// Path of the executable.
    pub exe: Option<&'a str>,
    /// Arguments; `null` also where this viewer may not see them.
    pub command_line: Option<&'a [String]>,
    /// When it started.
    pub started_at: Option<Moment>,
    /// When it was seen to have ended; `null` while it lives.
    pub exited_at: Option<Moment>,
    /// Its systemd unit.
    pub unit: Option<&'a str>,
    /// The container that it runs in.
    pub container: Option<&'a Container>,
    /// What a person calls its application.
    pub title: Option<&'a str>,
    /// What sort of program it is; `null` where nothing tells.
    pub category: Option<Category>,
    /// When it was first seen to move a byte; `null` while it has moved none.
    pub first_seen_at: Option<Moment>,
    /// Who started it: the parent first, then its parent, as far as that is known.
    pub parents: Vec<Ancestor<'a>>,
}

/// Which application, user, unit, container or category a row is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupIdentity<'a> {
    /// What the processes have in common.
    #[serde(flatten)]
    pub common: Common<'a>,
    /// Numbers of its living processes.
    pub pids: &'a [Pid],
    /// Login names.
    pub users: &'a [String],
    /// How many processes were added up, those that ended included.
    pub processes: u64,
    /// What a person calls the application, where the processes agree on it.
    pub title: Option<&'a str>,
    /// What sort of program they are, where they agree on it; not where they have that in common anyway.
    #[serde(rename = "category", skip_serializing_if = "Option::is_none")]
    pub agreed_category: Option<Option<Category>>,
    /// When the first of them was seen to move a byte; of those that have a row of their own.
    pub first_seen_at: Option<Moment>,
}

/// What the processes of a row have in common, under the name of its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Common<'a> {
    /// An application.
    App(&'a str),
    /// A user's login name; `null` where it is not known.
    User(Option<&'a str>),
    /// A systemd unit; `null` for all processes without one.
    Unit(Option<&'a str>),
    /// A container; `null` for all processes in none.
    Container(Option<&'a Container>),
    /// A sort of program; `null` for all processes of which nothing tells it.
    Category(Option<Category>),
}

/// Totals of both meanings of "bytes".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TrafficReport {
    /// Received on the wire.
    pub rx_bytes_total: u64,
    /// Sent on the wire.
    pub tx_bytes_total: u64,
    /// Received by the program itself.
    pub rx_payload_bytes_total: u64,
    /// Sent by the program itself.
    pub tx_payload_bytes_total: u64,
}

/// Totals by [`Scope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScopesReport {
    /// On this machine.
    pub loopback: TrafficReport,
    /// Private, link-local and multicast addresses.
    pub lan: TrafficReport,
    /// Everything else.
    pub internet: TrafficReport,
}

/// Traffic with a reason instead of a process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnattributedReport {
    /// Speed of all reasons.
    #[serde(flatten)]
    pub rates: Rates,
    /// Received on the wire, all reasons.
    pub rx_bytes_total: u64,
    /// Sent on the wire, all reasons.
    pub tx_bytes_total: u64,
    /// Each reason.
    pub by_reason: Vec<ReasonReport>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasonReport {
    /// Its name.
    pub reason: ResidualReason,
    /// Speed on the wire.
    #[serde(flatten)]
    pub rates: Rates,
    /// Received on the wire.
    pub rx_bytes_total: u64,
    /// Sent on the wire.
    pub tx_bytes_total: u64,
}

/// Processes that have no row of their own any more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RetiredReport {
    /// How many.
    pub processes: u64,
    /// Their totals.
    #[serde(flatten)]
    pub totals: TrafficReport,
}

impl<'a> TopReport<'a> {
    /// The report of `table`, which was made from `mirror`.
    #[must_use]
    pub fn new(mirror: &'a Mirror, table: &'a Table, by: Grouping, daemon_version: &'a str) -> Self {
        let ancestry = (by == Grouping::Process).then(|| Ancestry::new(mirror));
        let parents = |row: &Row| match (&ancestry, &row.key) {
            (Some(ancestry), RowKey::Process(row)) => {
                mirror.processes.get(row).map(|process| ancestry.parents(process)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        Self {
            schema: TOP_SCHEMA,
            host: &mirror.host.hostname,
            daemon_version,
            quality: &mirror.coverage.quality,
            boot_id: mirror.host.boot_id.as_deref(),
            taken_at: Moment(mirror.taken_at_unix_ms),
            started_at: Moment(mirror.started_at_unix_ms),
            window_ms: mirror.window_ms,
            by: by.name(),
            rows: table.rows.iter().map(|row| RowReport::new(row, parents(row))).collect(),
            unattributed: UnattributedReport::from(mirror),
            retired: (by == Grouping::Process).then(|| RetiredReport::from(mirror)),
            truncated: table.truncated(),
        }
    }
}

impl<'a> RowReport<'a> {
    fn new(row: &'a Row, parents: Vec<Ancestor<'a>>) -> Self {
        let total = row.counters.total();
        Self {
            identity: Identity::new(row, parents),
            rates: row.rates,
            totals: total.into(),
            rx_packets_total: total.wire.rx_packets,
            tx_packets_total: total.wire.tx_packets,
            cpu_percent: row.cpu_centipercent.map(|hundredths| f64::from(hundredths) / 100.0),
            rss_bytes: row.rss_bytes,
            disk_read_bytes_per_s: row.disk_read_bytes_per_s,
            disk_write_bytes_per_s: row.disk_write_bytes_per_s,
            scopes: ScopesReport::from(&row.counters),
        }
    }
}

impl<'a> Identity<'a> {
    fn new(row: &'a Row, parents: Vec<Ancestor<'a>>) -> Self {
        let common = match &row.key {
            RowKey::Process(_) => {
                return Self::Process(ProcessIdentity {
                    pid: row.pid,
                    name: &row.name,
                    app: &row.app,
                    user: row.users.first().map(String::as_str),
                    exe: row.exe.as_deref(),
                    command_line: row.command_line.as_deref(),
                    started_at: row.started_at_unix_ms.map(Moment),
                    exited_at: row.exited_at_unix_ms.map(Moment),
                    unit: row.unit.as_deref(),
                    container: row.container.as_ref(),
                    title: row.title.as_deref(),
                    category: row.category,
                    first_seen_at: row.first_traffic_at_unix_ms.map(Moment),
                    parents,
                });
            }
            RowKey::App(app) => Common::App(app),
            RowKey::User(user) => Common::User(user.as_ref().map(|_| row.name.as_str())),
            RowKey::Unit(unit) => Common::Unit(unit.as_deref()),
            RowKey::Container(container) => Common::Container(container.as_ref()),
            RowKey::Category(category) => Common::Category(*category),
        };
        let is_category = matches!(common, Common::Category(_));
        Self::Group(GroupIdentity {
            common,
            pids: &row.pids,
            users: &row.users,
            processes: row.processes,
            title: row.title.as_deref(),
            agreed_category: (!is_category).then_some(row.category),
            first_seen_at: row.first_traffic_at_unix_ms.map(Moment),
        })
    }
}

impl From<Traffic> for TrafficReport {
    fn from(traffic: Traffic) -> Self {
        Self {
            rx_bytes_total: traffic.wire.rx_bytes,
            tx_bytes_total: traffic.wire.tx_bytes,
            rx_payload_bytes_total: traffic.payload.rx_bytes,
            tx_payload_bytes_total: traffic.payload.tx_bytes,
        }
    }
}

impl From<&Counters> for ScopesReport {
    fn from(counters: &Counters) -> Self {
        Self {
            loopback: counters[Scope::Loopback].into(),
            lan: counters[Scope::Lan].into(),
            internet: counters[Scope::Internet].into(),
        }
    }
}

impl From<&Mirror> for UnattributedReport {
    fn from(mirror: &Mirror) -> Self {
        let mut sum = Traffic::default();
        let mut rates = Rates::default();
        let mut by_reason = Vec::with_capacity(mirror.residuals.len());
        for residual in &mirror.residuals {
            let total = residual.counters.total();
            sum += total;
            rates += residual.rates;
            by_reason.push(ReasonReport {
                reason: residual.reason,
                rates: residual.rates,
                rx_bytes_total: total.wire.rx_bytes,
                tx_bytes_total: total.wire.tx_bytes,
            });
        }
        Self { rates, rx_bytes_total: sum.wire.rx_bytes, tx_bytes_total: sum.wire.tx_bytes, by_reason }
    }
}

impl From<&Mirror> for RetiredReport {
    fn from(mirror: &Mirror) -> Self {
        let mut sum = Counters::default();
        let mut processes = 0_u64;
        for retired in mirror.retired.values() {
            sum += retired.counters;
            processes = processes.saturating_add(retired.processes);
        }
        Self { processes, totals: sum.total().into() }
    }
}

#[cfg(test)]
mod tests;
