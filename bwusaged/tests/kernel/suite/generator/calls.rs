//! TCP by other system calls.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
};

use rustix::pipe::{SpliceFlags, pipe, splice};

use super::{number, sent, tcp};

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["upload-splicing", address, bytes] => upload_splicing(address, number(bytes)?)?,
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
