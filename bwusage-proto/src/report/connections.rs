//! `bwusage.connections/1`: who talks to whom.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::Moment;
use crate::{
    connection::{Connections, Moved, State},
    mirror::Mirror,
    process::Pid,
    talk::{Grouping, Key, Kind, Row, Table},
};

/// The name of this schema.
pub const CONNECTIONS_SCHEMA: &str = "bwusage.connections/1";

/// Connections, or groups of them, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionsReport<'a> {
    /// [`CONNECTIONS_SCHEMA`].
    pub schema: &'static str,
    /// The machine's name.
    pub host: &'a str,
    /// The daemon's package version.
    pub daemon_version: &'a str,
    /// How wire bytes come about: [`crate::snapshot::Coverage::quality`].
    pub quality: &'a str,
    /// When it was read.
    pub taken_at: Moment,
    /// The daemon's start: bytes count from here.
    pub started_at: Moment,
    /// `connection`, `remote`, `port`, `interface`, `process` or `app`.
    pub by: &'static str,
    /// In the order that was asked for.
    pub rows: Vec<ConnectionReport<'a>>,
    /// Bytes received in all that matches, those beyond a limit included.
    pub rx_bytes_total: u64,
    /// Bytes sent, likewise.
    pub tx_bytes_total: u64,
    /// Connections and remote hosts that you may not see.
    pub hidden: u64,
    /// Whether a limit left rows out.
    pub truncated: bool,
}

/// One connection, or what a group of them agrees on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionReport<'a> {
    /// `open`; `closed`: the sum of closed sockets and of such without a peer, by remote host and service; `not_itemised`: what
    /// a process moved beside; `group`.
    pub kind: &'static str,
    /// What the group is called; `null` for a row of its own, and for a group of what is not known.
    pub group: Option<String>,
    /// Process number.
    pub pid: Option<Pid>,
    /// The process's short name.
    pub name: Option<&'a str>,
    /// Its application.
    pub app: Option<&'a str>,
    /// Its user's login name.
    pub user: Option<&'a str>,
    /// `tcp`, `udp`, `icmp`, or `ip-` and the number.
    pub protocol: Option<String>,
    /// Our end.
    pub local_address: Option<IpAddr>,
    /// Our port.
    pub local_port: Option<u16>,
    /// The other end.
    pub remote_address: Option<IpAddr>,
    /// The other end's port; only of open sockets.
    pub remote_port: Option<u16>,
    /// The name that this machine asked for and got the address for.
    pub remote_name: Option<&'a str>,
    /// The port of the service, on whichever end.
    pub port: Option<u16>,
    /// The registered name of that port.
    pub service: Option<&'static str>,
    /// Whether the other side began it.
    pub inbound: Option<bool>,
    /// State of an open socket.
    pub state: Option<State>,
    /// The interface.
    pub interface: Option<&'a str>,
    /// The beginning; of the oldest open one in a group.
    pub opened_at: Option<Moment>,
    /// The last change of closed ones.
    pub last_at: Option<Moment>,
    /// Open sockets.
    pub open: u64,
    /// Sockets that were closed.
    pub closed: u64,
    /// Processes that are known.
    pub processes: u64,
    /// Received, from the IP header on.
    pub rx_bytes_total: u64,
    /// Sent, from the IP header on.
    pub tx_bytes_total: u64,
}

/// One line of a stream of rows, for programs that do not want to wait for the whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConnectionRecord<'a> {
    /// A row.
    Row(&'a ConnectionReport<'a>),
    /// Everything else of the report, after the last row.
    End(ConnectionsReport<'a>),
}

impl<'a> ConnectionsReport<'a> {
    /// The report of `table`, which was made from `connections` and `mirror`.
    #[must_use]
    pub fn new(
        connections: &Connections,
        mirror: &'a Mirror,
        table: &'a Table,
        by: Grouping,
        daemon_version: &'a str,
    ) -> Self {
        let Moved { rx_bytes, tx_bytes } = table.moved;
        Self {
            schema: CONNECTIONS_SCHEMA,
            host: &mirror.host.hostname,
            daemon_version,
            quality: &mirror.coverage.quality,
            taken_at: Moment(connections.taken_at_unix_ms),
            started_at: Moment(mirror.started_at_unix_ms),
            by: by.name(),
            rows: table.rows.iter().map(ConnectionReport::from).collect(),
            rx_bytes_total: rx_bytes,
            tx_bytes_total: tx_bytes,
            hidden: connections.hidden,
            truncated: table.truncated(),
        }
    }
}

impl<'a> From<&'a Row> for ConnectionReport<'a> {
    fn from(row: &'a Row) -> Self {
        let is_unknown = matches!(
            row.key,
            Key::Remote(None) | Key::Port(None) | Key::Interface(None) | Key::Process(None) | Key::App(None)
        );
        let named_group = row.kind == Kind::Group && !is_unknown;
        Self {
            kind: match row.kind {
                Kind::Open => "open",
                Kind::Closed => "closed",
                Kind::Rest => "not_itemised",
                Kind::Group => "group",
            },
            group: named_group.then(|| row.title()),
            pid: row.pid,
            name: row.name.as_deref(),
            app: row.app.as_deref(),
            user: row.user.as_deref(),
            protocol: row.protocol.map(|protocol| protocol.to_string()),
            local_address: row.local.as_ref().map(SocketAddr::ip),
            local_port: row.local.as_ref().map(SocketAddr::port),
            remote_address: row.remote,
            remote_port: row.remote_port,
            remote_name: row.remote_name.as_deref(),
            port: row.port,
            service: row.service(),
            inbound: row.inbound,
            state: row.state,
            interface: row.interface.as_deref(),
            opened_at: row.opened_at_unix_ms.map(Moment),
            last_at: row.last_at_unix_ms.map(Moment),
            open: row.open,
            closed: row.closed,
            processes: row.processes,
            rx_bytes_total: row.moved.rx_bytes,
            tx_bytes_total: row.moved.tx_bytes,
        }
    }
}
