//! Two network namespaces with a cable between them.

use super::namespace::{Frames, Namespace, output};

/// Every packet on the cable has an Ethernet header in front of what we count.
pub(super) const ETHERNET_HEADER: u64 = 14;
/// The cable's interface, at each end.
pub(super) const CABLE: &str = "eth0";

/// The network of one test. Dropping it removes it.
pub(super) struct Network {
    near: Namespace,
    far: Namespace,
}

/// One end of the cable.
struct End {
    mac: &'static str,
    addresses: [&'static str; 4],
}

/// Of each family one private address, and one that counts as the Internet (they are reserved for documentation).
const NEAR: End =
    End { mac: "02:00:00:00:98:01", addresses: ["10.98.0.1", "203.0.113.1", "fd98::1", "2001:db8::1"] };
const FAR: End =
    End { mac: "02:00:00:00:98:02", addresses: ["10.98.0.2", "203.0.113.2", "fd98::2", "2001:db8::2"] };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// The far end, with any port.
    pub(super) const fn far_address(self) -> &'static str {
        match self {
            Self::V4 => "10.98.0.2:0",
            Self::V6 => "[fd98::2]:0",
        }
    }

    pub(super) const fn ip_header(self) -> u64 {
        match self {
            Self::V4 => 20,
            Self::V6 => 40,
        }
    }
}

impl Network {
    /// Without offloads: the cable carries every packet by itself, and counts it.
    pub(super) fn new() -> Self {
        let network = Self::with_offloads();
        for namespace in [&network.near, &network.far] {
            namespace.switch_offloads_off(CABLE);
        }
        network
    }

    /// IPv6 reports memberships whenever it likes: also between two readings that are compared to the byte.
    pub(super) fn switch_ipv6_off(&self) {
        for end in [&self.near, &self.far] {
            let off = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
            output(end.command("sh").args(["-c", off]));
        }
    }

    /// As a cable is by itself: it carries packets of up to 64 KiB and counts each as one.
    pub(super) fn with_offloads() -> Self {
        let network = Self { near: Namespace::new("near"), far: Namespace::new("far") };
        let (near, far) = (&network.near, &network.far);
        near.cable(CABLE, far, CABLE);
        near.set_up(&NEAR, &FAR);
        far.set_up(&FAR, &NEAR);
        network
    }

    pub(super) fn near(&self) -> &Namespace {
        &self.near
    }

    pub(super) fn far(&self) -> &Namespace {
        &self.far
    }

    /// An address at the far end of the cable where nobody is.
    pub(super) fn nobody(&self) -> &'static str {
        const NOBODY: &str = "10.98.0.99";
        self.near.meet(NOBODY, &FAR);
        NOBODY
    }

    /// Packets that the near end and the far end sent and the cable dropped.
    pub(super) fn dropped(&self) -> [u64; 2] {
        [&self.near, &self.far].map(|end| end.dropped(CABLE))
    }

    /// What the far interface carried, Ethernet headers taken off.
    pub(super) fn carried(&self) -> Frames {
        let Frames { rx_bytes, tx_bytes, rx_packets, tx_packets } = self.far.frames(CABLE);
        let headers = |packets| ETHERNET_HEADER * packets;
        let (rx_bytes, tx_bytes) = (rx_bytes - headers(rx_packets), tx_bytes - headers(tx_packets));
        Frames { rx_bytes, tx_bytes, rx_packets, tx_packets }
    }
}

impl Namespace {
    fn set_up(&self, own: &End, other: &End) {
        self.ip(&format!("link set {CABLE} address {}", own.mac));
        let in_network = |address: &str| format!("{address}/{}", if address.contains(':') { 64 } else { 24 });
        self.start(CABLE, &own.addresses.map(in_network).each_ref().map(String::as_str));
        for address in other.addresses {
            self.meet(address, other);
        }
    }

    /// Makes a neighbour known, so that nobody looks for it.
    fn meet(&self, address: &str, end: &End) {
        self.ip(&format!("neighbour replace {address} lladdr {} dev {CABLE} nud permanent", end.mac));
    }
}
