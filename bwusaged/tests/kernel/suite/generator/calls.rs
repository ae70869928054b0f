//! TCP by other system calls, and by another protocol below.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
};

use rustix::{
    net::{AddressFamily, SocketType, bind, connect, ipproto, listen, socket},
    pipe::{SpliceFlags, pipe, splice},
};

use super::{number, sent, tcp};

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["upload-splicing", address, bytes] => upload_splicing(address, number(bytes)?)?,
        ["serve-mptcp", address] => tcp::serve_listener(mptcp_listener(address)?)?,
        ["download-mptcp", address, bytes] => download_mptcp(address, number(bytes)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Sends what it never sees: from a pipe into the socket.
fn upload_splicing(address: &str, bytes: u64) -> io::Result<()> {
    const PIPE_BYTES: usize = 65_536;
    let mut stream = tcp::ask(address, tcp::UP, bytes)?;
    let (output, input) = pipe()?;
    let mut input = File::from(input);
    let mut left = bytes as usize;
    while left > 0 {
        let mut inside = left.min(PIPE_BYTES);
        input.write_all(&vec![b'.'; inside])?;
        left -= inside;
        while inside > 0 {
            let count = splice(&output, None, &stream.0, None, inside, SpliceFlags::empty())?;
            sent(count);
            inside -= count;
        }
    }
    stream.read_exact(&mut [0])
}

pub(in crate::suite) fn has_mptcp() -> bool {
    socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP)).is_ok()
}

fn mptcp_listener(address: &str) -> io::Result<TcpListener> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))?;
    bind(&socket, &address.parse::<SocketAddr>().map_err(io::Error::other)?)?;
    listen(&socket, 16)?;
    Ok(TcpListener::from(socket))
}

fn download_mptcp(address: &str, bytes: u64) -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))?;
    connect(&socket, &address.parse::<SocketAddr>().map_err(io::Error::other)?)?;
    let stream = tcp::ask_over(TcpStream::from(socket), tcp::DOWN, bytes)?;
    io::copy(&mut stream.take(bytes), &mut io::sink())?;
    Ok(())
}
