//! The ledger as `bwusage-ctl ledger --json` prints it. Fields are written out here, so that a renamed one is noticed.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::suite) struct Ledger {
    pub(in crate::suite) schema: String,
    pub(super) interfaces: Vec<Interface>,
    pub(super) carriers: Vec<Carrier>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Interface {
    #[serde(rename = "interface")]
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) rx: Side,
    pub(super) tx: Side,
}

#[derive(Debug, Deserialize)]
pub(super) struct Side {
    pub(super) counter_bytes: u64,
    pub(super) unnamed_bytes: i64,
    /// By reason, with `_bytes` behind it.
    #[serde(flatten)]
    pub(super) lines: BTreeMap<String, i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Carrier {
    pub(super) pid: Option<u32>,
    pub(super) interface: String,
}

impl Ledger {
    pub(super) fn find(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    pub(super) fn interface(&self, name: &str) -> &Interface {
        self.find(name).unwrap_or_else(|| panic!("{name} is not in {self:?}"))
    }

    /// The processes that carry this tunnel.
    pub(super) fn carriers(&self, tunnel: &str) -> Vec<Option<u32>> {
        self.carriers
            .iter()
            .filter(|carrier| carrier.interface == tunnel)
            .map(|carrier| carrier.pid)
            .collect()
    }
}

impl Side {
    pub(super) fn bytes(&self, reason: &str) -> i64 {
        *self.lines.get(&format!("{reason}_bytes")).unwrap_or_else(|| panic!("no {reason} in {self:?}"))
    }
}
