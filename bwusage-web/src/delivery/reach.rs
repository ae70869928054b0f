//! Which addresses may be reached from here.
//!
//! A server that posts to wherever it is told can be made to ask its neighbours: the router, the cloud's metadata service, what
//! listens on the machine itself. So a host is resolved once, and connected to only by those of its addresses that are public,
//! or in a network that the configuration allows; what the name means a moment later does not matter.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
    sync::LazyLock,
};

use bwusage_proto::filter::Network;

/// What is not public of version 4: IANA's IPv4 Special-Purpose Address Registry (RFC 6890), and multicast.
static SPECIAL_V4: LazyLock<[Network; 15]> = LazyLock::new(|| {
    networks([
        "0.0.0.0/8",
        "10.0.0.0/8",
        // Shared by carriers, RFC 6598; one cloud has its metadata service here.
        "100.64.0.0/10",
        "127.0.0.0/8",
        // Link-local, with the metadata service of the other clouds.
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ])
});
/// All that is given to machines of version 6 for the internet, RFC 4291.
static GIVEN_V6: LazyLock<Network> = LazyLock::new(|| networks(["2000::/3"])[0]);
/// What is not public of it: protocol assignments (with Teredo) and documentation, IANA's IPv6 Special-Purpose Address Registry.
static SPECIAL_V6: LazyLock<[Network; 3]> =
    LazyLock::new(|| networks(["2001::/23", "2001:db8::/32", "3fff::/20"]));

fn networks<const N: usize>(written: [&str; N]) -> [Network; N] {
    written.map(|network| network.parse().expect("a network"))
}

/// Where deliveries may go.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    /// Beside public addresses.
    allowed: Vec<Network>,
}

/// Why a host is not connected to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("cannot find {host}")]
    Unknown { host: String, source: io::Error },
    #[error(
        "{host} has no public address, and none in a network of allow_networks: it is on this machine or in its neighbourhood"
    )]
    Refused { host: String },
}

impl Reach {
    pub(super) fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// The addresses of `host` that may be connected to, at least one.
    pub(super) fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
        // As in a URL, where an address of version 6 is in brackets.
        let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let found = (name, port)
            .to_socket_addrs()
            .map_err(|source| Unreachable::Unknown { host: host.to_owned(), source })?;
        let addresses: Vec<SocketAddr> = found.filter(|address| self.may_reach(address.ip())).collect();
        if addresses.is_empty() { Err(Unreachable::Refused { host: host.to_owned() }) } else { Ok(addresses) }
    }

    pub(super) fn may_reach(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|network| network.holds(address))
    }
}

/// Whether the address can only be that of a machine on the internet: none of the IANA special-purpose registries (RFC 6890),
/// also not within an address of version 6 that carries one of version 4.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|network| network.holds(address.into()))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let address = address.into();
    GIVEN_V6.holds(address) && !SPECIAL_V6.iter().any(|network| network.holds(address))
}

/// The address of version 4 that `address` is another way to write, or a way to: mapped, compatible, NAT64 (RFC 6052, RFC 8215),
/// 6to4.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, .., high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_internet_is_public() {
        for address in
            ["1.1.1.1", "192.0.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::1.1.1.1"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::192.168.1.1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_name_that_means_this_machine_is_refused_unless_it_is_allowed() {
        for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
            assert!(Reach::default().resolve(host, 80).is_err(), "{host}");
        }
        let allowed = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(allowed.resolve("127.0.0.1", 80).unwrap(), ["127.0.0.1:80".parse().unwrap()]);
        assert!(allowed.resolve("10.0.0.1", 80).is_err());
    }
}
