//! The ledger: what an interface counted, and who or what each byte of it was.
//!
//! For each interface and direction, the interface's own counter is the sum of the [`Line`]s. Each line has a
//! [`Reason`]; there is no line for "the rest". A line may be negative: some reasons say that the interface counted less than was
//! counted for processes (a network card that cuts super-packets itself adds their headers after it was counted).

use serde::{Deserialize, Serialize};

use crate::{
    codec::{Decode, Encode},
    snapshot::{Loss, RowId},
};

/// Why bytes are in an interface's counter.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Moved by processes: IP bytes, as in their rows.
    Processes,
    /// Moved by processes in other network namespaces (containers), forwarded here. In their rows too.
    Namespaces,
    /// Sockets of the kernel itself: resets, NFS, replies to ping.
    Kernel,
    /// IP packets of this machine that no socket sent or took: neighbour discovery, closed ports, the last packets of closed
    /// connections, what a firewall dropped.
    NoSocket,
    /// Packets that carry a tunnel: what is inside is counted at the tunnel's own interface.
    Tunnel,
    /// Frames of an interface that stands on this one (VLAN, bond, bridge, macvlan): counted there.
    Stacked,
    /// Passed on for others: routed or bridged.
    Forwarded,
    /// Not IP: ARP, spanning tree, LLDP, MPLS.
    NonIp,
    /// Headers of the link, 14 bytes a frame on Ethernet.
    LinkHeaders,
    /// Headers of segments that the interface cuts or joins itself. Negative where it does not count them; positive where it
    /// does: the link header of each segment, and all headers of segments that are forwarded.
    Segmentation,
    /// Counted for its process, but not (yet) handed to the interface: waiting in a queue or dropped there; negative.
    NotSent,
    /// One packet that several sockets took (multicast); negative.
    Copies,
    /// Counted by the interface, but never handed to the network stack or taken from it: dropped in the driver, sent by XDP, or
    /// moved between the two readings.
    Driver,
    /// Of a process that could not be told: the table was full, or the socket's process ended long ago.
    Lost,
    /// Counted by the interface before the daemon started.
    BeforeStart,
}

impl Reason {
    /// Every reason, in the order in which they are shown.
    pub const ALL: [Self; 15] = [
        Self::Processes,
        Self::Namespaces,
        Self::Kernel,
        Self::NoSocket,
        Self::Tunnel,
        Self::Stacked,
        Self::Forwarded,
        Self::NonIp,
        Self::LinkHeaders,
        Self::Segmentation,
        Self::NotSent,
        Self::Copies,
        Self::Driver,
        Self::Lost,
        Self::BeforeStart,
    ];

    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Namespaces => "namespaces",
            Self::Kernel => "kernel",
            Self::NoSocket => "no_socket",
            Self::Tunnel => "tunnel",
            Self::Stacked => "stacked",
            Self::Forwarded => "forwarded",
            Self::NonIp => "non_ip",
            Self::LinkHeaders => "link_headers",
            Self::Segmentation => "segmentation",
            Self::NotSent => "not_sent",
            Self::Copies => "copies",
            Self::Driver => "driver",
            Self::Lost => "lost",
            Self::BeforeStart => "before_start",
        }
    }

    /// The name on screen.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Namespaces => "processes in other namespaces",
            Self::Kernel => "kernel",
            Self::NoSocket => "kernel, without a socket",
            Self::Tunnel => "carries a tunnel",
            Self::Stacked => "for an interface above",
            Self::Forwarded => "forwarded for others",
            Self::NonIp => "not IP",
            Self::LinkHeaders => "headers of the link",
            Self::Segmentation => "segmentation",
            Self::NotSent => "not sent",
            Self::Copies => "copies",
            Self::Driver => "driver",
            Self::Lost => "lost",
            Self::BeforeStart => "before the daemon started",
        }
    }

    /// What kind of answer it is to "whose bytes were these?".
    #[must_use]
    pub const fn share(self) -> Share {
        match self {
            Self::Processes | Self::Namespaces => Share::Attributed,
            Self::Kernel | Self::NoSocket | Self::NonIp | Self::Driver | Self::Lost => Share::Nobody,
            Self::Tunnel
            | Self::Stacked
            | Self::Forwarded
            | Self::LinkHeaders
            | Self::Segmentation
            | Self::NotSent
            | Self::Copies
            | Self::BeforeStart => Share::NotAsked,
        }
    }
}

/// How a [`Reason`] enters the attributed share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A process has these bytes.
    Attributed,
    /// This machine's traffic that no process has.
    Nobody,
    /// Not traffic of this machine's programs, or counted elsewhere already.
    NotAsked,
}

/// Bytes with one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Line {
    /// Why.
    pub reason: Reason,
    /// How many. Negative where the reason says so.
    pub bytes: i64,
}

