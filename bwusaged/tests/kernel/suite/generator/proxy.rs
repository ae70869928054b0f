//! A proxy that never sees what it passes on: from a socket into a pipe, and from the pipe into another socket.

use std::{
    io::{self, ErrorKind},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use rustix::pipe::{SpliceFlags, pipe, splice};

use super::{number, received, say_listening, sent, until_input_ends};

const PIPE_BYTES: usize = 65_536;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["proxy", address, server, connections] => proxy(address, server, number(connections)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn proxy(address: &str, server: &str, connections: u64) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    for _ in 0..connections {
        let client = listener.accept()?.0;
        let server = TcpStream::connect(server)?;
        thread::scope(|scope| {
            let up = scope.spawn(|| pump(&client, &server));
            pump(&server, &client)?;
            up.join().expect("a thread")
        })?;
    }
    until_input_ends()
}

/// Until the one side ends.
fn pump(from: &TcpStream, to: &TcpStream) -> io::Result<()> {
    let (output, input) = pipe()?;
    loop {
        let mut inside = splice(from, None, &input, None, PIPE_BYTES, SpliceFlags::MOVE)?;
        if inside == 0 {
            break;
        }
        received(inside);
        while inside > 0 {
            let count = splice(&output, None, to, None, inside, SpliceFlags::MOVE)?;
            sent(count);
            inside -= count;
        }
    }
    match to.shutdown(Shutdown::Write) {
        // The other direction has ended before.
        Err(error) if error.kind() != ErrorKind::NotConnected => Err(error),
        _ => Ok(()),
    }
}
