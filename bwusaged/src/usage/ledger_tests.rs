use bwusage_proto::{
    connection::Moved,
    ledger::{Reason, Side},
};

use super::*;
use crate::engine::InterfaceKind::{Device, KernelTunnel, Loopback, Namespace, Stacked, UserTunnel};

/// `packets` of `size` IP bytes that sockets were charged with and that passed as they are.
fn plain(packets: u64, size: u64) -> DirectionSample {
    DirectionSample {
        processes: packets * size,
        frames: packets * (size + 14),
        link_headers: packets * 14,
        ..DirectionSample::default()
    }
}

/// `packets` that each are cut below the device layer into `segments` of 1,448 bytes with 52 bytes of headers.
fn cut(packets: u64, segments: u64) -> DirectionSample {
    let missing = packets * (segments - 1);
    DirectionSample {
        processes: packets * segments * 1500,
        charged_segmentation: missing * 52,
        frames: packets * (segments * 1448 + 52 + 14),
        link_headers: packets * 14,
        frame_segmentation: missing * 66,
        ..DirectionSample::default()
    }
}

fn interface(index: u32, name: &str, kind: engine::InterfaceKind) -> InterfaceSample {
    InterfaceSample {
        index,
        name: name.into(),
        kind,
        counters: Some(Moved::default()),
        ..InterfaceSample::default()
    }
}

pub(super) fn sent(tx: DirectionSample, counter: u64) -> InterfaceSample {
    let counters = Some(Moved { rx_bytes: 0, tx_bytes: counter });
    InterfaceSample { tx, counters, ..interface(2, "eth0", Device) }
}

fn received(rx: DirectionSample, counter: u64) -> InterfaceSample {
    let counters = Some(Moved { rx_bytes: counter, tx_bytes: 0 });
    InterfaceSample { rx, counters, ..interface(2, "eth0", Device) }
}

pub(super) fn of(interfaces: &[InterfaceSample]) -> Books {
    let mut books = Books::default();
    books.take(interfaces);
    books
}

fn tx(books: &Books, name: &str) -> Side {
    let found = books.interfaces().into_iter().find(|interface| interface.name == name);
    found.expect("the interface is in the books").tx
}

#[track_caller]
fn check(side: &Side, expected: &[(Reason, i64)]) {
    let lines: Vec<_> = side.lines.iter().map(|line| (line.reason, line.bytes)).collect();
    assert_eq!((lines.as_slice(), side.unnamed()), (expected, 0));
}

#[test]
fn packets_that_pass_as_they_are_need_no_residual_but_the_link() {
    let books = of(&[sent(plain(10, 1000), 10_140)]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 10_000), (Reason::LinkHeaders, 140)]);
}

