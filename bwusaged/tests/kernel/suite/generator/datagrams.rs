//! Datagrams by other system calls. As in [`super::udp`], each burst is answered by one byte.

use std::{
    io::{self, IoSlice},
    mem::{self, MaybeUninit},
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd as _,
    ptr, thread,
};

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, recvfrom, sendto};

use super::{
    number, option, received, say_listening, sent,
    udp::{self, BURST},
    until_input_ends,
};

/// What a burst in one call is cut into.
const SEGMENT: u16 = 1000;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["send-udp-to", address, count, size] => send_to(address, number(count)?, number(size)?)?,
        ["serve-mmsg", address] => serve_many(address)?,
        ["send-mmsg", address, count, size] => send_many(address, number(count)?, number(size)?)?,
        ["send-timestamped", address, count, size] => {
            send_timestamped(address, number(count)?, number(size)?)?;
        }
        ["send-gso", address, count, size] => {
            assert_eq!(number(size)?, u64::from(SEGMENT));
            send_segments(address, number(count)?)?;
        }
        ["serve-gro", address] => serve_segments(address)?,
        ["shout", address, count, size] => shout(address, number(count)?, number(size)?)?,
        ["serve-measuring", address] => serve_measuring(address)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// On a socket that is not connected.
fn send_to(address: &str, count: u64, size: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    let datagram = vec![b'.'; size as usize];
    for number in 1..=count {
        sent(socket.send_to(&datagram, server)?);
        if number.is_multiple_of(BURST) {
            received(socket.recv_from(&mut [0])?.0);
        }
    }
    Ok(())
}

/// A burst in one system call.
fn send_many(address: &str, count: u64, size: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    socket.connect(server)?;
    let datagram = vec![b'.'; size as usize];
    let slices = [IoSlice::new(&datagram)];
    for _ in 0..count / BURST {
        let mut left = BURST as usize;
        while left > 0 {
            let mut controls: Vec<_> = (0..left).map(|_| SendAncillaryBuffer::default()).collect();
            let mut messages: Vec<_> =
                controls.iter_mut().map(|control| rustix::net::MMsgHdr::new(&slices, control)).collect();
            let count = rustix::net::sendmmsg(&socket, &mut messages, SendFlags::empty())?;
            sent(messages[..count].iter().map(rustix::net::MMsgHdr::bytes_sent).sum());
            left -= count;
        }
        received(socket.recv(&mut [0])?);
    }
    Ok(())
}

/// As many as there are in one system call.
fn serve_many(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        // The first one tells whom to answer.
        let (length, peer) = socket.recv_from(&mut [0; 2048])?;
        received(length);
        socket.connect(peer)?;
        let mut count = 1;
        loop {
            count += receive_many(&socket)?;
            if count >= BURST {
                count -= BURST;
                sent(socket.send(b"!")?);
            }
        }
    });
    until_input_ends()
}

fn receive_many(socket: &UdpSocket) -> io::Result<u64> {
    const SIZE: usize = 2048;
    const MANY: usize = BURST as usize;
    let mut room = vec![[0_u8; SIZE]; MANY];
    let mut slices: Vec<libc::iovec> = room
        .iter_mut()
        .map(|buffer| libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: SIZE })
        .collect();
    let mut messages: Vec<libc::mmsghdr> = slices
        .iter_mut()
        .map(|slice| {
            // SAFETY: zeroes are a header without a name, control data and flags.
            let mut message: libc::mmsghdr = unsafe { mem::zeroed() };
            message.msg_hdr.msg_iov = slice;
            message.msg_hdr.msg_iovlen = 1;
            message
        })
        .collect();
    let (fd, flags) = (socket.as_raw_fd(), libc::MSG_WAITFORONE);
    // SAFETY: the headers, the slices and the room that they point to live beyond the call.
    let count =
        unsafe { libc::recvmmsg(fd, messages.as_mut_ptr(), MANY as u32, flags as _, ptr::null_mut()) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    received(messages[..count].iter().map(|message| message.msg_len as usize).sum());
    Ok(count as u64)
}

