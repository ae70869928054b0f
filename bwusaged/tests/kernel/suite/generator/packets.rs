//! Sockets that see packets: raw IP, and Ethernet below it.

use std::{
    ffi::CString,
    io,
    mem::{self, MaybeUninit},
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    os::fd::{AsRawFd as _, OwnedFd},
    thread,
};

use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, bind, connect, recv, recvfrom, send, sendto,
    socket,
};

use super::{number, received, say_listening, sent, udp::BURST, until_input_ends};

/// For experiments, by RFC 3692.
const EXPERIMENT: u8 = 253;
/// What a frame carries. The second is no protocol at all (IEEE 802).
const IP: u16 = 0x0800;
const LOCAL_EXPERIMENT: u16 = 0x88b5;
const CABLE: &str = "eth0";
const ETHERNET_HEADER: usize = 14;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-raw", protocol, address] => serve_raw(&raw(protocol)?, address)?,
        ["send-raw", protocol, address, count, size] => {
            send_raw(&raw(protocol)?, address, number(count)?, number(size)?)?;
        }
        ["send-packet", count, size] => send_packets(IP, number(count)?, number(size)?)?,
        ["send-foreign", count, size] => send_packets(LOCAL_EXPERIMENT, number(count)?, number(size)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn raw(protocol: &str) -> io::Result<OwnedFd> {
    let protocol = protocol.parse::<NonZeroU32>().map_err(io::Error::other)?;
    Ok(socket(AddressFamily::INET, SocketType::RAW, Some(Protocol::from_raw(protocol)))?)
}

fn socket_address(address: &str) -> io::Result<SocketAddr> {
    Ok((address.parse::<Ipv4Addr>().map_err(io::Error::other)?, 0).into())
}

/// A raw socket receives the IP header too.
fn serve_raw(socket: &OwnedFd, address: &str) -> io::Result<()> {
    let address = socket_address(address)?;
    bind(socket, &address)?;
    say_listening(address)?;
    let socket = socket.try_clone()?;
    thread::spawn(move || -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); 4096];
        for count in 1_u64.. {
            let ((packet, _), _, peer) = recvfrom(&socket, &mut room, RecvFlags::empty())?;
            received(packet.len());
            if count.is_multiple_of(BURST) {
                let peer = peer.ok_or_else(|| io::Error::other("no sender"))?;
                sent(sendto(&socket, b"!", SendFlags::empty(), &peer)?);
            }
        }
        Ok(())
    });
    until_input_ends()
}

fn send_raw(socket: &OwnedFd, address: &str, count: u64, size: u64) -> io::Result<()> {
    connect(socket, &socket_address(address)?)?;
    let payload = vec![b'.'; size as usize];
    let mut room = [MaybeUninit::uninit(); 4096];
    for number in 1..=count {
        sent(send(socket, &payload, SendFlags::empty())?);
        if number.is_multiple_of(BURST) {
            received(recv(socket, &mut room, RecvFlags::empty())?.0.0.len());
        }
    }
    Ok(())
}

/// Whole frames, past everything that knows of IP; what counts is what is in them. They are for a host that does not exist, so nobody answers.
fn send_packets(what: u16, count: u64, size: u64) -> io::Result<()> {
    let socket = socket(AddressFamily::PACKET, SocketType::RAW, None)?;
    let name = CString::new(CABLE).expect("no zero");
    // SAFETY: `name` ends with a zero.
    let interface = unsafe { libc::if_nametoindex(name.as_ptr()) };
    // SAFETY: zeroes are an address.
    let mut to: libc::sockaddr_ll = unsafe { mem::zeroed() };
    to.sll_family = libc::AF_PACKET as u16;
    to.sll_ifindex = interface.cast_signed();
    let mut frame = vec![0; size as usize];
    frame[..ETHERNET_HEADER].copy_from_slice(&[2, 0, 0, 0, 0x98, 2, 2, 0, 0, 0, 0x98, 1, 0, 0]);
    frame[12..ETHERNET_HEADER].copy_from_slice(&what.to_be_bytes());
    let ip = &mut frame[ETHERNET_HEADER..34];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&((size as usize - ETHERNET_HEADER) as u16).to_be_bytes());
    ip[8..10].copy_from_slice(&[64, EXPERIMENT]);
    ip[12..].copy_from_slice(&[10, 98, 0, 1, 10, 98, 0, 99]);
    for _ in 0..count {
        // SAFETY: pointers and lengths are those of `frame` and `to`.
        let count = unsafe {
            libc::sendto(
                socket.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                0,
                (&raw const to).cast(),
                size_of_val(&to) as u32,
            )
        };
        sent(usize::try_from(count).map_err(|_| io::Error::last_os_error())? - ETHERNET_HEADER);
    }
    Ok(())
}
