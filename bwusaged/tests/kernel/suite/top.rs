//! The table as `bwusage-ctl top --json` prints it. Fields are written out here, so that a renamed one is noticed.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Top {
    pub(super) schema: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub(super) pid: Option<u32>,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) app: String,
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) container: serde_json::Value,
    pub(super) category: Option<String>,
    pub(super) first_seen_at: Option<String>,
    #[serde(default)]
    pub(super) parents: Vec<Ancestor>,
    pub(super) user: Option<String>,
    pub(super) processes: Option<u64>,
    pub(super) rx_packets_total: u64,
    pub(super) tx_packets_total: u64,
    #[serde(flatten)]
    pub(super) total: Traffic,
    pub(super) scopes: Scopes,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Ancestor {
    pub(super) pid: u32,
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(clippy::struct_field_names, reason = "named as in the schema")]
pub(super) struct Traffic {
    pub(super) rx_bytes_total: u64,
    pub(super) tx_bytes_total: u64,
    pub(super) rx_payload_bytes_total: u64,
    pub(super) tx_payload_bytes_total: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Scopes {
    pub(super) loopback: Traffic,
    pub(super) lan: Traffic,
    pub(super) internet: Traffic,
}

impl Top {
    /// The row of one process.
    pub(super) fn process(&self, pid: u32) -> &Row {
        let mut rows = self.rows.iter().filter(|row| row.pid == Some(pid));
        let row = rows.next().unwrap_or_else(|| panic!("process {pid} is not in the table"));
        assert!(rows.next().is_none(), "process {pid} is in the table twice");
        row
    }

    /// The row of one application.
    pub(super) fn app(&self, name: &str) -> &Row {
        self.rows.iter().find(|row| row.app == name).unwrap_or_else(|| panic!("{name} is not in the table"))
    }
}