/// The kernel gives each datagram back on the error queue, with the time it was sent. That is no receiving.
fn send_timestamped(address: &str, count: u64, size: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    socket.connect(server)?;
    let which = libc::SOF_TIMESTAMPING_TX_SCHED | libc::SOF_TIMESTAMPING_SOFTWARE;
    option::set(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, &which.to_ne_bytes())?;
    let datagram = vec![b'.'; size as usize];
    let mut room = [MaybeUninit::uninit(); 4096];
    for number in 1..=count {
        sent(socket.send(&datagram)?);
        let given_back = recv(&socket, &mut room, RecvFlags::ERRQUEUE)?.0.0.len();
        assert!(given_back as u64 >= size, "{given_back} bytes came back");
        if number.is_multiple_of(BURST) {
            received(socket.recv(&mut [0])?);
        }
    }
    Ok(())
}

/// A burst as one super-packet.
fn send_segments(address: &str, count: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    socket.connect(server)?;
    option::set(&socket, libc::SOL_UDP, libc::UDP_SEGMENT, &i32::from(SEGMENT).to_ne_bytes())?;
    let burst = vec![b'.'; BURST as usize * usize::from(SEGMENT)];
    for _ in 0..count / BURST {
        sent(socket.send(&burst)?);
        received(socket.recv(&mut [0])?);
    }
    Ok(())
}

/// Whether a super-packet reaches a socket that takes them whole, as over the loopback interface since some kernel after 5.10.
pub(in crate::suite) fn has_udp_gro() -> bool {
    let whole = || -> io::Result<bool> {
        let (receiver, sender) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        option::set(&receiver, libc::SOL_UDP, libc::UDP_GRO, &1_i32.to_ne_bytes())?;
        option::set(&sender, libc::SOL_UDP, libc::UDP_SEGMENT, &i32::from(SEGMENT).to_ne_bytes())?;
        let two = vec![0; 2 * usize::from(SEGMENT)];
        sender.send_to(&two, receiver.local_addr()?)?;
        Ok(receiver.recv(&mut vec![0; 65_536])? == two.len())
    };
    whole().unwrap_or(false)
}

/// Takes super-packets as they come.
fn serve_segments(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    option::set(&socket, libc::SOL_UDP, libc::UDP_GRO, &1_i32.to_ne_bytes())?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut room = vec![0; 65_536];
        loop {
            let (length, peer): (usize, SocketAddr) = socket.recv_from(&mut room)?;
            received(length);
            assert_eq!(length as u64, BURST * u64::from(SEGMENT), "it came in pieces");
            sent(socket.send_to(b"!", peer)?);
        }
    });
    until_input_ends()
}

/// Asks for the length of each datagram, then takes it into a buffer that is too short for it.
fn serve_measuring(address: &str) -> io::Result<()> {
    const LOOK: RecvFlags = RecvFlags::PEEK.union(RecvFlags::TRUNC);
    let socket = UdpSocket::bind(address)?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); 100];
        for count in 1_u64.. {
            let length = recvfrom(&socket, &mut room, LOOK)?.1;
            let (_, taken, peer) = recvfrom(&socket, &mut room, RecvFlags::TRUNC | RecvFlags::DONTWAIT)?;
            assert_eq!(taken, length, "the kernel says how long it was");
            received(taken);
            if count.is_multiple_of(BURST) {
                let peer = peer.ok_or_else(|| io::Error::other("no sender"))?;
                sent(sendto(&socket, b"!", SendFlags::empty(), &peer)?);
            }
        }
        Ok(())
    });
    until_input_ends()
}

/// As fast as it can, and nobody answers.
fn shout(address: &str, count: u64, size: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    let datagram = vec![b'.'; size as usize];
    for _ in 0..count {
        sent(socket.send_to(&datagram, server)?);
    }
    Ok(())
}
