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
//! charged. So the local frames are, in bytes of the wire, `local + s`, with `s` those of `frame_segmentation` that belong to
//! local packets (and not to forwarded ones, nor to the link): as many as were charged here and at the interfaces above.
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
//! - **segmentation**: between `-s`, when the interface counts a packet before it cuts it, and `frame_segmentation - s`, when
//!   it counts what it sent: the link headers of segments, and all headers of forwarded ones. **driver**: what lies beyond.
//! - **before_start**: the counter at first sight without the frames so far. An interface that came later starts with a
//!   counter that its frames explain, so it has none; nor has one that returns under its old name.
//!
//! A kernel does not run the programs of the device layer everywhere, so frames may pass there unseen: bytes that were charged
//! and that the interface counted, in packets that it counted and the device layer did not. Those are neither `not_sent` nor
//! `driver`: see `side::Missed`.
//!
//! Totals of the engine that begin anew open no gap: what the interface counted meanwhile counts as before the start.

use std::collections::BTreeMap;

use bwusage_proto::ledger::{InterfaceKind, InterfaceLedger, Summary};

use crate::engine::{self, DirectionSample, InterfaceSample};

mod account;
mod side;
mod sum;

use account::{Account, plus};
use side::{Above, Direction, Measured, side};
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
    /// Takes in what the engine said. One that says nothing of interfaces changes nothing.
    pub fn take(&mut self, interfaces: &[InterfaceSample]) {
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
        let is_device = |account: &Account| account.kind == engine::InterfaceKind::Device;
        is_device(account) || self.below(account).into_iter().any(is_device)
    }

    /// Everything that `account` stands on, directly or not.
    fn below<'a>(&'a self, account: &'a Account) -> Vec<&'a Account> {
        let mut found: Vec<&Account> = Vec::new();
        let mut coming = vec![account];
        while let Some(upper) = coming.pop().filter(|_| account.kind == engine::InterfaceKind::Stacked) {
            for lower in self.accounts.values().filter(|lower| upper.is_on(lower)) {
                // Interfaces cannot stand on each other in a circle, but what was said of ones that are gone could.
                if !found.iter().any(|known| std::ptr::eq(*known, lower)) {
                    found.push(lower);
                    coming.push(lower);
                }
            }
        }
        found
    }

    /// Headers of segments that were charged at the interfaces that stand on `account`, directly or not.
    fn headers_above(&self, account: &Account, direction: Direction) -> u64 {
        let above = self.accounts.values().filter(|upper| {
            upper.measured(direction).classes.charged_segmentation > 0
                && self.below(upper).into_iter().any(|lower| std::ptr::eq(lower, account))
        });
        let headers = above.map(|upper| upper.measured(direction).classes.charged_segmentation);
        headers.fold(0, u64::saturating_add)
    }

    fn side(&self, account: &Account, direction: Direction) -> bwusage_proto::ledger::Side {
        side(direction, &self.measured(account, direction), self.above(account, direction))
    }

    /// What a VLAN or a bond receives has passed the device layer below, as a frame of the other interface.
    ///
    /// A bond counts all frames of its ports, so it has their classes. A VLAN counts packets as it takes them over, without
    /// link headers and before they are cut again, so its growth is its frames. A macvlan counts link headers too, and its
    /// broadcasts do pass the device layer. All know what was forwarded from them.
    ///
    /// A tunnel of the kernel has no driver: what it counts less than its frames are link headers, which VXLAN leaves out.
    fn measured(&self, account: &Account, direction: Direction) -> Measured {
        let mut measured = account.measured(direction);
        let growth = measured.counter.saturating_sub(measured.before_start);
        let classes = &mut measured.classes;
        if account.kind == engine::InterfaceKind::KernelTunnel {
            let left_out = classes.frames.saturating_sub(growth).min(classes.link_headers);
            classes.frames -= left_out;
            classes.link_headers -= left_out;
        }
        let stacked = direction == Direction::Rx && account.kind == engine::InterfaceKind::Stacked;
        if stacked {
            measured.unseen_packets = 0;
        }
        let unseen = stacked && classes.frames == 0;
        let mut ports = self.accounts.values().filter(|port| account.has_port(port)).peekable();
        if unseen && ports.peek().is_some() {
            for port in ports {
                let below = port.measured(direction).classes;
                let passed = DirectionSample {
                    frames: below.frames,
                    non_ip: below.non_ip,
                    link_headers: below.link_headers,
                    frame_segmentation: below.frame_segmentation,
                    ..DirectionSample::default()
                };
                *classes = plus(classes, &passed);
            }
        } else if stacked
            && growth > classes.frames
            && !self.accounts.values().any(|port| account.has_port(port))
        {
            side::add_unseen(classes, growth - classes.frames);
        }
        measured
    }

    /// What uncharged packets of `account` can be.
    fn above(&self, account: &Account, direction: Direction) -> Above {
        use engine::InterfaceKind::{Device, KernelTunnel, Stacked};

        let segmentation = self.headers_above(account, direction);
        let mut above = Above { segmentation, ..Above::default() };
        for other in self.accounts.values() {
            let passed = &self.measured(other, direction).classes;
            // A bridge is what its ports are, but it has their packets all the same.
            if other.has_port(account) || (other.kind == Stacked && other.is_on(account)) {
                let headers = self.headers_above(other, direction);
                above.stacked += side::passed_on_wire(
                    direction,
                    passed,
                    headers.saturating_add(passed.charged_segmentation),
                );
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
#[path = "ledger_laws.rs"]
mod laws;
#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