/// One direction of one interface, or of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Side {
    /// What the interface itself counted, since it exists.
    pub counter: u64,
    /// What that was: reasons with 0 bytes are left out. Each reason at most once, in the order of [`Reason::ALL`].
    pub lines: Vec<Line>,
}

impl Side {
    /// Bytes with this reason.
    #[must_use]
    pub fn bytes(&self, reason: Reason) -> i64 {
        self.lines.iter().filter(|line| line.reason == reason).map(|line| line.bytes).sum()
    }

    /// What no line explains: 0 whenever the ledger is true.
    #[must_use]
    pub fn unnamed(&self) -> i64 {
        let named: i128 = self.lines.iter().map(|line| i128::from(line.bytes)).sum();
        i64::try_from(i128::from(self.counter) - named).unwrap_or(i64::MAX)
    }

    fn share(&self, share: Share) -> u64 {
        let lines = self.lines.iter().filter(|line| line.reason.share() == share);
        lines.map(|line| u64::try_from(line.bytes).unwrap_or(0)).fold(0, u64::saturating_add)
    }
}

/// What an interface is, as far as the ledger must tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// Leads out of the machine.
    Device,
    /// The machine itself.
    Loopback,
    /// Its packets leave inside other packets: a VPN, VXLAN, GRE.
    Tunnel,
    /// Stands on other interfaces: VLAN, bond, bridge, macvlan.
    Stacked,
    /// Leads to another network namespace of this machine: veth.
    Namespace,
}

impl InterfaceKind {
    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Loopback => "loopback",
            Self::Tunnel => "tunnel",
            Self::Stacked => "stacked",
            Self::Namespace => "namespace",
        }
    }
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct InterfaceLedger {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Received.
    pub rx: Side,
    /// Sent.
    pub tx: Side,
}

/// A process whose traffic carries a tunnel: what others send through the tunnel is in its row once more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Carrier {
    /// The process.
    pub row: RowId,
    /// The tunnel's interface.
    pub interface: String,
}

/// Both directions of everything that leads out of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Summary {
    /// Received.
    pub rx: Side,
    /// Sent.
    pub tx: Side,
}

impl Summary {
    /// Hundredths of a percent of this machine's traffic that have a process: 10,000 is every byte. `None` without traffic.
    #[must_use]
    pub fn attributed(&self) -> Option<u32> {
        attributed(&self.rx, &self.tx)
    }
}

impl InterfaceLedger {
    /// As [`Summary::attributed`], of this interface.
    #[must_use]
    pub fn attributed(&self) -> Option<u32> {
        attributed(&self.rx, &self.tx)
    }
}

fn attributed(rx: &Side, tx: &Side) -> Option<u32> {
    let sum = |share| u128::from(rx.share(share)) + u128::from(tx.share(share));
    let named = sum(Share::Attributed);
    u32::try_from((named * 10_000).checked_div(named + sum(Share::Nobody))?).ok()
}

/// The whole ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Ledger {
    /// When it was read, in milliseconds of Unix time.
    pub taken_at_unix_ms: u64,
    /// The daemon's start: lines but `before_start` count from here.
    pub since_unix_ms: u64,
    /// Every interface that leads out of the machine, added up.
    pub summary: Summary,
    /// Every interface of the daemon's network namespace.
    pub interfaces: Vec<InterfaceLedger>,
    /// Processes whose traffic carries a tunnel.
    pub carriers: Vec<Carrier>,
    /// Updates that could not be made.
    pub losses: Vec<Loss>,
    /// Why there are no lines, where there are none.
    pub missing: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(counter: u64, lines: &[(Reason, i64)]) -> Side {
        Side { counter, lines: lines.iter().map(|&(reason, bytes)| Line { reason, bytes }).collect() }
    }

    #[test]
    fn what_no_line_explains_is_unnamed() {
        let whole = side(100, &[(Reason::Processes, 120), (Reason::Segmentation, -20)]);
        assert_eq!((whole.unnamed(), whole.bytes(Reason::Segmentation)), (0, -20));
        assert_eq!(side(100, &[(Reason::Kernel, 60)]).unnamed(), 40);
    }

    #[test]
    fn the_attributed_share_is_of_this_machines_own_traffic() {
        let rx = side(0, &[(Reason::Processes, 800), (Reason::Forwarded, 5000), (Reason::BeforeStart, 9000)]);
        let tx = side(0, &[(Reason::Namespaces, 100), (Reason::NoSocket, 90), (Reason::NonIp, 10)]);
        assert_eq!(Summary { rx, tx }.attributed(), Some(9000));
        assert_eq!(Summary::default().attributed(), None);
    }

    #[test]
    fn every_reason_is_listed_once_and_in_order() {
        assert!(Reason::ALL.is_sorted());
        let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
