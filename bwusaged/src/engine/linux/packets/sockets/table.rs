//! Raw and ping sockets, from `/proc/net/raw`, `icmp` and their like of IPv6 (proc(5)): not every kernel lists them by sock_diag.
//! Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bwusage_proto::connection::Protocol;

use super::OpenSocket;

/// The files, and what their sockets speak: a raw socket has that where others have their port.
pub(super) const FILES: [(&str, Option<Protocol>); 4] = [
    ("/proc/thread-self/net/raw", None),
    ("/proc/thread-self/net/raw6", None),
    ("/proc/thread-self/net/icmp", Some(Protocol::ICMP)),
    ("/proc/thread-self/net/icmp6", Some(Protocol::ICMPV6)),
];

/// The sockets in such a file. Lines that are none, as the first one, are passed over.
pub(super) fn parse(text: &str, speaks: Option<Protocol>) -> impl Iterator<Item = OpenSocket> {
    text.lines().filter_map(move |line| socket(line, speaks))
}

fn socket(line: &str, speaks: Option<Protocol>) -> Option<OpenSocket> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, remote) = (end(words.next()?)?, end(words.next()?)?);
    // State, queues, timer, retransmissions, user and timeout are between.
    let inode = words.nth(6)?.parse().ok()?;
    let (protocol, local) = match speaks {
        Some(protocol) => (protocol, local),
        None => (Protocol(u8::try_from(local.port()).ok()?), SocketAddr::new(local.ip(), 0)),
    };
    Some(OpenSocket { protocol, state: 0, local, remote: SocketAddr::new(remote.ip(), 0), inode })
}

/// `0100007F:0001`: each word of the address as the processor reads it, the port as a number.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let octets = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Ipv6Addr::from(*octets.first_chunk::<16>()?).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_raw_socket_has_a_protocol_and_a_ping_socket_its_number() {
        let line = "    1: 0100000A:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0";
        let text = format!("{HEAD}\n{line}\n");
        let raw: Vec<OpenSocket> = parse(&text, None).collect();
        assert_eq!(raw.len(), 1);
        assert_eq!((raw[0].protocol, raw[0].inode), (Protocol::ICMP, 4711));
        assert_eq!(raw[0].local, "10.0.0.1:0".parse().unwrap());
        let ping: Vec<OpenSocket> = parse(&text, Some(Protocol::ICMP)).collect();
        assert_eq!(ping[0].local, "10.0.0.1:1".parse().unwrap());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_of_ipv6_are_four_words() {
        assert_eq!(end("B80D0120000000000000000001000000:003A"), "[2001:db8::1]:58".parse().ok());
        assert_eq!(end("0000000000000000FFFF00000100000A:0000"), "10.0.0.1:0".parse().ok());
    }

    proptest! {
        #[test]
        fn other_text_is_no_socket_and_does_no_harm(text in any::<String>(), word in "[0-9A-Fü:]{0,40}") {
            prop_assert!(parse(&text, None).count() <= text.lines().count());
            let _ = end(&word);
        }
    }
}
