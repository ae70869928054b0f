use proptest::prelude::*;

use super::*;
use crate::engine::InterfaceKind;

/// What Linux 6.18 answered to [`request`] in a namespace of its own: the loopback; a bridge; its port, a veth to another
/// namespace; a macvlan on the bridge.
fn captured() -> Vec<u8> {
    let hex: Vec<u8> =
        include_str!("bridge.hex").bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
    hex.chunks(2).map(byte).collect()
}

fn attribute(what: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((ATTRIBUTE_HEADER + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend(what.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn message(what: u16, flags: i32, body: &[u8]) -> Vec<u8> {
    let mut bytes = ((MESSAGE_HEADER + body.len()) as u32).to_ne_bytes().to_vec();
    bytes.extend(what.to_ne_bytes());
    bytes.extend((flags as u16).to_ne_bytes());
    bytes.resize(MESSAGE_HEADER, 0);
    bytes.extend(body);
    bytes
}

fn header(hardware: u16, index: u32, flags: i32) -> Vec<u8> {
    let mut bytes = vec![0; 2];
    bytes.extend(hardware.to_ne_bytes());
    bytes.extend(index.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.resize(LINK_HEADER, 0);
    bytes
}

fn name() -> Vec<u8> {
    attribute(libc::IFLA_IFNAME, b"x0\0")
}

fn stats() -> Vec<u8> {
    attribute(libc::IFLA_STATS64, &[1_u64, 2, 3000, 4000].map(u64::to_ne_bytes).concat())
}

fn info(kind: &[u8]) -> Vec<u8> {
    attribute(libc::IFLA_LINKINFO, &attribute(libc::IFLA_INFO_KIND, kind))
}

/// The interface 7, `x0`, with these attributes besides those that every interface has.
fn with(attributes: &[Vec<u8>]) -> Link {
    let body = [header(libc::ARPHRD_ETHER, 7, 0), name(), stats(), attributes.concat()].concat();
    let mut part = parse(&message(libc::RTM_NEWLINK, 0, &body)).unwrap();
    assert_eq!(part.links.len(), 1);
    part.links.remove(0)
}

#[test]
fn what_a_kernel_said_is_understood() {
    let part = parse(&captured()).unwrap();
    let link = |index, name: &str, kind, rx_bytes, tx_bytes, packets| Link {
        index,
        name: name.into(),
        kind,
        bridge: false,
        ethernet: true,
        moved: Moved { rx_bytes, tx_bytes },
        packets,
        lower: None,
        master: None,
    };
    let expected = [
        Link { ethernet: false, ..link(1, "lo", InterfaceKind::Loopback, 238, 238, [2, 2]) },
        Link { bridge: true, ..link(2, "br0", InterfaceKind::Stacked, 2960, 3058, [8, 9]) },
        Link { master: Some(2), ..link(3, "c0", InterfaceKind::Namespace, 3072, 3238, [8, 11]) },
        Link { lower: Some(2), ..link(4, "mv0", InterfaceKind::Stacked, 0, 0, [0; 2]) },
    ];
    assert_eq!(part.links, expected);
    assert!(part.last && !part.interrupted);
}

#[test]
fn a_dump_that_is_cut_anywhere_says_nothing_that_is_not_so() {
    let (whole, bytes) = (parse(&captured()).unwrap().links, captured());
    let mut whole_messages = 0;
    for length in 0..bytes.len() {
        match parse(&bytes[..length]) {
            Ok(part) => {
                assert!(whole.starts_with(&part.links) && !part.last, "cut to {length}");
                whole_messages += 1;
            }
            Err(error) => assert!(matches!(error, Error::Cut { .. }), "cut to {length}: {error}"),
        }
    }
    assert_eq!(whole_messages, whole.len() + 1, "a datagram may end between messages, and nowhere else");
}

#[test]
fn an_attribute_that_is_cut_anywhere_is_refused() {
    let body = [header(1, 7, 0), name(), info(b"bridge\0"), stats()].concat();
    for length in 0..body.len() {
        let outcome = parse(&message(libc::RTM_NEWLINK, 0, &body[..length]));
        assert!(outcome.is_err(), "cut to {length}");
    }
}

#[test]
fn a_length_that_cannot_be_is_refused() {
    for length in [0, 1, 15, 17, 1 << 16, u32::MAX] {
        let mut bytes = message(libc::RTM_NEWLINK, 0, &[]);
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        assert!(matches!(parse(&bytes), Err(Error::Cut { inside: "a message" })), "message of {length}");
    }
    for length in [0_u16, 1, 3, 9, u16::MAX] {
        let mut bad = attribute(libc::IFLA_MTU, &[0; 4]);
        bad[..2].copy_from_slice(&length.to_ne_bytes());
        let nested = attribute(libc::IFLA_LINKINFO, &bad);
        for bad in [bad, nested] {
            let body = [header(1, 7, 0), name(), stats(), bad].concat();
            let outcome = parse(&message(libc::RTM_NEWLINK, 0, &body));
            assert!(matches!(outcome, Err(Error::Cut { inside: "an attribute" })), "attribute of {length}");
        }
    }
}

#[test]
fn what_is_missing_is_said_and_not_made_up() {
    let without = |attributes: &[Vec<u8>]| {
        let body = [header(1, 7, 0), attributes.concat()].concat();
        parse(&message(libc::RTM_NEWLINK, 0, &body)).unwrap_err().to_string()
    };
    assert_eq!(without(&[name()]), "the kernel described an interface without its counters");
    assert_eq!(without(&[stats()]), "the kernel described an interface without its name");
    let short = attribute(libc::IFLA_STATS64, &[0; 31]);
    assert_eq!(without(&[name(), short]), "the kernel described an interface without its counters");
}

#[test]
fn an_interface_without_a_kind_is_a_device() {
    let link = with(&[]);
    assert_eq!((link.index, link.kind, link.ethernet), (7, InterfaceKind::Device, true));
    assert_eq!(link.moved, Moved { rx_bytes: 3000, tx_bytes: 4000 });
}

#[test]
fn the_device_below_counts_only_in_this_namespace() {
    let linked = attribute(libc::IFLA_LINK, &2_u32.to_ne_bytes());
    let elsewhere = attribute(libc::IFLA_LINK_NETNSID, &0_u32.to_ne_bytes());
    assert_eq!(with(&[info(b"vlan\0"), linked.clone()]).lower, Some(2));
    assert_eq!(with(&[info(b"vlan\0"), linked.clone(), elsewhere.clone()]).lower, None);
    assert_eq!(with(&[attribute(libc::IFLA_LINK, &[0; 4])]).lower, None);
    let here = with(&[info(b"veth\0"), linked.clone()]);
    assert_eq!((here.kind, here.lower), (InterfaceKind::Device, None), "a peer is not below");
    let away = with(&[elsewhere, linked, info(b"veth\0")]);
    assert_eq!((away.kind, away.lower), (InterfaceKind::Namespace, None));
}

#[test]
fn a_flag_in_the_type_of_an_attribute_is_not_the_type() {
    let nested = libc::IFLA_LINKINFO | libc::NLA_F_NESTED as u16;
    let link = with(&[attribute(nested, &attribute(libc::IFLA_INFO_KIND, b"tun\0"))]);
    assert_eq!(link.kind, InterfaceKind::UserTunnel);
}

#[test]
fn a_kind_or_a_name_that_is_no_text_is_harmless() {
    assert_eq!(with(&[info(b"\xff\xfe\0")]).kind, InterfaceKind::Device);
    assert_eq!(with(&[info(b"")]).kind, InterfaceKind::Device);
    assert_eq!(with(&[attribute(libc::IFLA_IFNAME, b"a\xffb\0c")]).name, "a\u{fffd}b");
}

#[test]
fn an_interrupted_dump_is_known_by_any_of_its_messages() {
    let body = [header(1, 7, 0), name(), stats()].concat();
    let done = |flags| message(libc::NLMSG_DONE as u16, flags, &[0; 4]);
    let link = |flags| message(libc::RTM_NEWLINK, flags, &body);
    for (datagram, interrupted) in [
        ([link(0), done(0)], false),
        ([link(libc::NLM_F_DUMP_INTR), done(0)], true),
        ([link(0), done(libc::NLM_F_DUMP_INTR)], true),
    ] {
        let part = parse(&datagram.concat()).unwrap();
        assert_eq!((part.interrupted, part.last), (interrupted, true));
    }
}

#[test]
fn a_refusal_names_the_kernels_reason() {
    for what in [libc::NLMSG_ERROR, libc::NLMSG_DONE] {
        let refused = parse(&message(what as u16, 0, &(-libc::EBUSY).to_ne_bytes())).unwrap_err();
        assert!(matches!(refused, Error::Refused { errno: libc::EBUSY }));
        assert!(refused.to_string().starts_with("the kernel does not list the interfaces: "), "{refused}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_attributes_are_survived(attributes: Vec<u8>) {
        let body = [header(1, 7, 0), name(), stats(), attributes].concat();
        let _ = parse(&message(libc::RTM_NEWLINK, 0, &body));
    }

    #[test]
    fn a_dump_with_changed_bytes_is_survived(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = captured();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(part) = parse(&bytes) {
            prop_assert!(part.links.len() <= bytes.len() / (MESSAGE_HEADER + LINK_HEADER));
        }
    }
}
