//! io_uring: no system call for each transfer.

use std::{io, os::fd::AsRawFd as _};

use io_uring::{IoUring, opcode, squeue::Entry, types::Fd};

use super::{received, sent, tcp};

const CALL_BYTES: usize = 65_536;

pub(in crate::suite) fn offered() -> bool {
    IoUring::new(2).is_ok()
}

pub(super) fn upload(address: &str, bytes: u64) -> io::Result<()> {
    let stream = tcp::ask(address, tcp::UP, bytes)?;
    let mut ring = IoUring::new(2)?;
    let socket = Fd(stream.0.as_raw_fd());
    let buffer = vec![b'.'; CALL_BYTES];
    let mut left = bytes as usize;
    while left > 0 {
        let entry = opcode::Send::new(socket, buffer.as_ptr(), left.min(CALL_BYTES) as u32).build();
        let count = complete(&mut ring, &entry)?;
        sent(count);
        left -= count;
    }
    let mut answer = [0];
    let entry = opcode::Recv::new(socket, answer.as_mut_ptr(), 1).build();
    received(complete(&mut ring, &entry)?);
    Ok(())
}

pub(super) fn download(address: &str, bytes: u64) -> io::Result<()> {
    let stream = tcp::ask(address, tcp::DOWN, bytes)?;
    let mut ring = IoUring::new(2)?;
    let mut buffer = vec![0; CALL_BYTES];
    let mut left = bytes as usize;
    while left > 0 {
        let socket = Fd(stream.0.as_raw_fd());
        let entry = opcode::Recv::new(socket, buffer.as_mut_ptr(), CALL_BYTES as u32).build();
        let count = complete(&mut ring, &entry)?;
        received(count);
        left -= count;
    }
    Ok(())
}

/// Submits one transfer and waits for it.
fn complete(ring: &mut IoUring, entry: &Entry) -> io::Result<usize> {
    // SAFETY: the buffer that the entry points to lives in the caller until the completion is here.
    unsafe { ring.submission().push(entry) }.map_err(io::Error::other)?;
    ring.submit_and_wait(1)?;
    let result = ring.completion().next().ok_or_else(|| io::Error::other("no completion"))?.result();
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
}
