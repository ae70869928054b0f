use bwusage_proto::{
    connection::Moved,
    ledger::{Reason, Side},
};

use super::*;
use crate::engine::InterfaceKind::{Device, Loopback};

#[path = "ledger_tests/restarts.rs"]
mod restarts;
#[path = "ledger_tests/stacked.rs"]
mod stacked;

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
