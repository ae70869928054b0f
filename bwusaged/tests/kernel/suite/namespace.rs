//! Network namespaces: each is a host of its own, and gone with the test.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

const PREFIX: &str = "bwusage-test-";

pub(super) struct Namespace(String);

/// What an interface counted since it exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
    pub(super) rx_packets: u64,
    pub(super) tx_packets: u64,
}

impl Namespace {
    /// With nothing but a loopback interface. `role` makes its name readable.
    pub(super) fn new(role: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = Self(format!("{PREFIX}{}-{number}-{role}", process::id()));
        output(Command::new("ip").args(["netns", "add", &namespace.0]));
        namespace.ip("link set lo up");
        namespace
    }

    /// `program`, inside.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program);
        command
    }

    /// What to name to enter it.
    pub(super) fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.0)
    }

    /// Runs `ip` with these words inside.
    pub(super) fn ip(&self, words: &str) -> String {
        output(Command::new("ip").args(["-n", &self.0]).args(words.split(' ')))
    }

    /// A cable from here to `other`. Both ends are down.
    pub(super) fn cable(&self, own_end: &str, other: &Self, other_end: &str) {
        self.ip(&format!("link add {own_end} type veth peer name {other_end} netns {}", other.0));
        for (namespace, end) in [(self, own_end), (other, other_end)] {
            // Nothing passes but what the test sends (and a group membership now and then): no address of its own choosing.
            namespace.ip(&format!("link set {end} addrgenmode none"));
        }
    }

    /// Gives an interface its addresses, and starts it.
    pub(super) fn start(&self, interface: &str, addresses: &[&str]) {
        for address in addresses {
            let nodad = if address.contains(':') { " nodad" } else { "" };
            self.ip(&format!("address add {address} dev {interface}{nodad}"));
        }
        self.ip(&format!("link set {interface} up"));
    }

    /// From now on the interface carries every packet by itself, and counts it.
    pub(super) fn switch_offloads_off(&self, interface: &str) {
        for offload in ["tso", "gso", "gro", "tx-udp-segmentation", "tx-sctp-segmentation"] {
            output(self.command("ethtool").args(["-K", interface, offload, "off"]));
        }
    }

    /// From now on packets for others are passed on.
    pub(super) fn forward(&self) {
        for setting in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            output(self.command("sh").args(["-c", &format!("echo 1 > /proc/sys/net/{setting}")]));
        }
    }

    /// The names of all interfaces.
    pub(super) fn interfaces(&self) -> Vec<String> {
        let links: Vec<Value> = serde_json::from_str(&self.ip("-j link show")).expect("JSON from ip");
        links.iter().map(|link| link["ifname"].as_str().expect("a name").to_owned()).collect()
    }

    /// The counters of an interface.
    pub(super) fn frames(&self, interface: &str) -> Frames {
        let links = self.links(interface);
        let number = |way, what| counter(&links, way, what);
        Frames {
            rx_bytes: number("rx", "bytes"),
            tx_bytes: number("tx", "bytes"),
            rx_packets: number("rx", "packets"),
            tx_packets: number("tx", "packets"),
        }
    }

    /// Packets that were sent and that the interface dropped: it did not count them. A cable does when its other end has no room.
    pub(super) fn dropped(&self, interface: &str) -> u64 {
        counter(&self.links(interface), "tx", "dropped")
    }

    fn links(&self, interface: &str) -> Value {
        serde_json::from_str(&self.ip(&format!("-s -j link show dev {interface}"))).expect("JSON from ip")
    }
}

fn counter(links: &Value, way: &str, what: &str) -> u64 {
    links[0]["stats64"][way][what].as_u64().expect("a counter")
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Whatever else is wrong, the test says. Cables go with their ends.
        let _ = Command::new("ip").args(["netns", "delete", &self.0]).output();
    }
}

impl Frames {
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            rx_bytes: self.rx_bytes - earlier.rx_bytes,
            tx_bytes: self.tx_bytes - earlier.tx_bytes,
            rx_packets: self.rx_packets - earlier.rx_packets,
            tx_packets: self.tx_packets - earlier.tx_packets,
        }
    }
}

/// Whether the kernel has interfaces of this kind.
pub(super) fn is_offered(kind: &str) -> bool {
    // It looks at the kind before it refuses the size.
    let words = format!("link add name none mtu 1 type {kind}");
    let refusal = Command::new("ip").args(words.split(' ')).output();
    refusal.is_ok_and(|refusal| !String::from_utf8_lossy(&refusal.stderr).contains("Unknown device type"))
}

/// A test that was killed could not remove its namespaces.
fn remove_leftovers() {
    for line in output(Command::new("ip").args(["netns", "list"])).lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test may be removing it at this moment.
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

/// Runs a command that must succeed.
pub(super) fn output(command: &mut Command) -> String {
    let output = command.output().expect("start a command");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
