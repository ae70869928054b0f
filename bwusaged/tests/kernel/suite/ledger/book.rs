//! The ledger as `bwusage-ctl ledger --json` prints it. Fields are written out here, so that a renamed one is noticed.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::suite) struct Ledger {
    pub(super) interfaces: Vec<Interface>,
    pub(super) carriers: Vec<Carrier>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) rx: Side,
    pub(super) tx: Side,
}

#[derive(Debug, Deserialize)]
pub(super) struct Side {
    pub(super) counter_bytes: u64,
    pub(super) unnamed_bytes: i64,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) reason: String,
    pub(super) bytes: i64,
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
}

impl Side {
    /// 0 where there is no such line.
    pub(super) fn bytes(&self, reason: &str) -> i64 {
        self.lines.iter().filter(|line| line.reason == reason).map(|line| line.bytes).sum()
    }
}
