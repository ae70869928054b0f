//! Connections as the screen shows them.

use std::time::Duration;

use bwusage_proto::{
    talk::{Key, Kind, Row},
    text,
};

/// One connection, or several together. Texts are escaped; what is unknown, or differs within the row, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// The other end, or what the connections of the row have in common.
    pub title: String,
    /// Whether the other side began it.
    pub inbound: Option<bool>,
    /// The process.
    pub name: Option<String>,
    /// Its number.
    pub pid: Option<u32>,
    /// Its application.
    pub app: Option<String>,
    /// Its user.
    pub user: Option<String>,
    /// What is spoken.
    pub protocol: Option<String>,
    /// Our end.
    pub local: Option<String>,
    /// The service by its registered name, else by its port.
    pub service: Option<String>,
    /// What it is doing.
    pub state: Option<String>,
    /// The interface.
    pub interface: Option<String>,
    /// How long it has been open.
    pub age: Option<Duration>,
    /// How long ago a closed one moved its last byte.
    pub last: Option<Duration>,
    /// Sockets that are open.
    pub open: u64,
    /// Sockets that were closed.
    pub closed: u64,
    /// Processes.
    pub processes: u64,
    /// Received.
    pub rx_total: u64,
    /// Sent.
    pub tx_total: u64,
    /// True when nothing of it is open any more.
    pub is_past: bool,
}

/// Some of the rows, and what is true of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows {
    /// The rows that were asked for.
    pub flows: Vec<Flow>,
    /// How many there are in all.
    pub matched: usize,
    /// What all of them received.
    pub rx_total: u64,
    /// What all of them sent.
    pub tx_total: u64,
    /// How many more there are that this viewer may not see.
    pub hidden: u64,
}

/// A row in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowDetail {
    /// As in the table.
    pub flow: Flow,
    /// The address of the other end.
    pub address: Option<String>,
    /// The name of the other end.
    pub host: Option<String>,
    /// True for several connections together.
    pub is_group: bool,
}

impl Flow {
    /// The row at the moment when the daemon read it, with remote hosts by name or not.
    #[must_use]
    pub fn new(row: &Row, taken_at_unix_ms: u64, numeric: bool) -> Self {
        let safe = |text: &String| text::escape(text).into_owned();
        let ago = |at_unix_ms: u64| Duration::from_millis(taken_at_unix_ms.saturating_sub(at_unix_ms));
        let title = match row.key {
            Key::Open { .. } | Key::Closed { .. } => row.endpoint(numeric).unwrap_or_else(|| "*".into()),
            _ => row.title(),
        };
        let port = row.port.filter(|&port| port > 0).map(|port| port.to_string());
        Self {
            title: safe(&title),
            inbound: row.inbound,
            name: row.name.as_ref().map(safe),
            pid: row.pid,
            app: row.app.as_ref().map(safe),
            user: row.user.as_ref().map(safe),
            protocol: row.protocol.map(|protocol| protocol.to_string()),
            local: row.local.map(|local| local.to_string()),
            service: row.service().map(String::from).or(port),
            state: state(row),
            interface: row.interface.as_ref().map(safe),
            age: row.opened_at_unix_ms.map(ago),
            last: row.last_at_unix_ms.map(ago).filter(|_| row.open == 0),
            open: row.open,
            closed: row.closed,
            processes: row.processes,
            rx_total: row.moved.rx_bytes,
            tx_total: row.moved.tx_bytes,
            is_past: row.open == 0,
        }
    }

    /// The row for the clipboard: names, then plain numbers, separated by tabs.
    #[must_use]
    pub fn as_text(&self) -> String {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        let pid = self.pid.map_or_else(String::new, |pid| pid.to_string());
        let (name, protocol, local) = (word(&self.name), word(&self.protocol), word(&self.local));
        let numbers = [self.rx_total, self.tx_total].map(|number| number.to_string());
        let words = [name, pid, protocol, local, self.title.clone()];
        words.into_iter().chain(numbers).collect::<Vec<_>>().join("\t")
    }
}

/// `established`, `closed`, `closed ×12`; of datagrams to many, nothing.
fn state(row: &Row) -> Option<String> {
    match row.kind {
        Kind::Open | Kind::Group => row.state.map(|state| state.name().replace('_', " ")),
        Kind::Closed => match row.closed {
            0 => None,
            1 => Some("closed".into()),
            many => Some(format!("closed ×{many}")),
        },
        Kind::Rest => None,
    }
}

impl FlowDetail {
    /// Everything about `row`, which is `flow` in the table.
    #[must_use]
    pub fn new(row: &Row, flow: Flow) -> Self {
        Self {
            flow,
            address: row.remote.map(|remote| remote.to_string()),
            host: row.remote_name.as_ref().map(|name| text::escape(name).into_owned()),
            is_group: row.kind == Kind::Group,
        }
    }

    /// The row for the clipboard.
    #[must_use]
    pub fn as_text(&self) -> String {
        self.flow.as_text()
    }
}
