//! Two network namespaces with a cable between them.

use std::{
    ffi::OsStr,
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

/// Every packet on the cable has an Ethernet header in front of what we count.
const ETHERNET_HEADER: u64 = 14;
const CABLE: &str = "eth0";
const PREFIX: &str = "bwusage-test-";

/// The network of one test. Dropping it removes it.
pub(super) struct Network {
    near: Namespace,
    far: Namespace,
}

pub(super) struct Namespace(String);

/// What the far interface carried, Ethernet headers taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
    pub(super) rx_packets: u64,
    pub(super) tx_packets: u64,
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
        let offloads = ["tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off"];
        for namespace in [&network.near, &network.far] {
            output(namespace.command("ethtool").args(["-K", CABLE]).args(offloads));
        }
        network
    }

    /// As a cable is by itself: it carries packets of up to 64 KiB and counts each as one.
    pub(super) fn with_offloads() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let name = format!("{PREFIX}{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let network = Self { near: Namespace(format!("{name}-near")), far: Namespace(format!("{name}-far")) };
        let (near, far) = (&network.near, &network.far);
        ip(&["netns", "add", &near.0]);
        ip(&["netns", "add", &far.0]);
        ip(&["link", "add", CABLE, "netns", &near.0, "type", "veth", "peer", "name", CABLE, "netns", &far.0]);
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
        let words = ["neighbour", "replace", NOBODY, "lladdr", FAR.mac, "dev", CABLE, "nud", "permanent"];
        ip(&[&["-n", &self.near.0][..], &words].concat());
        NOBODY
    }

    /// The counters of the far interface.
    pub(super) fn carried(&self) -> Carried {
        let text = ip(&["-n", &self.far.0, "-s", "-j", "link", "show", "dev", CABLE]);
        let links: Value = serde_json::from_str(&text).expect("JSON from ip");
        let number = |way: &str, what: &str| links[0]["stats64"][way][what].as_u64().expect("a counter");
        let bytes = |way: &str| number(way, "bytes") - ETHERNET_HEADER * number(way, "packets");
        Carried {
            rx_bytes: bytes("rx"),
            tx_bytes: bytes("tx"),
            rx_packets: number("rx", "packets"),
            tx_packets: number("tx", "packets"),
        }
    }
}

impl Carried {
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            rx_bytes: self.rx_bytes - earlier.rx_bytes,
            tx_bytes: self.tx_bytes - earlier.tx_bytes,
            rx_packets: self.rx_packets - earlier.rx_packets,
            tx_packets: self.tx_packets - earlier.tx_packets,
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            // Whatever else is wrong, the test says; the cable goes with its ends.
            let _ = Command::new("ip").args(["netns", "delete", &namespace.0]).output();
        }
    }
}

impl Namespace {
    /// `program`, inside.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program);
        command
    }

    fn set_up(&self, own: &End, other: &End) {
        let ip = |words: &[&str]| ip(&[&["-n", &self.0], words].concat());
        // Nothing passes but what the test sends (and a group membership now and then): no address of its own choosing, no
        // neighbours to look for.
        ip(&["link", "set", CABLE, "addrgenmode", "none", "address", own.mac]);
        for address in own.addresses {
            let network = if address.contains(':') { "64" } else { "24" };
            ip(&["address", "add", &format!("{address}/{network}"), "dev", CABLE, "nodad"]);
        }
        ip(&["link", "set", "lo", "up"]);
        ip(&["link", "set", CABLE, "up"]);
        for address in other.addresses {
            ip(&["neighbour", "replace", address, "lladdr", other.mac, "dev", CABLE, "nud", "permanent"]);
        }
    }
}

/// A test that was killed could not remove its namespaces.
fn remove_leftovers() {
    for line in ip(&["netns", "list"]).lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test may be removing it at this moment.
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

fn ip(words: &[&str]) -> String {
    output(Command::new("ip").args(words))
}

/// Runs a command that must succeed.
pub(super) fn output(command: &mut Command) -> String {
    let output = command.output().expect("start a command");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
