//! TCP with flags and options that change what a call does.

use std::{
    io::{self, Read as _, Write as _},
    mem::MaybeUninit,
    net::{Shutdown, TcpStream},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};

use super::{number, option, received, sent, tcp};

const CALL_BYTES: usize = 65_536;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["download-waiting", address, bytes] => download_waiting(address, number(bytes)?)?,
        ["download-truncating", address, bytes] => download_truncating(address, number(bytes)?)?,
        ["upload-zerocopy", address, bytes] => upload_zerocopy(address, number(bytes)?)?,
        ["serve-echo", address] => tcp::serve_by(address, echo_after_end)?,
        ["upload-then-download", address, bytes] => upload_then_download(address, number(bytes)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Each call waits until its buffer is full.
fn download_waiting(address: &str, bytes: u64) -> io::Result<()> {
    let stream = tcp::ask(address, tcp::DOWN, bytes)?.0;
    let mut room = vec![MaybeUninit::uninit(); 1_000_000];
    let mut left = bytes as usize;
    while left > 0 {
        let wanted = left.min(room.len());
        let count = recv(&stream, &mut room[..wanted], RecvFlags::WAITALL)?.1;
        assert_eq!(count, wanted, "it did not wait");
        received(count);
        left -= count;
    }
    Ok(())
}

/// Takes bytes without a copy of them, and asks more often than there are some.
fn download_truncating(address: &str, bytes: u64) -> io::Result<()> {
    let stream = tcp::ask(address, tcp::DOWN, bytes)?.0;
    let mut room = vec![MaybeUninit::uninit(); CALL_BYTES];
    let mut left = bytes as usize;
    while left > 0 {
        match recv(&stream, &mut room, RecvFlags::TRUNC | RecvFlags::DONTWAIT) {
            Ok((_, count)) => {
                received(count);
                left -= count;
            }
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::new(&stream, PollFlags::IN)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The kernel sends from this process's memory, and says on the error queue when it is done with it. That is no receiving.
fn upload_zerocopy(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = tcp::ask(address, tcp::UP, bytes)?;
    option::set(&stream.0, libc::SOL_SOCKET, libc::SO_ZEROCOPY, &1_i32.to_ne_bytes())?;
    let zerocopy = SendFlags::from_bits_retain(libc::MSG_ZEROCOPY.cast_unsigned());
    let buffer = vec![b'.'; CALL_BYTES];
    let mut left = bytes as usize;
    while left > 0 {
        match send(&stream.0, &buffer[..left.min(CALL_BYTES)], zerocopy) {
            Ok(count) => {
                sent(count);
                left -= count;
            }
            // There is room for so many messages.
            Err(Errno::NOBUFS) => {
                poll(&mut [PollFd::new(&stream.0, PollFlags::empty())], None)?;
            }
            Err(error) => return Err(error.into()),
        }
        while recv(&stream.0, &mut [MaybeUninit::uninit(); 1], RecvFlags::ERRQUEUE).is_ok() {}
    }
    stream.read_exact(&mut [0])
}

/// Says back as many bytes as it got, once the client has ended its half.
fn echo_after_end(stream: TcpStream) -> io::Result<()> {
    let mut stream = tcp::Counted(stream);
    let bytes = io::copy(&mut stream, &mut io::sink())?;
    io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    Ok(())
}

/// One direction ends before the other begins.
fn upload_then_download(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = tcp::Counted(TcpStream::connect(address)?);
    io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    stream.flush()?;
    stream.0.shutdown(Shutdown::Write)?;
    let back = io::copy(&mut stream, &mut io::sink())?;
    assert_eq!(back, bytes);
    Ok(())
}
