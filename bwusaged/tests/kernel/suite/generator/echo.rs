//! Echo requests, each answered before the next.

use std::{
    fs, io,
    mem::MaybeUninit,
    net::{IpAddr, SocketAddr},
    os::fd::OwnedFd,
};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, connect, ipproto, recv, send, socket};

use super::{number, received, sent};

const REQUEST: u8 = 8;
const REQUEST_V6: u8 = 128;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    let (kind, address, count, size) = match *words {
        ["ping", address, count, size] => (SocketType::RAW, address, count, size),
        ["ping-unprivileged", address, count, size] => {
            // Groups that may; none at first. Of this network namespace only.
            fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0")?;
            (SocketType::DGRAM, address, count, size)
        }
        _ => return Ok(false),
    };
    ping(kind, address.parse().map_err(io::Error::other)?, number(count)?, number(size)?)?;
    Ok(true)
}

fn open(kind: SocketType, host: IpAddr) -> io::Result<OwnedFd> {
    let (family, protocol) = match host {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let socket = socket(family, kind, Some(protocol))?;
    // Else a raw socket hears what all others are told.
    connect(&socket, &SocketAddr::from((host, 0)))?;
    Ok(socket)
}

fn ping(kind: SocketType, host: IpAddr, count: u64, size: u64) -> io::Result<()> {
    let socket = open(kind, host)?;
    let mut request = vec![0; size as usize];
    if host.is_ipv4() {
        request[0] = REQUEST;
        // The checksum of a request that is zeroes but for its first word.
        request[2..4].copy_from_slice(&(!0x0800_u16).to_be_bytes());
    } else {
        // Over IPv6, the kernel fills in the checksum.
        request[0] = REQUEST_V6;
    }
    let mut room = [MaybeUninit::uninit(); 4096];
    for _ in 0..count {
        sent(send(&socket, &request, SendFlags::empty())?);
        received(recv(&socket, &mut room, RecvFlags::empty())?.1);
    }
    Ok(())
}
