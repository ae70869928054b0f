//! The question for all sockets of one kind, and the answer (`<linux/inet_diag.h>`): fixed structures in the machine's byte order,
//! addresses and ports in the network's.
//!
//! The bytes come from the kernel, and are believed no length all the same.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use bwusage_proto::connection::Protocol;

/// `SOCK_DIAG_BY_FAMILY` of `<linux/sock_diag.h>`.
const BY_FAMILY: u16 = 20;
/// `struct nlmsghdr`.
const MESSAGE_HEADER: usize = 16;
/// `struct inet_diag_req_v2`: family, protocol, extensions, padding, states, and the ends, which a dump leaves empty.
const REQUEST: usize = 8 + 48;
/// `struct inet_diag_msg`.
const ANSWER: usize = 72;
/// `TCP_LISTEN` of `<net/tcp_states.h>`.
const LISTEN: u8 = 10;
/// `TCP_TIME_WAIT` and `TCP_NEW_SYN_RECV`: what is left of a connection, or not one yet. No process has it open, and a busy server
/// has ten thousands.
const NOBODYS: u32 = 1 << 6 | 1 << 12;

/// Why a dump cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the kernel's list of sockets ends inside {inside}")]
    Cut { inside: &'static str },
    #[error("the kernel does not list the sockets: {0}", io::Error::from_raw_os_error(*errno))]
    Refused { errno: i32 },
    #[error("there are more than {most} sockets of a kind")]
    TooMany { most: usize },
}

/// One open socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::linux::packets) struct OpenSocket {
    pub(in crate::engine::linux::packets) protocol: Protocol,
    /// `<net/tcp_states.h>`; other protocols than TCP have "established" and "closed" only.
    pub(in crate::engine::linux::packets) state: u8,
    pub(in crate::engine::linux::packets) local: SocketAddr,
    /// Port 0 without a peer.
    pub(in crate::engine::linux::packets) remote: SocketAddr,
    /// 0 when no process can have it open: not accepted yet, or closed already.
    pub(in crate::engine::linux::packets) inode: u32,
}

impl OpenSocket {
    pub(in crate::engine::linux::packets) fn is_listening(&self) -> bool {
        self.protocol == Protocol::TCP && self.state == LISTEN
    }
}

/// Asks for every socket of `protocol` that a process may have open.
pub(super) fn request(family: u8, protocol: Protocol) -> Vec<u8> {
    let length = MESSAGE_HEADER + REQUEST;
    let mut request = Vec::with_capacity(length);
    request.extend((length as u32).to_ne_bytes());
    request.extend(BY_FAMILY.to_ne_bytes());
    request.extend(((libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16).to_ne_bytes());
    request.resize(MESSAGE_HEADER, 0);
    request.extend([family, protocol.0, 0, 0]);
    request.extend((!NOBODYS).to_ne_bytes());
    request.resize(length, 0);
    request
}

/// Adds the sockets of one datagram to `sockets`; true when nothing follows.
pub(super) fn parse(
    mut datagram: &[u8],
    protocol: Protocol,
    sockets: &mut Vec<OpenSocket>,
) -> Result<bool, Error> {
    while !datagram.is_empty() {
        let cut = || Error::Cut { inside: "a message" };
        let length = u32_at(datagram, 0).ok_or_else(cut)? as usize;
        let message = datagram.get(..length).filter(|_| length >= MESSAGE_HEADER).ok_or_else(cut)?;
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        let (header, body) = message.split_at(MESSAGE_HEADER);
        match u16_at(header, 4).ok_or_else(cut)? {
            BY_FAMILY => sockets.push(socket(body, protocol).ok_or(Error::Cut { inside: "a socket" })?),
            end if [libc::NLMSG_DONE, libc::NLMSG_ERROR].contains(&end.into()) => {
                // Zero, or an error number below it.
                let outcome = u32_at(body, 0).ok_or(Error::Cut { inside: "its last message" })?.cast_signed();
                if outcome != 0 {
                    return Err(Error::Refused { errno: outcome.saturating_neg() });
                }
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

fn socket(body: &[u8], protocol: Protocol) -> Option<OpenSocket> {
    let body: &[u8; ANSWER] = body.first_chunk()?;
    let port = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
    Some(OpenSocket {
        protocol,
        state: body[1],
        local: SocketAddr::new(address(body[0], body.get(8..24)?)?, port(4)),
        remote: SocketAddr::new(address(body[0], body.get(24..40)?)?, port(6)),
        inode: u32_at(body, 68)?,
    })
}

/// IPv4 on a socket of both families is written as mapped IPv6; a packet of it has IPv4.
fn address(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    if i32::from(family) == libc::AF_INET {
        return bytes.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets).into());
    }
    bytes.first_chunk::<16>().map(|octets| IpAddr::from(Ipv6Addr::from(*octets)).to_canonical())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut message = ((MESSAGE_HEADER + body.len()) as u32).to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.resize(MESSAGE_HEADER, 0);
        message.extend(body);
        message
    }

    fn body() -> Vec<u8> {
        let mut body = vec![libc::AF_INET6 as u8, 1, 0, 0, 0x12, 0x34, 1, 0xbb];
        body.extend("::ffff:10.0.0.1".parse::<Ipv6Addr>().unwrap().octets());
        body.extend("2001:db8::2".parse::<Ipv6Addr>().unwrap().octets());
        body.resize(68, 0);
        body.extend(4711_u32.to_ne_bytes());
        body
    }

    #[test]
    fn a_socket_is_read_and_mapped_addresses_are_ipv4() {
        let mut sockets = Vec::new();
        let datagram = [message(BY_FAMILY, &body()), message(BY_FAMILY, &body())].concat();
        assert!(!parse(&datagram, Protocol::TCP, &mut sockets).unwrap(), "more follows");
        assert!(parse(&message(3, &[0; 4]), Protocol::TCP, &mut sockets).unwrap());
        let expected = OpenSocket {
            protocol: Protocol::TCP,
            state: 1,
            local: "10.0.0.1:4660".parse().unwrap(),
            remote: "[2001:db8::2]:443".parse().unwrap(),
            inode: 4711,
        };
        assert_eq!(sockets, [expected, expected]);
    }

    #[test]
    fn a_refusal_says_what_the_kernel_said() {
        let refusal = message(2, &(-libc::ENOENT).to_ne_bytes());
        let error = parse(&refusal, Protocol::TCP, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    }

    proptest! {
        #[test]
        fn damaged_answers_do_no_harm(cut in 0_usize..200, damage in prop::collection::vec((0_usize..176, any::<u8>()), 0..20)) {
            let mut datagram = [message(BY_FAMILY, &body()), message(BY_FAMILY, &body())].concat();
            for (at, byte) in damage {
                if let Some(here) = datagram.get_mut(at) {
                    *here = byte;
                }
            }
            datagram.truncate(cut);
            let _ = parse(&datagram, Protocol::UDP, &mut Vec::new());
        }
    }
}
