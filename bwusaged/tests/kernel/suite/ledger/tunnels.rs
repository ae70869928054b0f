//! Packets inside packets: what is inside is its process's, what is outside is told apart from it.

use super::{Scene, TestOfKind, assert_attributed, assert_reason};
use crate::suite::{
    Test,
    folder::Folder,
    network::{CABLE, ETHERNET_HEADER, Network},
};

pub(super) const TESTS_OF_KINDS: &[TestOfKind] = &[(
    "vxlan id 98 dstport 4789",
    ("what_carries_a_tunnel_of_the_kernel_is_not_counted_twice", kernel_tunnel),
)];

pub(super) const TESTS: &[Test] = &[("a_vpn_program_is_marked_and_its_traffic_told_apart", vpn)];

const BULK: u64 = 30_000_000;

/// VXLAN, which puts 50 bytes in front of each packet: IP, UDP, VXLAN, Ethernet.
fn kernel_tunnel() {
    const INNER_LINK: u64 = 14;
    const OUTER: u64 = 36;
    let (folder, network) = (Folder::new(), Network::new());
    for (namespace, own, peer, inner) in [
        (network.near(), "10.98.0.1", "10.98.0.2", "10.97.0.1/24"),
        (network.far(), "10.98.0.2", "10.98.0.1", "10.97.0.2/24"),
    ] {
        namespace.ip(&format!("link add tunnel0 type vxlan id 98 dstport 4789 local {own} remote {peer}"));
        namespace.ip("link set tunnel0 addrgenmode none mtu 1400");
        namespace.start("tunnel0", &[inner]);
        namespace.switch_offloads_off("tunnel0");
    }
    let scene = Scene::new(&folder, network.near());
    let (_server, address) = scene.serve(network.far(), &["serve-tcp", "10.97.0.2:0"]);
    let mut client = scene.run(network.near(), "bw-client", &["upload", &address, &BULK.to_string()]);
    client.done();

    let ledger = scene.ledger();
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    let (outside, inside) = (ledger.interface(CABLE), ledger.interface("tunnel0"));
    assert_eq!(inside.kind, "tunnel");
    let passed = network.near().frames("tunnel0");
    for interface in [outside, inside] {
        assert_attributed(interface);
    }
    for (outside, inside, row, packets) in [
        (&outside.rx, &inside.rx, row.total.rx_bytes_total, passed.rx_packets),
        (&outside.tx, &inside.tx, row.total.tx_bytes_total, passed.tx_packets),
    ] {
        assert_eq!(inside.bytes("processes").unsigned_abs(), row, "{inside:?}");
        assert_eq!(outside.bytes("processes"), 0, "{outside:?}");
        assert_reason(outside, "tunnel", row + packets * (INNER_LINK + OUTER));
    }
}

/// As OpenVPN and the like do it.
fn vpn() {
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, network.near());
    let ends = ["10.98.0.1:5098", "10.98.0.2:5098"];
    let mut far = scene.run(network.far(), "bw-vpn", &["carry", "tun1", "10.97.0.2/24", ends[1], ends[0]]);
    far.address();
    let mut near = scene.run(network.near(), "bw-vpn", &["carry", "tun0", "10.97.0.1/24", ends[0], ends[1]]);
    near.address();
    let (_server, address) = scene.serve(network.far(), &["serve-tcp", "10.97.0.2:0"]);
    let before = network.near().frames(CABLE);
    let mut client = scene.run(network.near(), "bw-client", &["upload", &address, &BULK.to_string()]);
    let truth = client.done();

    // Carriers are looked for now and then.
    let ledger = loop {
        let ledger = scene.ledger();
        if !ledger.carriers("tun0").is_empty() {
            break ledger;
        }
    };
    assert_eq!(ledger.carriers("tun0"), [Some(near.pid())]);
    let top = scene.daemon.top_by_pid();
    let (client, carrier) = (top.process(client.pid()), top.process(near.pid()));
    assert_eq!(client.total.tx_payload_bytes_total, truth.sent);
    let passed = network.near().frames(CABLE).since(before);
    let (outside, inside) = (ledger.interface(CABLE), ledger.interface("tun0"));
    assert_eq!(inside.kind, "tunnel");
    for interface in [outside, inside] {
        assert_attributed(interface);
    }
    for (outside, inside, client, carrier, bytes, packets) in [
        (
            &outside.rx,
            &inside.rx,
            client.total.rx_bytes_total,
            carrier.total.rx_bytes_total,
            passed.rx_bytes,
            passed.rx_packets,
        ),
        (
            &outside.tx,
            &inside.tx,
            client.total.tx_bytes_total,
            carrier.total.tx_bytes_total,
            passed.tx_bytes,
            passed.tx_packets,
        ),
    ] {
        assert_eq!(inside.bytes("processes").unsigned_abs(), client, "{inside:?}");
        // The carrier's own bytes are what the cable carried, and the only ones of a process there.
        assert_eq!(outside.bytes("processes").unsigned_abs(), carrier, "{outside:?}");
        assert_reason(outside, "processes", bytes - packets * ETHERNET_HEADER);
    }
}
