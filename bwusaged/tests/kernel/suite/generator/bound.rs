//! A UDP socket that its parent has bound, and that the child uses.

use std::{
    io,
    net::UdpSocket,
    os::fd::{AsFd as _, OwnedFd},
};

use super::{
    number, other, received, say_listening, sent,
    udp::{self, BURST},
    until_input_ends,
};

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-udp-by-child", address, count, name] => {
            let socket = UdpSocket::bind(address)?;
            say_listening(socket.local_addr()?)?;
            start(socket, name, &["answer-inherited", count])?;
        }
        ["send-udp-by-child", address, count, size, name] => {
            let (socket, server) = udp::client(address)?;
            socket.connect(server)?;
            start(socket, name, &["send-inherited", count, size])?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// What those do that are started by the ones above.
pub(super) fn child(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["answer-inherited", count] => answer(&inherited()?, number(count)?)?,
        ["send-inherited", count, size] => udp::send_connected(&inherited()?, number(count)?, number(size)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn start(socket: UdpSocket, name: &str, words: &[&str]) -> io::Result<()> {
    other(name, words)?.stdin(OwnedFd::from(socket)).spawn()?.wait()?;
    until_input_ends()
}

fn inherited() -> io::Result<UdpSocket> {
    Ok(UdpSocket::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn answer(socket: &UdpSocket, count: u64) -> io::Result<()> {
    let mut room = [0; 2048];
    for number in 1..=count {
        let (length, peer) = socket.recv_from(&mut room)?;
        received(length);
        if number.is_multiple_of(BURST) {
            sent(socket.send_to(b"!", peer)?);
        }
    }
    Ok(())
}