#[test]
fn an_interface_that_counts_before_it_cuts_lacks_the_headers_of_segments() {
    let tcp = cut(1, 10);
    let books = of(&[sent(tcp, tcp.frames)]);
    let expected = [(Reason::Processes, 15_000), (Reason::LinkHeaders, 14), (Reason::Segmentation, -9 * 52)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn an_interface_that_counts_what_it_cut_has_a_link_header_for_each_segment() {
    let books = of(&[sent(cut(1, 10), 15_140)]);
    let expected = [(Reason::Processes, 15_000), (Reason::LinkHeaders, 14), (Reason::Segmentation, 9 * 14)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn packets_cut_above_the_device_are_whole_where_they_are_counted() {
    let tcp = DirectionSample { charged_segmentation: 9 * 52, ..plain(10, 1500) };
    check(&tx(&of(&[sent(tcp, 15_140)]), "eth0"), &[(Reason::Processes, 15_000), (Reason::LinkHeaders, 140)]);
}

#[test]
fn packets_cut_above_the_device_beside_others_cut_below_leave_nothing_without_a_socket() {
    let (above, below) = (plain(10, 1500), cut(1, 10));
    let both = DirectionSample {
        processes: 30_000,
        charged_segmentation: 2 * 9 * 52,
        frames: above.frames + below.frames,
        link_headers: above.link_headers + below.link_headers,
        ..below
    };
    let expected = [(Reason::Processes, 30_000), (Reason::LinkHeaders, 154), (Reason::Segmentation, 9 * 14)];
    check(&tx(&of(&[sent(both, 30_280)]), "eth0"), &expected);
}

#[test]
fn packets_that_are_cut_on_their_way_through_are_no_copies_where_they_came_in() {
    // Joined to 14,532 bytes when it came, cut into 15,000 when it left.
    let routed = DirectionSample {
        frames: 14_546,
        link_headers: 14,
        forwarded: 15_000,
        frame_segmentation: 9 * 66,
        ..DirectionSample::default()
    };
    let books = of(&[received(routed, 15_140)]);
    let expected = [(Reason::Forwarded, 15_000), (Reason::LinkHeaders, 14), (Reason::Segmentation, 9 * 14)];
    check(&books.interfaces()[0].rx, &expected);
}

#[test]
fn what_is_not_ip_or_only_passes_through_has_its_own_lines() {
    let mut passed = plain(10, 1000);
    (passed.non_ip, passed.forwarded, passed.namespaces) = (420, 5000, 2000);
    passed.frames += 5420;
    let expected = [
        (Reason::Processes, 10_000),
        (Reason::Namespaces, 2000),
        (Reason::Forwarded, 3000),
        (Reason::NonIp, 420),
        (Reason::LinkHeaders, 140),
    ];
    check(&tx(&of(&[sent(passed, 15_560)]), "eth0"), &expected);
}

#[test]
fn headers_of_forwarded_segments_are_not_taken_for_traffic_without_a_socket() {
    let headers = 30 * 66;
    let routed = DirectionSample {
        frames: 45_000,
        forwarded: 45_000,
        frame_segmentation: headers,
        ..DirectionSample::default()
    };
    let books = of(&[sent(routed, 45_000 + headers)]);
    check(&tx(&books, "eth0"), &[(Reason::Forwarded, 45_000), (Reason::Segmentation, 1980)]);
}

#[test]
fn local_packets_that_nobody_was_charged_with_have_no_socket() {
    let mut resets = plain(10, 1000);
    resets.frames += 400;
    let expected = [(Reason::Processes, 10_000), (Reason::NoSocket, 400), (Reason::LinkHeaders, 140)];
    check(&tx(&of(&[sent(resets, 10_540)]), "eth0"), &expected);
}

/// Ten packets of 1,000 bytes, the last three of which the device layer did not see, and the packets that the interface counted.
fn missed(packets: u64) -> InterfaceSample {
    let tx = DirectionSample { processes: 10_000, packets: 7, ..plain(7, 1000) };
    InterfaceSample { packets: Some([0, packets]), ..sent(tx, 10_140) }
}

#[test]
fn frames_that_the_device_layer_missed_are_neither_unsent_nor_the_drivers() {
    let side = tx(&of(&[missed(10)]), "eth0");
    check(&side, &[(Reason::Processes, 10_000), (Reason::LinkHeaders, 140)]);
}

#[test]
fn without_packets_that_nobody_saw_what_was_not_sent_is_not_what_the_driver_sent() {
    let expected = [
        (Reason::Processes, 10_000),
        (Reason::LinkHeaders, 98),
        (Reason::NotSent, -3000),
        (Reason::Driver, 3042),
    ];
    for sample in [missed(7), InterfaceSample { packets: None, ..missed(10) }] {
        let mut books = of(&[InterfaceSample { packets: Some([0, 0]), ..sent(plain(0, 0), 0) }]);
        books.take(&[sample]);
        check(&tx(&books, "eth0"), &expected);
    }
}

#[test]
fn packets_from_before_the_daemon_were_not_missed() {
    let at_first = InterfaceSample { packets: Some([0, 1000]), ..sent(plain(0, 0), 1 << 20) };
    for (packets, expected) in [(1007, (-3000, 3042, 98)), (1010, (0, 0, 140))] {
        let counters = Some(Moved { rx_bytes: 0, tx_bytes: (1 << 20) + 10_140 });
        let mut books = of(std::slice::from_ref(&at_first));
        books.take(&[InterfaceSample { counters, ..missed(packets) }]);
        let side = tx(&books, "eth0");
        let bytes = [Reason::NotSent, Reason::Driver, Reason::LinkHeaders].map(|reason| side.bytes(reason));
        assert_eq!((bytes[0], bytes[1], bytes[2]), expected);
        assert_eq!(side.bytes(Reason::BeforeStart), 1 << 20);
    }
}

#[test]
fn a_frame_that_nobody_saw_come_in_explains_no_copies_beyond_it() {
    let rx = DirectionSample { processes: 500_000, packets: 7, ..plain(7, 1000) };
    let mut books = of(&[InterfaceSample { packets: Some([0, 0]), ..received(plain(0, 0), 0) }]);
    books.take(&[InterfaceSample { packets: Some([8, 0]), ..received(rx, 1_000_000) }]);
    let side = books.interfaces().remove(0).rx;
    assert_eq!(side.bytes(Reason::Copies), -(493_000 - 65_535), "no packet is longer");
}

#[test]
fn a_packet_that_was_charged_and_never_left_was_not_sent() {
    let mut dropped = plain(10, 1000);
    dropped.processes += 3000;
    let expected = [(Reason::Processes, 13_000), (Reason::LinkHeaders, 140), (Reason::NotSent, -3000)];
    check(&tx(&of(&[sent(dropped, 10_140)]), "eth0"), &expected);
}

#[test]
fn one_packet_that_three_sockets_took_came_once() {
    let mut multicast = plain(10, 1000);
    multicast.processes *= 3;
    let books = of(&[received(multicast, 10_140)]);
    let expected = [(Reason::Processes, 30_000), (Reason::LinkHeaders, 140), (Reason::Copies, -20_000)];
    check(&books.interfaces()[0].rx, &expected);
}

#[test]
fn frames_of_packet_sockets_are_their_processes() {
    let mut frames = plain(10, 1000);
    (frames.packet_sockets, frames.frames) = (700, frames.frames + 700);
    check(
        &tx(&of(&[sent(frames, 10_840)]), "eth0"),
        &[(Reason::Processes, 10_700), (Reason::LinkHeaders, 140)],
    );
}

#[test]
fn what_the_interface_counted_and_the_stack_never_saw_is_the_drivers() {
    let books = of(&[sent(plain(10, 1000), 10_140)]);
    let mut books = books;
    books.take(&[sent(plain(10, 1000), 10_640)]);
    let expected = [(Reason::Processes, 10_000), (Reason::LinkHeaders, 140), (Reason::Driver, 500)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn loopback_counts_super_packets_as_one() {
    let tcp = cut(4, 20);
    let tcp = DirectionSample {
        frames: tcp.frames - tcp.link_headers,
        link_headers: 0,
        frame_segmentation: tcp.charged_segmentation,
        ..tcp
    };
    let lo = InterfaceSample {
        rx: tcp,
        tx: tcp,
        counters: Some(Moved { rx_bytes: tcp.frames, tx_bytes: tcp.frames }),
        ..interface(1, "lo", Loopback)
    };
    let books = of(&[lo]);
    let expected = [(Reason::Processes, 120_000), (Reason::Segmentation, -(4 * 19 * 52))];
    check(&tx(&books, "lo"), &expected);
    assert_eq!(books.summary().unwrap().tx, Side::default(), "it does not lead out");
}

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

#[test]
fn what_was_counted_before_the_first_sight_has_its_line_and_stays() {
    let mut books = of(&[sent(plain(1, 1000), 500_000)]);
    books.take(&[sent(plain(3, 1000), 502_028)]);
    let expected = [(Reason::Processes, 3000), (Reason::LinkHeaders, 42), (Reason::BeforeStart, 498_986)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn an_interface_that_appears_later_has_nothing_before_the_start() {
    let mut books = of(&[interface(1, "lo", Loopback)]);
    books.take(&[sent(cut(1, 10), 15_140)]);
    assert_eq!(tx(&books, "eth0").bytes(Reason::BeforeStart), 0);
}

#[test]
fn an_interface_that_returns_under_its_name_begins_anew_and_the_summary_keeps_both() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    let gone = InterfaceSample { name: String::new(), counters: None, ..sent(plain(10, 1000), 0) };
    books.take(std::slice::from_ref(&gone));
    assert!(books.interfaces().is_empty());
    let again = InterfaceSample { index: 7, ..sent(plain(1, 500), 514) };
    books.take(&[gone, again]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 500), (Reason::LinkHeaders, 14)]);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 10_500), (Reason::LinkHeaders, 154)]);
}

#[test]
fn an_interface_whose_counter_was_reset_begins_anew() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    books.take(&[sent(plain(12, 1000), 2028)]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 2000), (Reason::LinkHeaders, 28)]);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 12_000), (Reason::LinkHeaders, 168)]);
}

