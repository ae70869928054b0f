//! The headers of one packet: who it is from and for, and what it weighs on the wire. Pure, and believes nothing: anybody on the
//! network may have written it, and only the first bytes were kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bwusage_proto::connection::Protocol;

use super::flow::{Size, UDP_LITE};

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// More extension headers than anybody sends (RFC 8200 names five).
const MAX_EXTENSIONS: usize = 8;
/// What BIG TCP puts in front of TCP inside the machine, and no wire carries (RFC 2675: an option of 6 bytes, padded).
const JUMBO_HEADER: u64 = 8;

/// Flags of TCP (RFC 9293, 3.1).
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) protocol: Protocol,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) size: Size,
    /// TCP's first packet of a connection: whatever had these addresses before is over.
    pub(super) opens: bool,
    /// TCP's number of the first byte of the payload; `None` for parts of a packet, and where it was not kept.
    pub(super) sequence: Option<u32>,
    pub(super) fragment: Option<Fragment>,
}

/// A part of a packet that was too long. Only the first one has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The same in all parts of a packet.
    pub(super) number: u32,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// What the network layer says.
struct Network {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    /// Bytes of all its headers.
    header: usize,
    /// Bytes of the whole, as it says itself; 0 where it does not.
    total: u64,
    jumbo: bool,
    fragment: Option<Fragment>,
}

/// Reads what begins with an IP header and was `length` bytes long; `segment` is the payload of each packet that a super-packet
/// is cut into, 0 where it is none. `None` where there is no IP header.
pub(super) fn decode(bytes: &[u8], length: u64, segment: u16) -> Option<Packet> {
    let network = match bytes.first()? >> 4 {
        4 => ipv4(bytes)?,
        6 => ipv6(bytes)?,
        _ => return None,
    };
    // Short frames are padded; what is longer than IP says is not its own.
    let length = if network.total == 0 { length } else { length.min(network.total) };
    let whole = network.fragment.is_none_or(|fragment| fragment.first);
    let transport = if whole { bytes.get(network.header..).unwrap_or_default() } else { &[] };
    let protocol = Protocol(network.protocol);
    let (from, to) = ports(protocol, transport);
    let header = (network.header + if whole { transport_header(protocol, transport) } else { 0 }) as u64;
    let speaks_tcp = protocol == Protocol::TCP;
    Some(Packet {
        protocol,
        source: SocketAddr::new(network.source, from),
        destination: SocketAddr::new(network.destination, to),
        size: size(length, header, segment.into(), network.jumbo),
        opens: speaks_tcp && transport.get(13).is_some_and(|flags| flags & (SYN | ACK) == SYN),
        sequence: if speaks_tcp && network.fragment.is_none() { sequence(transport) } else { None },
        fragment: network.fragment,
    })
}

fn size(length: u64, header: u64, segment: u64, jumbo: bool) -> Size {
    let payload = length.saturating_sub(header);
    if segment == 0 || payload <= segment {
        return Size { bytes: length, packets: 1, payload };
    }
    let packets = payload.div_ceil(segment);
    let repeated = if jumbo { header.saturating_sub(JUMBO_HEADER) } else { header };
    Size { bytes: payload + packets * repeated, packets, payload }
}

fn ipv4(bytes: &[u8]) -> Option<Network> {
    let header: &[u8; IPV4_HEADER] = bytes.first_chunk()?;
    let length = usize::from(header[0] & 15) * 4;
    if length < IPV4_HEADER {
        return None;
    }
    let (flags, offset) = (header[6] >> 5, u16::from_be_bytes([header[6] & 0x1f, header[7]]));
    let more = flags & 1 != 0;
    let fragment = (more || offset != 0).then(|| Fragment {
        number: u16::from_be_bytes([header[4], header[5]]).into(),
        first: offset == 0,
        last: !more,
    });
    let address =
        |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]).into();
    Some(Network {
        source: address(12),
        destination: address(16),
        protocol: header[9],
        header: length,
        total: u16::from_be_bytes([header[2], header[3]]).into(),
        jumbo: false,
        fragment,
    })
}

fn ipv6(bytes: &[u8]) -> Option<Network> {
    let header: &[u8; IPV6_HEADER] = bytes.first_chunk()?;
    let address = |at: usize| {
        let octets: [u8; 16] = std::array::from_fn(|octet| header[at + octet]);
        Ipv6Addr::from(octets).into()
    };
    let payload = u64::from(u16::from_be_bytes([header[4], header[5]]));
    let mut network = Network {
        source: address(8),
        destination: address(24),
        protocol: header[6],
        header: IPV6_HEADER,
        // A jumbogram says its length elsewhere.
        total: if payload == 0 { 0 } else { payload + IPV6_HEADER as u64 },
        jumbo: payload == 0 && header[6] == HOP_BY_HOP,
        fragment: None,
    };
    for _ in 0..MAX_EXTENSIONS {
        // One that was not kept is the payload.
        let Some(extension) = bytes.get(network.header..).and_then(<[u8]>::first_chunk::<8>) else { break };
        let length = match network.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION => (usize::from(extension[1]) + 1) * 8,
            AUTHENTICATION => (usize::from(extension[1]) + 2) * 4,
            FRAGMENT => {
                let offset = u16::from_be_bytes([extension[2], extension[3]]);
                let [.., a, b, c, d] = *extension;
                let number = u32::from_be_bytes([a, b, c, d]);
                network.fragment = Some(Fragment { number, first: offset >> 3 == 0, last: offset & 1 == 0 });
                8
            }
            _ => break,
        };
        network.protocol = extension[0];
        network.header += length;
        if network.fragment.is_some_and(|fragment| !fragment.first) {
            break;
        }
    }
    Some(network)
}

fn ports(protocol: Protocol, transport: &[u8]) -> (u16, u16) {
    const SCTP: Protocol = Protocol(132);
    const DCCP: Protocol = Protocol(33);
    let word = |at: usize| {
        transport.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |word| u16::from_be_bytes(*word))
    };
    match protocol {
        Protocol::TCP | Protocol::UDP | UDP_LITE | SCTP | DCCP => (word(0), word(2)),
        // An echo's identifier is the port of who asks: a request comes from it, the reply goes to it.
        Protocol::ICMP | Protocol::ICMPV6 => match (protocol, transport.first()) {
            (Protocol::ICMP, Some(8)) | (Protocol::ICMPV6, Some(128)) => (word(4), 0),
            (Protocol::ICMP, Some(0)) | (Protocol::ICMPV6, Some(129)) => (0, word(4)),
            _ => (0, 0),
        },
        _ => (0, 0),
    }
}

/// The first byte of a connection comes after the one that opens it, which has a number of its own.
fn sequence(transport: &[u8]) -> Option<u32> {
    let number = u32::from_be_bytes(*transport.get(4..)?.first_chunk()?);
    let opens = transport.get(13)? & SYN != 0;
    Some(number.wrapping_add(opens.into()))
}

/// What the transport puts in front of the payload. Of protocols that are not looked into, everything is payload.
fn transport_header(protocol: Protocol, transport: &[u8]) -> usize {
    match protocol {
        // The shortest there is, where the length was not kept.
        Protocol::TCP => transport.get(12).map_or(20, |offset| usize::from(offset >> 4) * 4).max(20),
        Protocol::UDP | UDP_LITE => 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
