//! Datagrams to several at once. Each receiver answers each burst by one byte.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
};

use super::{
    number, received, say_listening, sent,
    udp::{self, BURST},
    until_input_ends,
};

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["join", group, port, interface] => join(group, port, interface)?,
        ["send-to-group", address, interface, receivers, count, size] => {
            send(address, interface, number(receivers)?, number(count)?, number(size)?)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn address(word: &str) -> io::Result<Ipv4Addr> {
    word.parse().map_err(io::Error::other)
}

/// Listens to `group`, which may be a broadcast address. Several may at the same port.
fn join(group: &str, port: &str, interface: &str) -> io::Result<()> {
    use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
    let group = address(group)?;
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddr::from((group, number(port)? as u16)))?;
    let socket = UdpSocket::from(socket);
    if group.is_multicast() {
        socket.join_multicast_v4(&group, &address(interface)?)?;
    }
    say_listening(socket.local_addr()?)?;
    // An answer cannot come from the group.
    let voice = UdpSocket::bind((address(interface)?, 0))?;
    thread::spawn(move || -> io::Result<()> {
        let mut room = [0; 2048];
        for count in 1_u64.. {
            let (length, peer) = socket.recv_from(&mut room)?;
            received(length);
            if count.is_multiple_of(BURST) {
                sent(voice.send_to(b"!", peer)?);
            }
        }
        Ok(())
    });
    until_input_ends()
}

fn send(to: &str, interface: &str, receivers: u64, count: u64, size: u64) -> io::Result<()> {
    let (socket, group) = udp::client(to)?;
    socket.set_broadcast(true)?;
    let interface = address(interface)?.octets();
    super::option::set(&socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &interface)?;
    socket.set_multicast_loop_v4(false)?;
    let datagram = vec![b'.'; size as usize];
    for number in 1..=count {
        sent(socket.send_to(&datagram, group)?);
        if number.is_multiple_of(BURST) {
            for _ in 0..receivers {
                received(socket.recv(&mut [0])?);
            }
        }
    }
    Ok(())
}
