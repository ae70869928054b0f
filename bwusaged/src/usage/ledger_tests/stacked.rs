//! Interfaces that stand on others, and tunnels: the same bytes pass twice and are named once.

use bwusage_proto::{connection::Moved, ledger::Reason};

use super::{Books, DirectionSample, InterfaceSample, check, cut, interface, of, plain, received, sent, tx};
use crate::engine::InterfaceKind::{KernelTunnel, Namespace, Stacked, UserTunnel};

/// eth0 carries its own 10 kB and `vlan`.
fn vlan(vlan: DirectionSample) -> [InterfaceSample; 2] {
    let mut eth0 = plain(10, 1000);
    eth0.frames += vlan.frames;
    eth0.link_headers += vlan.link_headers;
    eth0.frame_segmentation = vlan.frame_segmentation;
    let upper = Moved { rx_bytes: 0, tx_bytes: vlan.frames };
    [
        sent(eth0, eth0.frames),
        InterfaceSample {
            tx: vlan,
            counters: Some(upper),
            lower: Some(2),
            ..interface(3, "eth0.7", Stacked)
        },
    ]
}

#[test]
fn frames_of_a_vlan_are_counted_there_and_named_in_the_summary() {
    let books = of(&vlan(plain(5, 400)));
    let expected = [(Reason::Processes, 10_000), (Reason::Stacked, 2000), (Reason::LinkHeaders, 210)];
    check(&tx(&books, "eth0"), &expected);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 12_000), (Reason::LinkHeaders, 210)]);
}

#[test]
fn segments_of_a_vlan_are_whole_in_the_summary() {
    let books = of(&vlan(cut(1, 10)));
    let expected = [(Reason::Processes, 25_000), (Reason::LinkHeaders, 154), (Reason::Segmentation, -9 * 52)];
    check(&books.summary().unwrap().tx, &expected);
}

/// `upper` took what eth0 received, and eth0 was charged with nothing.
fn taken_over(upper: DirectionSample, counter: u64, port: bool) -> Books {
    let eth0 = DirectionSample {
        non_ip: 60,
        frames: 15_000 + 140 + 60,
        link_headers: 140,
        ..DirectionSample::default()
    };
    let upper = InterfaceSample {
        rx: upper,
        counters: Some(Moved { rx_bytes: counter, tx_bytes: 0 }),
        ..interface(3, "above", Stacked)
    };
    let mut books = Books::default();
    let (lower, master) = if port { (None, Some(3)) } else { (Some(2), None) };
    let eth0 = InterfaceSample { master, ..received(eth0, eth0.frames) };
    books.take(&[eth0, InterfaceSample { lower, ..upper }]);
    books
}

#[test]
fn a_vlan_received_what_it_took_over() {
    let charged = DirectionSample { processes: 15_000, ..DirectionSample::default() };
    let books = taken_over(charged, 15_000, false);
    let [above, eth0] = &books.interfaces()[..] else { panic!("two interfaces") };
    check(&above.rx, &[(Reason::Processes, 15_000)]);
    check(&eth0.rx, &[(Reason::Stacked, 15_000), (Reason::NonIp, 60), (Reason::LinkHeaders, 140)]);
    let expected = [(Reason::Processes, 15_000), (Reason::NonIp, 60), (Reason::LinkHeaders, 140)];
    check(&books.summary().unwrap().rx, &expected);
}

#[test]
fn a_bond_received_what_its_ports_did() {
    let charged = DirectionSample { processes: 15_000, ..DirectionSample::default() };
    let books = taken_over(charged, 15_200, true);
    let expected = [(Reason::Processes, 15_000), (Reason::NonIp, 60), (Reason::LinkHeaders, 140)];
    check(&books.summary().unwrap().rx, &expected);
}

#[test]
fn a_vlan_on_a_bond_is_named_in_the_summary() {
    let tcp = cut(1, 10);
    let stacked = |index, name: &str, tx: DirectionSample| InterfaceSample {
        tx,
        counters: Some(Moved { rx_bytes: 0, tx_bytes: tx.frames }),
        ..interface(index, name, Stacked)
    };
    let passed = DirectionSample { processes: 0, charged_segmentation: 0, ..tcp };
    let mut books = Books::default();
    let eth0 = InterfaceSample { master: Some(3), ..sent(passed, tcp.frames) };
    let vlan = InterfaceSample { lower: Some(3), ..stacked(4, "bond0.7", tcp) };
    books.take(&[eth0, stacked(3, "bond0", passed), vlan]);
    check(
        &tx(&books, "bond0"),
        &[(Reason::Stacked, 15_000), (Reason::LinkHeaders, 14), (Reason::Segmentation, -468)],
    );
    let expected = [(Reason::Processes, 15_000), (Reason::LinkHeaders, 14), (Reason::Segmentation, -468)];
    check(&books.summary().unwrap().tx, &expected);
}

