//! Many short TCP connections: a question, an answer, the end.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use super::{count_operation, count_received, count_sent, pace::Pace};

/// Question and answer, each.
const PAYLOAD: [u8; 64] = [b'.'; 64];

pub(super) fn serve(address: &str) -> io::Result<impl FnMut() -> io::Result<Option<f64>>> {
    let listener = TcpListener::bind(address)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // One that broke off is missing from the count of the other side too.
            let _ = answer(stream);
        }
    });
    Ok(|| Ok(None))
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    take(&mut stream)?;
    give(&mut stream)?;
    count_operation();
    Ok(())
}

pub(super) fn make(address: &str, span: Duration, per_s: f64) -> io::Result<()> {
    let mut pace = Pace::new(span, per_s);
    while let Some(due) = pace.due() {
        for _ in 0..due as u64 {
            let mut stream = TcpStream::connect(address)?;
            give(&mut stream)?;
            take(&mut stream)?;
            count_operation();
        }
    }
    Ok(())
}

fn give(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&PAYLOAD)?;
    count_sent(PAYLOAD.len());
    Ok(())
}

fn take(stream: &mut TcpStream) -> io::Result<()> {
    let mut payload = PAYLOAD;
    stream.read_exact(&mut payload)?;
    count_received(payload.len());
    Ok(())
}
