//! Datagrams, in bursts that are each answered by one byte.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    thread,
    time::Duration,
};

use super::{received, say_listening, sent, until_input_ends};

/// Datagrams that are under way at most: they fit into any receive buffer, so none is ever lost.
pub(in crate::suite) const BURST: u64 = 32;
/// Longer than any scheduling delay; a lost datagram would otherwise block for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers until the input ends.
pub(super) fn serve(address: &str) -> io::Result<()> {
    serve_socket(UdpSocket::bind(address)?)
}

pub(super) fn serve_socket(socket: UdpSocket) -> io::Result<()> {
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = vec![0; 65_536];
        for count in 1_u64.. {
            let (length, peer) = socket.recv_from(&mut buffer)?;
            received(length);
            if count.is_multiple_of(BURST) {
                sent(socket.send_to(b"!", peer)?);
            }
        }
        Ok(())
    });
    until_input_ends()
}

/// A socket that is not connected yet, and where it is to send to.
pub(super) fn client(address: &str) -> io::Result<(UdpSocket, SocketAddr)> {
    let server: SocketAddr = address.parse().map_err(io::Error::other)?;
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok((socket, server))
}

pub(super) fn send(address: &str, count: u64, size: u64) -> io::Result<()> {
    let (socket, server) = client(address)?;
    socket.connect(server)?;
    send_connected(&socket, count, size)
}

pub(super) fn send_connected(socket: &UdpSocket, count: u64, size: u64) -> io::Result<()> {
    let datagram = vec![b'.'; size as usize];
    for number in 1..=count {
        sent(socket.send(&datagram)?);
        if number.is_multiple_of(BURST) {
            received(socket.recv(&mut [0])?);
        }
    }
    Ok(())
}
