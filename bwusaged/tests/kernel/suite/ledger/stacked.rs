//! Interfaces that stand on others: every byte is counted by both, and has its process on the upper one only.

use super::{Scene, TestOfKind, assert_attributed, assert_reason};
use crate::suite::{
    Test,
    folder::Folder,
    network::{CABLE, ETHERNET_HEADER, Network},
};

pub(super) const TESTS: &[Test] = &[("what_a_bridge_moves_is_stacked_on_its_cable", bridge)];

pub(super) const TESTS_OF_KINDS: &[TestOfKind] = &[
    ("macvlan", ("what_a_macvlan_moves_is_stacked_on_its_cable", || on_top("macvlan mode bridge", 0))),
    ("vlan id 98", ("what_a_vlan_moves_is_stacked_on_its_cable", || on_top("vlan id 98", 4))),
];

const BULK: u64 = 50_000_000;

/// An interface of this kind stands on the cable's, at each end. Its packets are longer below by `tag` bytes.
fn on_top(kind: &str, tag: u64) {
    let (folder, network) = (Folder::new(), Network::new());
    let near = (network.near(), "10.97.0.1", "02:00:00:00:97:01");
    let far = (network.far(), "10.97.0.2", "02:00:00:00:97:02");
    for ((namespace, address, mac), (_, other_address, other_mac)) in [(near, far), (far, near)] {
        namespace.ip(&format!("link add link {CABLE} name upper address {mac} type {kind}"));
        namespace.ip("link set upper addrgenmode none");
        namespace.start("upper", &[&format!("{address}/24")]);
        // Else the cable's interface answers for the upper one too.
        namespace
            .ip(&format!("neighbour replace {other_address} lladdr {other_mac} dev upper nud permanent"));
    }
    moves_on("stacked", tag, &folder, &network);
}

/// The cable's interface is a port of a bridge, which has the address.
fn bridge() {
    let (folder, network) = (Folder::new(), Network::new());
    network.near().ip("link add upper type bridge");
    network.near().ip(&format!("link set {CABLE} master upper"));
    network.near().ip("link set upper addrgenmode none");
    network.near().start("upper", &["10.97.0.1/24"]);
    network.far().ip(&format!("address add 10.97.0.2/24 dev {CABLE}"));
    // It leads where its only port leads.
    moves_on("namespace", 0, &folder, &network);
}

fn moves_on(kind: &str, tag: u64, folder: &Folder, network: &Network) {
    let scene = Scene::new(folder, network.near());
    let (_server, address) = scene.serve(network.far(), &["serve-tcp", "10.97.0.2:0"]);
    let before = network.near().frames(CABLE);
    let mut client = scene.run(network.near(), "bw-client", &["upload", &address, &BULK.to_string()]);
    client.done();

    let ledger = scene.ledger();
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    let passed = network.near().frames(CABLE).since(before);
    let (lower, upper) = (ledger.interface(CABLE), ledger.interface("upper"));
    assert_eq!(upper.kind, kind);
    for interface in [lower, upper] {
        assert_attributed(interface);
    }
    for (lower, upper, row, packets) in [
        (&lower.rx, &upper.rx, row.total.rx_bytes_total, passed.rx_packets),
        (&lower.tx, &upper.tx, row.total.tx_bytes_total, passed.tx_packets),
    ] {
        assert_eq!(upper.bytes("processes").unsigned_abs(), row, "{upper:?}");
        assert_eq!(lower.bytes("processes"), 0, "{lower:?}");
        assert_reason(lower, "stacked", row);
        assert_reason(lower, "link_headers", packets * (ETHERNET_HEADER + tag));
    }
}