#[test]
fn an_interface_that_begins_anew_while_a_part_shrinks_keeps_every_name() {
    let forwarded = |forwarded, namespaces| {
        let frames = plain(10, 1000);
        sent(DirectionSample { frames: frames.frames + forwarded, forwarded, namespaces, ..frames }, 0)
    };
    let mut books = Books::default();
    for (now, counter) in
        [(forwarded(5000, 5000), 15_140), (forwarded(6000, 1000), 100), (forwarded(6000, 500), 200)]
    {
        let counters = Some(Moved { rx_bytes: 0, tx_bytes: counter });
        books.take(&[InterfaceSample { counters, ..now }]);
        assert_eq!(tx(&books, "eth0").unnamed(), 0);
    }
}

#[test]
fn an_engine_that_began_anew_leaves_what_it_missed_before_its_start() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    // 3,000 bytes passed while there was no engine.
    books.take(&[sent(plain(2, 1000), 10_140 + 3000 + 2028)]);
    let expected = [(Reason::Processes, 12_000), (Reason::LinkHeaders, 168), (Reason::BeforeStart, 3000)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn interfaces_that_come_and_go_for_ever_take_no_more_room() {
    let mut books = Books::default();
    for index in 2..500 {
        books.take(&[InterfaceSample { index, ..sent(plain(1, 1000), 1014) }]);
    }
    assert!(books.accounts.len() <= KEEP_GONE + 1, "{}", books.accounts.len());
    assert_eq!(books.summary().unwrap().tx.bytes(Reason::Processes), 498 * 1000);
    let veth = |index| InterfaceSample { index, ..interface(0, "veth", Namespace) };
    for index in 500..900 {
        books.take(&[veth(index)]);
    }
    assert!(books.accounts.len() <= KEEP_GONE + 1);
}

#[test]
fn nothing_said_is_nothing_changed() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    let before = (books.interfaces(), books.summary());
    books.take(&[]);
    assert_eq!((books.interfaces(), books.summary()), before);
    assert_eq!(Books::default().summary(), None);
}
