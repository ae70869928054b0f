//! Addresses and ports in filters.

use std::{net::IpAddr, str::FromStr};

use crate::services;

/// One address (`192.0.2.7`), or all that begin with the same bits (`10.0.0.0/8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// Whether `address` is one of them. An IPv4 address mapped into IPv6 is the IPv4 address.
    #[must_use]
    pub fn holds(self, address: IpAddr) -> bool {
        let (own, own_bits) = number(self.first);
        let (other, other_bits) = number(address);
        let foreign_bits = own_bits - self.prefix_bits;
        own_bits == other_bits
            && (own ^ other).checked_shr(foreign_bits).is_none_or(|differing| differing == 0)
    }
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u32::from(address).into(), u32::BITS),
        IpAddr::V6(address) => (u128::from(address), u128::BITS),
    }
}

/// No address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address such as 192.0.2.7 is expected, or those that begin alike, such as 10.0.0.0/8")]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address = address.trim_start_matches('[').trim_end_matches(']');
        let first: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (_, all_bits) = number(first);
        let prefix_bits = bits.map_or(Ok(all_bits), str::parse).map_err(|_| NotANetwork)?;
        (prefix_bits <= all_bits).then_some(Self { first, prefix_bits }).ok_or(NotANetwork)
    }
}

/// The port of this number or registered name.
pub(super) fn port(word: &str) -> Option<u16> {
    word.parse().ok().or_else(|| services::port(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().holds(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_only_itself_and_a_prefix_all_that_begin_so() {
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.70"));
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("::/0", "2001:db8::1") && holds("[2001:db8::1]", "2001:db8::1"));
        assert!(holds("192.0.2.7", "::ffff:192.0.2.7"), "the same host in the other notation");
    }

    #[test]
    fn what_is_no_address_is_left_to_names() {
        for text in ["", "example.org", "10.0.0.0/33", "10.0.0.0/x", "1.2.3", "::/129"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn a_port_has_a_number_or_a_name() {
        assert_eq!(
            (port("443"), port("https"), port("65536"), port("no")),
            (Some(443), Some(443), None, None)
        );
    }
}
