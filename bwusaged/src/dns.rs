//! What a DNS answer says: which addresses belong to the name that was asked for. Pure.
//!
//! [`names`] reads one message (RFC 1035) as it came in a UDP datagram. Anybody may have sent it, so: work is bounded by the
//! length of the message, compression pointers only lead backwards, and what cannot be read ends the reading.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The longest name in presentation format (RFC 1035, 2.3.4: 255 bytes on the wire).
pub const MAX_NAME: usize = 253;
/// Answers that are looked at; real messages have fewer.
const MAX_ANSWERS: u16 = 128;
/// Aliases that are followed; resolvers give up sooner.
const MAX_ALIASES: usize = 16;
const HEADER_BYTES: usize = 12;

const TYPE_A: u16 = 1;
const TYPE_CNAME: u16 = 5;
const TYPE_AAAA: u16 = 28;
const CLASS_IN: u16 = 1;

/// Every address that the answer in `payload` gives to the name of its question, aliases followed. Nothing for anything but
/// the successful answer to one question; what was read before a cut stays.
///
/// The name is the one that was asked for, in small letters, escaped as by [`escaped`]. Addresses that name no remote host
/// (`0.0.0.0`, loopback, multicast) are left out: blocking resolvers answer so.
#[must_use]
pub fn names(payload: &[u8]) -> Vec<(IpAddr, String)> {
    read(payload).unwrap_or_default()
}

/// `name` as it may be kept: letters, digits, `-`, `_` and dots as they are but small, any other byte as `\DDD` (RFC 4343,
/// 2.1). `None` for an empty or too long name.
#[must_use]
pub fn escaped(name: &str) -> Option<String> {
    let bytes = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let mut text = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape = byte == b'\\'
            && bytes.get(at + 1..at + 4).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        if byte == b'.' || is_escape { text.push(byte.into()) } else { push(byte, &mut text) }
    }
    Some(text).filter(|text| !text.is_empty() && text.len() <= MAX_NAME)
}

fn push(byte: u8, text: &mut String) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
        text.push(byte.to_ascii_lowercase().into());
    } else {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\{byte:03}");
    }
}

fn read(message: &[u8]) -> Option<Vec<(IpAddr, String)>> {
    let mut reader = Reader { message, at: 0 };
    let [_id, flags, questions, answers, _authorities, _additional] = reader.u16s()?;
    let (is_response, opcode, code) = (flags & 0x8000 != 0, flags >> 11 & 0xf, flags & 0xf);
    if !is_response || opcode != 0 || code != 0 || questions != 1 {
        return None;
    }
    let asked = reader.name()?;
    let [_type, CLASS_IN] = reader.u16s()? else { return None };
    let name = asked.presentation()?;

    let (mut aliases, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..answers.min(MAX_ANSWERS) {
        match reader.record() {
            None => break,
            Some((owner, Record::Alias(target))) if aliases.len() < MAX_ALIASES => {
                aliases.push((owner, target));
            }
            Some((owner, Record::Address(address))) => addresses.push((owner, address)),
            Some((_, Record::Alias(_) | Record::Other)) => {}
        }
    }
    let known = follow(asked, aliases);
    let names_a_host = |address: &IpAddr| {
        !(address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || *address == IpAddr::V4(Ipv4Addr::BROADCAST))
    };
    let own = addresses.into_iter().filter(|(owner, _)| known.contains(owner)).map(|(_, address)| address);
    Some(own.filter(names_a_host).map(|address| (address, name.clone())).collect())
}

/// `asked` and all its aliases, in whatever order they were listed.
fn follow(asked: Name, mut aliases: Vec<(Name, Name)>) -> Vec<Name> {
    let mut known = vec![asked];
    while let Some(at) = aliases.iter().position(|(owner, _)| known.contains(owner)) {
        let (_, target) = aliases.swap_remove(at);
        known.push(target);
    }
    known
}

/// A name in wire format, uncompressed and in small letters, so that equal names are equal bytes.
#[derive(Debug, PartialEq, Eq)]
struct Name(Vec<u8>);

impl Name {
    fn presentation(&self) -> Option<String> {
        let mut text = String::with_capacity(self.0.len());
        let mut rest = self.0.as_slice();
        while let Some((&length, after)) = rest.split_first().filter(|&(&length, _)| length > 0) {
            let (label, after) = after.split_at_checked(length.into())?;
            if !text.is_empty() {
                text.push('.');
            }
            for &byte in label {
                push(byte, &mut text);
            }
            rest = after;
        }
        Some(text).filter(|text| !text.is_empty() && text.len() <= MAX_NAME)
    }
}

enum Record {
    Address(IpAddr),
    Alias(Name),
    Other,
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.message.get(self.at..)?.get(..length)?;
        self.at += length;
        Some(taken)
    }

    fn u16s<const N: usize>(&mut self) -> Option<[u16; N]> {
        let bytes = self.take(N * 2)?;
        Some(std::array::from_fn(|i| u16::from_be_bytes([bytes[i * 2], bytes[i * 2 + 1]])))
    }

    fn record(&mut self) -> Option<(Name, Record)> {
        let owner = self.name()?;
        let [kind, class, _ttl_high, _ttl_low, length] = self.u16s()?;
        let start = self.at;
        let body = self.take(length.into())?;
        let record = match (class, kind) {
            (CLASS_IN, TYPE_A) => Record::Address(Ipv4Addr::from(<[u8; 4]>::try_from(body).ok()?).into()),
            (CLASS_IN, TYPE_AAAA) => {
                let address = Ipv6Addr::from(<[u8; 16]>::try_from(body).ok()?);
                Record::Address(IpAddr::from(address).to_canonical())
            }
            (CLASS_IN, TYPE_CNAME) => {
                let mut reader = Self { message: self.message, at: start };
                let target = reader.name()?;
                if reader.at != self.at {
                    return None;
                }
                Record::Alias(target)
            }
            _ => Record::Other,
        };
        Some((owner, record))
    }

    /// Reads a name, its compression undone. A pointer must lead to before the part that it ends, so there is no loop.
    fn name(&mut self) -> Option<Name> {
        const WIRE_MAX: usize = 255;
        let mut name = Vec::with_capacity(64);
        let (mut part, mut at) = (self.at, self.at);
        let mut after = None;
        loop {
            let length = *self.message.get(at)?;
            match length {
                0 => {
                    name.push(0);
                    self.at = after.unwrap_or(at + 1);
                    return Some(Name(name));
                }
                1..=63 => {
                    let end = at + 1 + usize::from(length);
                    let label = self.message.get(at + 1..end)?;
                    if name.len() + 1 + label.len() >= WIRE_MAX {
                        return None;
                    }
                    name.push(length);
                    name.extend(label.iter().map(u8::to_ascii_lowercase));
                    at = end;
                }
                0xc0.. => {
                    let low = *self.message.get(at + 1)?;
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    if !(HEADER_BYTES..part).contains(&target) {
                        return None;
                    }
                    after.get_or_insert(at + 2);
                    (part, at) = (target, target);
                }
                // 0x40 and 0x80 are reserved.
                64..0xc0 => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
