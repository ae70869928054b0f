//! Downloads and uploads: a client asks with one byte for the direction and eight for how many bytes.

use std::{
    fs::File,
    io::{self, Read, Seek as _, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use super::{pause, received, say_listening, sent, until_input_ends};

pub(super) const DOWN: u8 = 0;
pub(super) const UP: u8 = 1;

/// A stream that counts.
pub(super) struct Counted(pub(super) TcpStream);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        received(count);
        Ok(count)
    }
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.0.write(buffer)?;
        sent(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves until the input ends.
pub(super) fn serve(address: &str) -> io::Result<()> {
    serve_listener(TcpListener::bind(address)?)
}

/// Serves each client in its own way, until the input ends.
pub(super) fn serve_by(address: &str, way: fn(TcpStream) -> io::Result<()>) -> io::Result<()> {
    serve_listener_by(TcpListener::bind(address)?, way)
}

pub(super) fn serve_listener(listener: TcpListener) -> io::Result<()> {
    serve_listener_by(listener, serve_stream)
}

fn serve_listener_by(listener: TcpListener, way: fn(TcpStream) -> io::Result<()>) -> io::Result<()> {
    say_listening(listener.local_addr()?)?;
    let serving = Arc::new(Mutex::new(Vec::new()));
    let started = Arc::clone(&serving);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let thread = thread::spawn(move || way(stream));
            started.lock().expect("no thread panics with it").push(thread);
        }
    });
    until_input_ends()?;
    // A client may have the last byte before the call that sent it has returned and was counted.
    let serving = std::mem::take(&mut *serving.lock().expect("no thread panics with it"));
    for thread in serving {
        // One that ended badly has counted what it moved.
        let _ = thread.join();
    }
    Ok(())
}

/// Serves one client to its end.
pub(super) fn serve_stream(stream: TcpStream) -> io::Result<()> {
    let mut stream = Counted(stream);
    let mut request = [0; 9];
    stream.read_exact(&mut request)?;
    let (direction, length) = request.split_at(1);
    let bytes = u64::from_le_bytes(length.try_into().expect("eight bytes"));
    if direction == [DOWN] {
        io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    } else {
        io::copy(&mut (&mut stream).take(bytes), &mut io::sink())?;
        stream.write_all(b"!")?;
    }
    // Until the client is done with it: whoever closes first would keep the connection's last packets.
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}

pub(super) fn ask(address: &str, direction: u8, bytes: u64) -> io::Result<Counted> {
    ask_over(TcpStream::connect(address)?, direction, bytes)
}

pub(super) fn ask_over(stream: TcpStream, direction: u8, bytes: u64) -> io::Result<Counted> {
    let mut stream = Counted(stream);
    let mut request = [direction, 0, 0, 0, 0, 0, 0, 0, 0];
    request[1..].copy_from_slice(&bytes.to_le_bytes());
    stream.write_all(&request)?;
    Ok(stream)
}

pub(super) fn download(address: &str, bytes: u64, pause_after: u64) -> io::Result<()> {
    let mut stream = ask(address, DOWN, bytes)?;
    let first = io::copy(&mut (&mut stream).take(bytes.min(pause_after)), &mut io::sink())?;
    if first < bytes {
        pause()?;
        io::copy(&mut (&mut stream).take(bytes - first), &mut io::sink())?;
    }
    Ok(())
}

/// Looks at everything before it takes it, and tries to read where there is nothing: neither receives a byte.
pub(super) fn download_peeking(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = ask(address, DOWN, bytes)?;
    let mut buffer = vec![0; 16_384];
    let mut left = bytes as usize;
    while left > 0 {
        let seen = stream.0.peek(&mut buffer)?;
        stream.read_exact(&mut buffer[..seen])?;
        left -= seen;
    }
    stream.0.set_nonblocking(true)?;
    for _ in 0..100 {
        let error = stream.read(&mut buffer).expect_err("nothing is left to read");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
    Ok(())
}

/// Takes the bytes without ever seeing them: from a socket into a pipe, the standard library uses splice(2).
pub(super) fn download_splicing(address: &str, bytes: u64) -> io::Result<()> {
    let stream = ask(address, DOWN, bytes)?.0;
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let mut pipe = cat.stdin.take().expect("piped");
    received(io::copy(&mut stream.take(bytes), &mut pipe)? as usize);
    drop(pipe);
    cat.wait()?;
    Ok(())
}

pub(super) fn upload(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = ask(address, UP, bytes)?;
    io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    stream.read_exact(&mut [0])
}

/// Sends the bytes without ever seeing them: from a file into a socket, the standard library uses sendfile(2).
pub(super) fn upload_file(address: &str, bytes: u64) -> io::Result<()> {
    let mut file: File = tempfile::tempfile()?;
    file.set_len(bytes)?;
    file.rewind()?;
    let mut stream = ask(address, UP, bytes)?;
    sent(io::copy(&mut file, &mut stream.0)? as usize);
    stream.read_exact(&mut [0])
}
