//! Transports beside TCP and UDP. Few kernels have them all.

use std::{
    io,
    mem::MaybeUninit,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::fd::OwnedFd,
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{
        AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, acceptfrom, bind, connect, getsockname,
        ipproto, listen, recv, send, socket,
    },
};

use super::{number, option, received, say_listening, sent, tcp, udp, until_input_ends};

/// `SOCK_DCCP`, and what libc does not name either.
const DCCP_TYPE: SocketType = SocketType::from_raw(6);
const SOL_DCCP: i32 = 269;
const DCCP_SOCKOPT_SERVICE: i32 = 2;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-mptcp", address] => tcp::serve_listener(listener(ipproto::MPTCP, address)?)?,
        ["download-mptcp", address, bytes] => download(ipproto::MPTCP, address, number(bytes)?)?,
        ["serve-sctp", address] => tcp::serve_listener(listener(ipproto::SCTP, address)?)?,
        ["download-sctp", address, bytes] => download(ipproto::SCTP, address, number(bytes)?)?,
        ["serve-udplite", address] => udp::serve_socket(udplite(address)?)?,
        ["send-udplite", address, count, size] => {
            let socket = udplite("0.0.0.0:0")?;
            socket.connect(address)?;
            udp::send_connected(&socket, number(count)?, number(size)?)?;
        }
        ["serve-dccp", address] => serve_dccp(address)?,
        ["send-dccp", address, count, size] => send_dccp(address, number(count)?, number(size)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

pub(in crate::suite) fn has_mptcp() -> bool {
    stream(ipproto::MPTCP).is_ok()
}

pub(in crate::suite) fn has_sctp() -> bool {
    stream(ipproto::SCTP).is_ok()
}

pub(in crate::suite) fn has_udplite() -> bool {
    udplite("127.0.0.1:0").is_ok()
}

pub(in crate::suite) fn has_dccp() -> bool {
    dccp().is_ok()
}

fn parse(address: &str) -> io::Result<SocketAddr> {
    address.parse().map_err(io::Error::other)
}

fn stream(protocol: Protocol) -> io::Result<OwnedFd> {
    Ok(socket(AddressFamily::INET, SocketType::STREAM, Some(protocol))?)
}

fn listener(protocol: Protocol, address: &str) -> io::Result<TcpListener> {
    let socket = stream(protocol)?;
    bind(&socket, &parse(address)?)?;
    listen(&socket, 16)?;
    Ok(TcpListener::from(socket))
}

fn download(protocol: Protocol, address: &str, bytes: u64) -> io::Result<()> {
    let socket = stream(protocol)?;
    connect(&socket, &parse(address)?)?;
    let stream = tcp::ask_over(TcpStream::from(socket), tcp::DOWN, bytes)?;
    io::copy(&mut io::Read::take(stream, bytes), &mut io::sink())?;
    Ok(())
}

fn udplite(address: &str) -> io::Result<UdpSocket> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, Some(ipproto::UDPLITE))?;
    bind(&socket, &parse(address)?)?;
    Ok(UdpSocket::from(socket))
}

fn dccp() -> io::Result<OwnedFd> {
    let socket = socket(AddressFamily::INET, DCCP_TYPE, Some(ipproto::DCCP))?;
    option::set(&socket, SOL_DCCP, DCCP_SOCKOPT_SERVICE, b"bwus")?;
    Ok(socket)
}

/// Connected, but datagrams: each may be lost, and each end counts its own.
fn serve_dccp(address: &str) -> io::Result<()> {
    let socket = dccp()?;
    bind(&socket, &parse(address)?)?;
    listen(&socket, 16)?;
    let own = SocketAddr::try_from(getsockname(&socket)?).map_err(io::Error::other)?;
    say_listening(own)?;
    let serving = thread::spawn(move || -> io::Result<()> {
        let client = acceptfrom(&socket)?.0;
        let mut room = [MaybeUninit::uninit(); 2048];
        loop {
            match recv(&client, &mut room, RecvFlags::empty())?.1 {
                0 => return Ok(()),
                count => received(count),
            }
        }
    });
    until_input_ends()?;
    serving.join().expect("the server's thread")
}

fn send_dccp(address: &str, count: u64, size: u64) -> io::Result<()> {
    let socket = dccp()?;
    connect(&socket, &parse(address)?)?;
    let datagram = vec![b'.'; size as usize];
    for _ in 0..count {
        loop {
            match send(&socket, &datagram, SendFlags::DONTWAIT) {
                Ok(count) => break sent(count),
                Err(Errno::AGAIN) => poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None)?,
                Err(error) => return Err(error.into()),
            };
        }
    }
    Ok(())
}