#[test]
fn a_vlan_that_was_removed_keeps_its_names_in_the_summary() {
    let [eth0, upper] = vlan(plain(5, 400));
    let mut books = of(&[eth0.clone(), upper]);
    let before = books.summary();
    books.take(&[eth0]);
    assert_eq!((books.interfaces().len(), books.summary()), (1, before));
}

#[test]
fn a_bridge_that_leads_to_containers_too_names_no_more_than_passed_the_device() {
    let [eth0, mut bridge] = vlan(plain(5, 400));
    // As much again went to a container on the same bridge.
    (bridge.tx.processes, bridge.tx.frames, bridge.tx.link_headers) = (4000, 4140, 140);
    bridge.counters = Some(Moved { rx_bytes: 0, tx_bytes: 4140 });
    let books = of(&[eth0, bridge]);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 12_000), (Reason::LinkHeaders, 210)]);
}

#[test]
fn a_bridge_of_containers_only_is_not_in_the_summary() {
    let mut eth0 = plain(10, 1000);
    (eth0.frames, eth0.forwarded, eth0.namespaces) = (eth0.frames + 3000, 3000, 3000);
    let within = |index, name: &str, kind| InterfaceSample {
        tx: DirectionSample { frames: 3000, forwarded: 3000, namespaces: 3000, ..DirectionSample::default() },
        counters: Some(Moved { rx_bytes: 0, tx_bytes: 3000 }),
        ..interface(index, name, kind)
    };
    let veth1 = InterfaceSample { master: Some(4), ..within(5, "veth1", Namespace) };
    let samples = [sent(eth0, eth0.frames), within(4, "docker0", Stacked), veth1];
    let books = of(&samples);
    check(&tx(&books, "veth1"), &[(Reason::Namespaces, 3000)]);
    let expected = [(Reason::Processes, 10_000), (Reason::Namespaces, 3000), (Reason::LinkHeaders, 140)];
    let summary = books.summary().unwrap();
    check(&summary.tx, &expected);
    assert_eq!(summary.attributed(), Some(10_000));
}

/// A tunnel that carried `inner` bytes, and eth0 with 10 kB of its own and `outer` bytes that nobody was charged with.
fn tunnelled(inner: u64, outer: u64) -> [InterfaceSample; 2] {
    let mut eth0 = plain(10, 1000);
    eth0.frames += outer;
    let carried = DirectionSample { processes: inner, frames: inner, ..DirectionSample::default() };
    [
        sent(eth0, eth0.frames),
        InterfaceSample {
            tx: carried,
            counters: Some(Moved { rx_bytes: 0, tx_bytes: inner }),
            ..interface(9, "wg0", KernelTunnel)
        },
    ]
}

#[test]
fn packets_that_carry_a_tunnel_of_the_kernel_are_the_tunnels() {
    let books = of(&tunnelled(4000, 4320));
    let expected = [(Reason::Processes, 10_000), (Reason::Tunnel, 4320), (Reason::LinkHeaders, 140)];
    check(&tx(&books, "eth0"), &expected);
    check(&tx(&books, "wg0"), &[(Reason::Processes, 4000)]);
}

#[test]
fn a_tunnel_that_leaves_its_link_headers_out_has_none() {
    let inner = plain(10, 1000);
    let vxlan = InterfaceSample { index: 9, name: "vx0".into(), kind: KernelTunnel, ..sent(inner, 10_000) };
    check(&tx(&of(&[vxlan]), "vx0"), &[(Reason::Processes, 10_000)]);
}

#[test]
fn a_tunnel_that_is_idle_explains_no_flood() {
    let expected = [
        (Reason::Processes, 10_000),
        (Reason::NoSocket, 9500),
        (Reason::Tunnel, 500),
        (Reason::LinkHeaders, 140),
    ];
    check(&tx(&of(&tunnelled(100, 10_000)), "eth0"), &expected);
}

#[test]
fn a_tunnel_of_a_program_is_carried_by_that_programs_sockets() {
    // tun0 carries 4,000 bytes, for which the program sends 4,320 from its own socket.
    let inner = DirectionSample { processes: 4000, frames: 4000, ..DirectionSample::default() };
    let tun0 = InterfaceSample {
        tx: inner,
        counters: Some(Moved { rx_bytes: 0, tx_bytes: 4000 }),
        ..interface(9, "tun0", UserTunnel)
    };
    let books = of(&[sent(plain(1, 4320), 4334), tun0]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 4320), (Reason::LinkHeaders, 14)]);
    check(&tx(&books, "tun0"), &[(Reason::Processes, 4000)]);
}
