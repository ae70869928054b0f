//! As many bytes as the machine moves, for as long as the other side takes them.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use super::{received, say_listening, sent, until_input_ends};

/// Few calls, so that the kernel has the processor to itself.
const CHUNK: usize = 256 * 1024;

pub(super) fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut stream = listener.accept()?.0;
        let chunk = vec![b'.'; CHUNK];
        loop {
            sent(stream.write(&chunk)?);
        }
    });
    until_input_ends()
}

/// Takes everything until the test ends this process.
pub(super) fn take(address: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        received(stream.read(&mut chunk)?);
    }
}
