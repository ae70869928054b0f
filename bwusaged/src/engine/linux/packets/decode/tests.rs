use proptest::prelude::*;

use super::*;

fn v4(protocol: u8, total: u16, behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 9, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 0, 2, 7]);
    bytes.extend(behind);
    bytes
}

fn v6(next: u8, payload: u16, behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(payload.to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend("fd98::1".parse::<Ipv6Addr>().unwrap().octets());
    bytes.extend("2001:db8::2".parse::<Ipv6Addr>().unwrap().octets());
    bytes.extend(behind);
    bytes
}

/// 12 bytes of options, as with timestamps.
fn tcp(flags: u8) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 1, 0xbb];
    bytes.extend([0; 8]);
    bytes.extend([0x80, flags]);
    bytes.resize(32, 0);
    bytes
}

const UDP: [u8; 8] = [0, 53, 0x30, 0x39, 0, 0, 0, 0];

#[test]
fn a_tcp_packet_is_read() {
    let packet = decode(&v4(6, 1500, &tcp(0x10)), 1500, 0).unwrap();
    assert_eq!(packet.source, "10.0.0.1:4660".parse().unwrap());
    assert_eq!(packet.destination, "192.0.2.7:443".parse().unwrap());
    assert_eq!(packet.size, Size { bytes: 1500, packets: 1, payload: 1448 });
    assert!(!packet.opens);
}

#[test]
fn only_the_first_packet_of_a_connection_opens_it() {
    let opens = |flags| decode(&v4(6, 52, &tcp(flags)), 52, 0).unwrap().opens;
    assert!(opens(0x02), "SYN");
    assert!(!opens(0x12) && !opens(0x10) && !opens(0x04), "SYN-ACK, ACK, RST");
}

#[test]
fn the_first_byte_of_a_connection_comes_after_the_number_that_opens_it() {
    let sequence = |flags| {
        let mut transport = tcp(flags);
        transport[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        decode(&v4(6, 1500, &transport), 1500, 0).unwrap().sequence
    };
    assert_eq!((sequence(0x10), sequence(0x02), sequence(0x12)), (Some(u32::MAX), Some(0), Some(0)));
    assert_eq!(decode(&v4(6, 1500, &[0; 8]), 1500, 0).unwrap().sequence, None, "not all of it was kept");
    assert_eq!(decode(&v4(17, 1500, &UDP), 1500, 0).unwrap().sequence, None);
}

#[test]
fn the_padding_of_a_short_frame_is_not_counted() {
    assert_eq!(decode(&v4(6, 40, &[]), 46, 0).unwrap().size.bytes, 40);
}

#[test]
fn a_super_packet_weighs_what_its_segments_do() {
    let headers = 52;
    let packet = decode(&v4(6, headers + 3 * 1448 + 100, &tcp(0x10)), 52 + 3 * 1448 + 100, 1448).unwrap();
    assert_eq!(packet.size, Size { bytes: 3 * 1500 + 152, packets: 4, payload: 3 * 1448 + 100 });
    let datagrams = decode(&v4(17, 28 + 20 * 1200, &UDP), 28 + 20 * 1200, 1200).unwrap();
    assert_eq!(datagrams.size, Size { bytes: 20 * 1228, packets: 20, payload: 24_000 });
}

#[test]
fn the_extra_header_of_a_super_packet_above_64_kib_is_not_on_the_wire() {
    let mut behind = vec![6, 0, 0xc2, 4, 0, 3, 0, 0];
    behind.extend(tcp(0x10));
    let length = 40 + 8 + 32 + 100 * 1428;
    let packet = decode(&v6(0, 0, &behind), length, 1428).unwrap();
    assert_eq!(packet.size, Size { bytes: 100 * 1500, packets: 100, payload: 142_800 });
}

#[test]
fn extension_headers_are_passed_over() {
    let mut behind = vec![60, 0, 0, 0, 0, 0, 0, 0];
    behind.extend([17, 1]);
    behind.extend([0; 14]);
    behind.extend(UDP);
    let packet = decode(&v6(0, 132, &behind), 172, 0).unwrap();
    assert_eq!(
        (packet.protocol, packet.source.port(), packet.destination.port()),
        (Protocol::UDP, 53, 12345)
    );
    assert_eq!(packet.size.payload, 100);
}

#[test]
fn of_a_fragment_all_but_the_first_have_no_ports() {
    let mut first = v4(17, 1500, &UDP);
    first[6] = 0x20;
    let packet = decode(&first, 1500, 0).unwrap();
    assert_eq!(packet.fragment, Some(Fragment { number: 9, first: true, last: false }));
    assert_eq!((packet.source.port(), packet.size.payload), (53, 1472));
    let mut last = v4(17, 548, &UDP);
    last[7] = 185;
    let packet = decode(&last, 548, 0).unwrap();
    assert_eq!(packet.fragment, Some(Fragment { number: 9, first: false, last: true }));
    assert_eq!((packet.source.port(), packet.size.payload), (0, 528));

    let mut behind = vec![17, 0, 5, 0xa8, 0, 0, 0, 42];
    behind.extend(UDP);
    let packet = decode(&v6(44, 116, &behind), 156, 0).unwrap();
    assert_eq!(packet.fragment, Some(Fragment { number: 42, first: false, last: true }));
    assert_eq!((packet.protocol, packet.source.port(), packet.size.payload), (Protocol::UDP, 0, 108));
}

#[test]
fn an_echo_has_the_port_of_who_asks() {
    let icmp = |kind: u8| decode(&v4(1, 84, &[kind, 0, 0, 0, 0x12, 0x34, 0, 1]), 84, 0).unwrap();
    assert_eq!((icmp(8).source.port(), icmp(8).destination.port()), (0x1234, 0));
    assert_eq!((icmp(0).source.port(), icmp(0).destination.port()), (0, 0x1234));
    assert_eq!(
        (icmp(3).source.port(), icmp(3).destination.port()),
        (0, 0),
        "an error names no port of its own"
    );
}

proptest! {
    #[test]
    fn no_bytes_do_harm_and_the_wire_never_has_less_than_the_payload(
        kind in prop_oneof![Just(0x45_u8), Just(0x4f), Just(0x60), any::<u8>()],
        mut bytes in prop::collection::vec(any::<u8>(), 0..160),
        length in prop_oneof![0_u64..70_000, any::<u32>().prop_map(u64::from)],
        segment in any::<u16>(),
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        if let Some(packet) = decode(&bytes, length, segment) {
            prop_assert!(packet.size.payload <= packet.size.bytes);
            prop_assert!(packet.size.packets >= 1);
            prop_assert!(packet.size.payload <= length);
        }
    }

    #[test]
    fn what_was_cut_off_changes_no_addresses(behind in prop::collection::vec(any::<u8>(), 0..80), keep in 20_usize..100) {
        let bytes = v4(6, 1000, &behind);
        let whole = decode(&bytes, 1000, 0).unwrap();
        let cut = decode(&bytes[..keep.min(bytes.len())], 1000, 0).unwrap();
        prop_assert_eq!((cut.source.ip(), cut.destination.ip()), (whole.source.ip(), whole.destination.ip()));
        prop_assert_eq!(cut.size.bytes, whole.size.bytes);
    }
}
