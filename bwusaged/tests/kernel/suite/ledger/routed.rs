//! The daemon's machine passes packets on: between hosts, and for containers.

use super::{Interface, Scene, assert_attributed};
use crate::suite::{
    Test,
    folder::Folder,
    namespace::{Frames, Namespace},
    network::ETHERNET_HEADER,
};

pub(super) const TESTS: &[Test] = &[
    ("what_is_routed_from_one_cable_to_another_is_forwarded", || between_cables(false)),
    ("super_packets_that_are_routed_are_forwarded", || between_cables(true)),
    ("what_a_container_sends_through_bridge_and_uplink_is_its_own", container),
    ("what_a_tunnel_brings_for_another_is_forwarded", between_hosts),
];

const BULK: u64 = 50_000_000;

/// Left and right of a router, each with a cable to it.
struct Routed {
    left: Namespace,
    router: Namespace,
    right: Namespace,
}

impl Routed {
    fn new() -> Self {
        let network = Self {
            left: Namespace::new("left"),
            router: Namespace::new("router"),
            right: Namespace::new("right"),
        };
        network.router.forward();
        for (end, name, subnet) in [(&network.left, "left", 1), (&network.right, "right", 2)] {
            network.router.cable(name, end, "eth0");
            network.router.start(name, &[&format!("10.90.{subnet}.1/24")]);
            end.start("eth0", &[&format!("10.90.{subnet}.2/24")]);
            end.ip(&format!("route add default via 10.90.{subnet}.1"));
        }
        network
    }
}

/// But for a look for neighbours and a group membership now and then, all that passed has this reason.
#[track_caller]
fn assert_all_but_little(interface: &Interface, reason: &str, passed: Frames) {
    let named = interface.rx.bytes(reason) + interface.tx.bytes(reason);
    let truth = passed.rx_bytes + passed.tx_bytes;
    assert!(named.unsigned_abs().abs_diff(truth) <= truth / 1000, "{named} of {truth} bytes: {interface:?}");
}

/// Nothing else leads out of the router, so these are its ways to other hosts.
fn between_cables(offloads: bool) {
    let (folder, network) = (Folder::new(), Routed::new());
    if !offloads {
        for (namespace, interface) in [
            (&network.left, "eth0"),
            (&network.router, "left"),
            (&network.router, "right"),
            (&network.right, "eth0"),
        ] {
            namespace.switch_offloads_off(interface);
        }
    }
    let scene = Scene::new(&folder, &network.router);
    let (_server, address) = scene.serve(&network.right, &["serve-tcp", "10.90.2.2:0"]);
    let mut client = scene.run(&network.left, "bw-client", &["download", &address, &BULK.to_string()]);
    let truth = client.done();

    let ledger = scene.ledger();
    for name in ["left", "right"] {
        let interface = ledger.interface(name);
        assert_all_but_little(interface, "forwarded", network.router.frames(name));
        for side in [&interface.rx, &interface.tx] {
            assert_eq!(side.bytes("namespaces"), 0, "{side:?}");
        }
        assert_attributed(interface);
    }
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    assert_eq!(row.total.rx_payload_bytes_total, truth.received);
}

/// As container engines build it: a bridge with a cable into the container, and a way out.
fn container() {
    let folder = Folder::new();
    let (container, host, outside) =
        (Namespace::new("container"), Namespace::new("host"), Namespace::new("outside"));
    host.forward();
    host.ip("link add bridge0 type bridge");
    host.ip("link set bridge0 addrgenmode none");
    host.start("bridge0", &["172.31.0.1/24"]);
    host.cable("inside", &container, "eth0");
    host.ip("link set inside master bridge0");
    host.start("inside", &[]);
    container.start("eth0", &["172.31.0.2/24"]);
    container.ip("route add default via 172.31.0.1");
    host.cable("uplink", &outside, "eth0");
    host.start("uplink", &["10.90.2.1/24"]);
    outside.start("eth0", &["10.90.2.2/24"]);
    outside.ip("route add 172.31.0.0/24 via 10.90.2.1");
    let scene = Scene::new(&folder, &host);
    let (_server, address) = scene.serve(&outside, &["serve-tcp", "10.90.2.2:0"]);
    let mut client = scene.run(&container, "bw-contained", &["upload", &address, &BULK.to_string()]);
    let truth = client.done();

    let ledger = scene.ledger();
    let passed = host.frames("uplink");
    let uplink = ledger.interface("uplink");
    assert_all_but_little(uplink, "namespaces", passed);
    for side in [&uplink.rx, &uplink.tx] {
        assert_eq!(side.bytes("forwarded"), 0, "{side:?}");
    }
    for name in ["uplink", "inside", "bridge0"] {
        assert_attributed(ledger.interface(name));
    }
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    assert_eq!((row.name.as_deref(), row.total.tx_payload_bytes_total), (Some("bw-contained"), truth.sent));
    // It is all there: the process's bytes, and a link header a packet.
    let wire = row.total.tx_bytes_total;
    let truth = passed.tx_bytes - passed.tx_packets * ETHERNET_HEADER;
    assert!(wire + truth / 1000 >= truth, "{wire} of {truth}");
}

/// What enters at one interface leaves at another, and no process of this machine has a socket for it.
fn between_hosts() {
    const COUNT: u64 = 20_000;
    const SIZE: u64 = 1000;
    let (folder, router) = (Folder::new(), Namespace::new("router"));
    router.forward();
    let scene = Scene::new(&folder, &router);
    let words = ["be-two-hosts", "first", "second", &COUNT.to_string(), &SIZE.to_string()];
    let mut hosts = scene.run(&router, "bw-hosts", &words);
    let truth = hosts.done();
    assert_eq!((truth.sent, truth.received), (COUNT * SIZE, COUNT * SIZE));

    let ledger = scene.ledger();
    let (first, second) = (ledger.interface("first"), ledger.interface("second"));
    for side in [&first.rx, &second.tx] {
        assert_eq!(side.bytes("forwarded").unsigned_abs(), COUNT * SIZE, "{side:?}");
        assert_eq!(side.bytes("namespaces"), 0, "{side:?}");
    }
    for interface in [first, second] {
        assert_attributed(interface);
    }
}
