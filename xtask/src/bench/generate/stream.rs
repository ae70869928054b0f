//! One TCP connection that carries as much as it can, or so many bytes a second.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::{count_received, count_sent, pace::Pace};

/// What one call sends.
const CHUNK_BYTES: usize = 128 * 1024;

pub(super) fn serve(address: &str) -> io::Result<impl FnMut() -> io::Result<Option<f64>>> {
    let listener = TcpListener::bind(address)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || take(stream));
        }
    });
    Ok(|| Ok(None))
}

fn take(mut stream: TcpStream) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match stream.read(&mut chunk)? {
            0 => return Ok(()),
            received => count_received(received),
        }
    }
}

pub(super) struct Client {
    stream: TcpStream,
    chunk: Vec<u8>,
}

impl Client {
    pub(super) fn connect(address: &str) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(address)?, chunk: vec![b'.'; CHUNK_BYTES] })
    }

    pub(super) fn send(&mut self, span: Duration, bytes_per_s: Option<f64>) -> io::Result<()> {
        if let Some(bytes_per_s) = bytes_per_s {
            let mut pace = Pace::new(span, bytes_per_s / CHUNK_BYTES as f64);
            while let Some(due) = pace.due() {
                (0..due as u64).try_for_each(|_| self.send_chunk())?;
            }
            return Ok(());
        }
        let end = Instant::now() + span;
        while Instant::now() < end {
            self.send_chunk()?;
        }
        Ok(())
    }

    fn send_chunk(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.chunk)?;
        count_sent(self.chunk.len());
        Ok(())
    }
}
