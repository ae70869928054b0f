//! What a packet belongs to: one conversation, as this machine sees it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bwusage_proto::{connection::Protocol, units::Scope};

/// UDP-Lite by its number in the IP header.
pub(super) const UDP_LITE: Protocol = Protocol(136);

/// Which way a packet goes, seen from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Received,
    Sent,
}

/// One conversation. Protocols without ports have port 0; an ICMP echo has its identifier as the local port, as the kernel
/// keeps it for ping sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    pub(super) protocol: Protocol,
    pub(super) scope: Scope,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// What one packet adds to its flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// IP bytes on the wire, after super-packets are cut.
    pub(super) bytes: u64,
    /// Packets on the wire.
    pub(super) packets: u64,
    /// What is behind the headers.
    pub(super) payload: u64,
}

/// How far away `address` is: RFC 1918, 3927, 4193, 4291 and 6598, multicast and broadcast are near. What passes the loopback
/// interface never leaves, whatever its addresses.
pub(super) fn scope_of(address: IpAddr) -> Scope {
    match address.to_canonical() {
        IpAddr::V4(address) if address.is_loopback() => Scope::Loopback,
        IpAddr::V6(address) if address.is_loopback() => Scope::Loopback,
        IpAddr::V4(address) if is_near_v4(address) => Scope::Lan,
        IpAddr::V6(address) if is_near_v6(address) => Scope::Lan,
        _ => Scope::Internet,
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && second & 0xc0 == 64;
    // The highest sixteenth but multicast was never given out; only broadcast is in use there.
    address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || shared
}

fn is_near_v6(address: Ipv6Addr) -> bool {
    address.is_unique_local() || address.is_unicast_link_local() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_scopes_that_counting_each_packet_gives_them() {
        let scope = |address: &str| scope_of(address.parse().unwrap());
        for near in ["10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.9.9", "100.64.0.1", "224.0.0.251"] {
            assert_eq!(scope(near), Scope::Lan, "{near}");
        }
        for near in ["255.255.255.255", "fd98::1", "fe80::1", "ff02::fb", "::ffff:10.0.0.1"] {
            assert_eq!(scope(near), Scope::Lan, "{near}");
        }
        for far in ["172.32.0.1", "100.128.0.1", "203.0.113.1", "2001:db8::1", "::ffff:8.8.8.8", "240.0.0.1"]
        {
            assert_eq!(scope(far), Scope::Internet, "{far}");
        }
        assert_eq!((scope("127.9.9.9"), scope("::1")), (Scope::Loopback, Scope::Loopback));
    }
}
