//! Books about interfaces: whose bytes are in their counters?
//!
//! For each interface and direction the engine measures at two layers, and the interface counts by itself:
//!
//! ```text
//! sockets       charged = processes + kernel + lost       IP bytes on the wire: headers of all segments included
//! device layer  frames  = non_ip + forwarded + link_headers + packet_sockets + local
//! interface     growth  = counter - before_start
//! ```
//!
//! Segmentation: a packet that is cut (or was joined) below a layer passes it with one header instead of one a segment.
//! `frame_segmentation` are those headers at the device layer, `charged_segmentation` at the sockets, where they are
//! charged. So the local frames are, in bytes of the wire, `local + s`, with `s` those of `frame_segmentation` that belong
//! to local packets: not more than were charged here or at the interfaces above.
//!
//! ```text
//! uncharged = local + s - charged          > 0: stacked, tunnel, no_socket;   < 0: not_sent (tx), copies (rx)
//! uncounted = growth - (frames + s)        segmentation as far as headers explain it, else driver
//! growth    = charged + uncharged + uncounted + non_ip + forwarded + link_headers + packet_sockets
//! ```
//!
//! The last line follows from the others, so nothing is left without a name. What each name means:
//!
//! - **processes** has the frames of packet sockets too: they pass no socket layer, but their processes have them.
//! - **stacked**: uncharged bytes of a device, up to what the interfaces on it passed to or from it.
//! - **tunnel**: the uncharged rest, up to [`TUNNEL_GROWTH`] times what the kernel's tunnels carried; **no_socket**: the rest of that.
//! - **segmentation**: between `-s`, when the interface counts a packet before it cuts it, and the other headers of
//!   segments with a link header each, when it counts what it sent. **driver**: what lies beyond.
//! - **before_start**: the counter at first sight without the frames so far. An interface that came later starts with a
//!   counter that its frames explain, so it has none; nor has one that returns under its old name.
//!
//! Totals of the engine that begin anew open no gap: what the interface counted meanwhile counts as before the start.

use std::collections::BTreeMap;

use bwusage_proto::ledger::{InterfaceKind, InterfaceLedger, Summary};

use crate::engine::{self, DirectionSample, InterfaceSample};

mod account;
mod side;
mod sum;

use account::Account;
use side::{Above, Direction, side};
use sum::Sum;

/// How many bytes of its carrier one byte in a tunnel can take: an IP header of 20 bytes inside WireGuard over IPv6 takes 100.
pub const TUNNEL_GROWTH: u64 = 5;
/// Most interfaces that are remembered after they are gone; beyond it they are in the summary only.
const KEEP_GONE: usize = 64;

/// The books of all interfaces.
#[derive(Debug, Default)]
pub struct Books {
    accounts: BTreeMap<u32, Account>,
    /// Devices that were given up.
    past: Sum,
}

impl Books {
    /// Takes in what the engine said, and which interface stands on which, as (upper, lower). An engine that says nothing of
    /// interfaces changes nothing.
    pub fn take(&mut self, interfaces: &[InterfaceSample], stacking: &[(String, String)]) {
        if interfaces.is_empty() {
            return;
        }
        for account in self.accounts.values_mut() {
            account.gone = true;
        }
        for sample in interfaces {
            let Some(counters) = sample.counters.filter(|_| !sample.name.is_empty()) else { continue };
            match self.accounts.get_mut(&sample.index) {
                Some(account) if account.continues(counters) => account.grow(sample, counters),
                Some(account) => {
                    let growth = account.growth(sample).0;
                    self.give_up(sample.index);
                    self.accounts.insert(sample.index, Account::open(sample, growth, counters));
                }
                None => {
                    let account = Account::open(sample, [sample.rx, sample.tx], counters);
                    self.accounts.insert(sample.index, account);
                }
            }
        }
        for account in self.accounts.values_mut().filter(|account| !account.gone) {
            let lower = stacking.iter().filter(|(upper, _)| *upper == account.name);
            account.stands_on = lower.map(|(_, lower)| lower.clone()).collect();
        }
        self.forget_gone();
    }

