//! The question for all interfaces, and the answer: rtnetlink messages of attributes, both with a length in front and padded to 4
//! bytes, in the machine's byte order (rtnetlink(7), `linux/if_link.h`).
//!
//! The bytes come from the kernel, and are believed no length all the same.

use std::io;

use bwusage_proto::connection::Moved;

use super::{Link, kind};

/// `struct nlmsghdr`: length, type and flags, sequence number, port.
const MESSAGE_HEADER: usize = 16;
/// `struct ifinfomsg`: family and ARPHRD type, index, flags, changed flags.
const LINK_HEADER: usize = 16;
/// `struct nlattr`: length, type.
const ATTRIBUTE_HEADER: usize = 4;

/// Why a dump cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the kernel's list of interfaces ends inside {inside}")]
    Cut { inside: &'static str },
    #[error("the kernel described an interface without its {what}")]
    Without { what: &'static str },
    #[error("the kernel does not list the interfaces: {0}", io::Error::from_raw_os_error(*errno))]
    Refused { errno: i32 },
    #[error("there are more than {most} interfaces")]
    TooMany { most: usize },
    #[error("interfaces came or went during each of {attempts} attempts to list them")]
    Changing { attempts: usize },
}

/// What one datagram of a dump said.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) links: Vec<Link>,
    /// The dump is not of one moment.
    pub(super) interrupted: bool,
    /// Nothing follows.
    pub(super) last: bool,
}

/// Asks for every interface, without the statistics of IPv4 and IPv6, which cost the kernel more than all the rest.
pub(super) fn request() -> Vec<u8> {
    let length = MESSAGE_HEADER + LINK_HEADER + ATTRIBUTE_HEADER + 4;
    let mut request = Vec::with_capacity(length);
    request.extend((length as u32).to_ne_bytes());
    request.extend(libc::RTM_GETLINK.to_ne_bytes());
    request.extend(((libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16).to_ne_bytes());
    request.resize(MESSAGE_HEADER + LINK_HEADER, 0);
    request.extend(((ATTRIBUTE_HEADER + 4) as u16).to_ne_bytes());
    request.extend(libc::IFLA_EXT_MASK.to_ne_bytes());
    request.extend((libc::RTEXT_FILTER_SKIP_STATS as u32).to_ne_bytes());
    request
}

/// Reads the messages of one datagram.
pub(super) fn parse(mut datagram: &[u8]) -> Result<Part, Error> {
    let mut part = Part::default();
    while !datagram.is_empty() {
        let inside = "a message";
        let length = u32_at(datagram, 0).ok_or(Error::Cut { inside })? as usize;
        let (message, rest) = split(datagram, length, MESSAGE_HEADER).ok_or(Error::Cut { inside })?;
        datagram = rest;
        let (header, body) = message.split_at(MESSAGE_HEADER);
        let flags = u16_at(header, 6).map_or(0, i32::from);
        part.interrupted |= flags & libc::NLM_F_DUMP_INTR != 0;
        match u16_at(header, 4) {
            Some(libc::RTM_NEWLINK) => part.links.push(link(body)?),
            Some(end) if [libc::NLMSG_DONE, libc::NLMSG_ERROR].contains(&end.into()) => {
                // Zero, or an error number below it.
                let outcome = u32_at(body, 0).ok_or(Error::Cut { inside: "its last message" })?.cast_signed();
                if outcome != 0 {
                    return Err(Error::Refused { errno: outcome.saturating_neg() });
                }
                part.last = true;
            }
            _ => {}
        }
    }
    Ok(part)
}

/// Reads one `RTM_NEWLINK`, as far as anybody asks.
fn link(body: &[u8]) -> Result<Link, Error> {
    let (header, attributes) =
        body.split_at_checked(LINK_HEADER).ok_or(Error::Cut { inside: "an interface" })?;
    let index = u32_at(header, 4).filter(|&index| index != 0).ok_or(Error::Without { what: "number" })?;
    let flags = u32_at(header, 8).map_or(0, u32::cast_signed);
    let (mut name, mut kind, mut counted) = (None, "", None);
    let (mut linked, mut elsewhere, mut master) = (None, false, None);
    for attribute in Attributes(attributes) {
        let (what, value) = attribute?;
        match what {
            libc::IFLA_IFNAME => name = Some(String::from_utf8_lossy(until_nul(value)).into_owned()),
            libc::IFLA_STATS64 => counted = counters(value),
            libc::IFLA_LINK => linked = u32_at(value, 0).filter(|&linked| linked != 0),
            libc::IFLA_LINK_NETNSID => elsewhere = true,
            libc::IFLA_MASTER => master = u32_at(value, 0).filter(|&master| master != 0),
            libc::IFLA_LINKINFO => kind = info_kind(value)?,
            _ => {}
        }
    }
    let (packets, moved) = counted.ok_or(Error::Without { what: "counters" })?;
    Ok(Link {
        index,
        name: name.ok_or(Error::Without { what: "name" })?,
        kind: kind::of(flags & libc::IFF_LOOPBACK != 0, kind, elsewhere),
        bridge: kind == kind::BRIDGE,
        ethernet: u16_at(header, 2) == Some(libc::ARPHRD_ETHER),
        moved,
        packets,
        lower: linked.filter(|_| !elsewhere && !kind::is_paired(kind)),
        master,
    })
}

/// The kernel's name for a kind of interface, out of `IFLA_LINKINFO`.
fn info_kind(nested: &[u8]) -> Result<&str, Error> {
    for attribute in Attributes(nested) {
        if let (libc::IFLA_INFO_KIND, value) = attribute? {
            return Ok(str::from_utf8(until_nul(value)).unwrap_or_default());
        }
    }
    Ok("")
}

/// `struct rtnl_link_stats64` begins with packets received and sent, and bytes received and sent.
fn counters(stats: &[u8]) -> Option<([u64; 2], Moved)> {
    let moved = Moved { rx_bytes: u64_at(stats, 16)?, tx_bytes: u64_at(stats, 24)? };
    Some(([u64_at(stats, 0)?, u64_at(stats, 8)?], moved))
}

/// Attributes one behind the other, each its type and its value. Ends after an error.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = std::mem::take(&mut self.0);
        if bytes.is_empty() {
            return None;
        }
        let attribute = || {
            let (attribute, rest) = split(bytes, u16_at(bytes, 0)?.into(), ATTRIBUTE_HEADER)?;
            // The two highest bits say how the value is written, not what it is.
            let what = u16_at(attribute, 2)? & libc::NLA_TYPE_MASK as u16;
            Some(((what, &attribute[ATTRIBUTE_HEADER..]), rest))
        };
        Some(attribute().ok_or(Error::Cut { inside: "an attribute" }).map(|(attribute, rest)| {
            self.0 = rest;
            attribute
        }))
    }
}

/// Takes `length` bytes, which are at least a header, and what pads them to 4. The last may lack its padding.
fn split(bytes: &[u8], length: usize, header: usize) -> Option<(&[u8], &[u8])> {
    let taken = bytes.get(..length).filter(|_| length >= header)?;
    Some((taken, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u64::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests;