    /// Interfaces that are gone stay as far as the summary needs them.
    fn forget_gone(&mut self) {
        let gone = self.accounts.iter().filter(|(_, account)| account.gone).map(|(&index, _)| index);
        let (needed, mut surplus): (Vec<u32>, Vec<u32>) =
            gone.partition(|index| self.leads_out(&self.accounts[index]));
        surplus.extend(&needed[..needed.len().saturating_sub(KEEP_GONE)]);
        for index in surplus {
            self.give_up(index);
        }
    }

    fn give_up(&mut self, index: u32) {
        let Some(account) = self.accounts.get(&index) else { return };
        if account.kind == engine::InterfaceKind::Device {
            for direction in Direction::BOTH {
                let side = self.side(account, direction);
                self.past.add(direction, &side);
            }
        }
        self.accounts.remove(&index);
    }

    /// A device, or something that stands on one.
    fn leads_out(&self, account: &Account) -> bool {
        // Interfaces cannot stand on each other in a circle, but names of ones that are gone could.
        let mut looked_at: Vec<&str> = Vec::new();
        let mut coming = vec![account];
        while let Some(account) = coming.pop() {
            match account.kind {
                engine::InterfaceKind::Device => return true,
                engine::InterfaceKind::Stacked if !looked_at.contains(&account.name.as_str()) => {
                    looked_at.push(&account.name);
                    let below = |lower: &&Account| account.stands_on.contains(&lower.name);
                    coming.extend(self.accounts.values().filter(below));
                }
                _ => {}
            }
        }
        false
    }

    fn side(&self, account: &Account, direction: Direction) -> bwusage_proto::ledger::Side {
        side(direction, &account.measured(direction), self.above(account, direction))
    }

    /// What uncharged packets of `account` can be.
    fn above(&self, account: &Account, direction: Direction) -> Above {
        use engine::InterfaceKind::{Device, KernelTunnel, Stacked};

        let mut above = Above::default();
        for other in self.accounts.values() {
            let passed = &other.measured(direction).classes;
            if other.kind == Stacked && other.stands_on.contains(&account.name) {
                above.stacked += side::local_on_wire(passed);
                above.segmentation = above.segmentation.saturating_add(passed.frame_segmentation);
            }
            if other.kind == KernelTunnel && matches!(account.kind, Device | Stacked) {
                let carried = passed.frames.saturating_add(passed.frame_segmentation);
                above.tunnels += i128::from(carried) * i128::from(TUNNEL_GROWTH);
            }
        }
        above
    }

    /// Both directions of everything that leads out of the machine; `None` before any interface was seen.
    ///
    /// Devices are added up. What they carried for interfaces that stand on them has the names that it has there.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        if self.accounts.is_empty() {
            return None;
        }
        let mut devices = self.past.clone();
        let mut stacked = Sum::default();
        for account in self.accounts.values().filter(|account| self.leads_out(account)) {
            for direction in Direction::BOTH {
                let side = self.side(account, direction);
                match account.kind {
                    engine::InterfaceKind::Device => devices.add(direction, &side),
                    _ => stacked.add(direction, &side),
                }
            }
        }
        devices.name_stacked(&stacked);
        Some(devices.into_summary())
    }

    /// Every interface that exists, by name.
    #[must_use]
    pub fn interfaces(&self) -> Vec<InterfaceLedger> {
        let existing = self.accounts.values().filter(|account| !account.gone);
        let mut interfaces: Vec<_> = existing
            .map(|account| InterfaceLedger {
                name: account.name.clone(),
                kind: kind(account.kind),
                rx: self.side(account, Direction::Rx),
                tx: self.side(account, Direction::Tx),
            })
            .collect();
        interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        interfaces
    }
}

const fn kind(kind: engine::InterfaceKind) -> InterfaceKind {
    match kind {
        engine::InterfaceKind::Device => InterfaceKind::Device,
        engine::InterfaceKind::Loopback => InterfaceKind::Loopback,
        engine::InterfaceKind::KernelTunnel | engine::InterfaceKind::UserTunnel => InterfaceKind::Tunnel,
        engine::InterfaceKind::Stacked => InterfaceKind::Stacked,
        engine::InterfaceKind::Namespace => InterfaceKind::Namespace,
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
