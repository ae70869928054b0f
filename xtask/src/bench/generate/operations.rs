//! One thread that holds both ends, pinned to one processor: what one operation costs, with the kernel's work for it and
//! nothing else in it.
//!
//! The thread's own processor time is read around chunks of a few milliseconds. Other work on the machine disturbs some
//! chunks and never makes one cheaper, so the tenth percentile of the chunks is what repeats.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use rustix::{
    net::sockopt::{set_socket_linger, set_socket_recv_buffer_size, set_socket_send_buffer_size},
    thread::{CpuSet, sched_setaffinity},
    time::ClockId,
};

use super::{count_operation, cpu_ns};
use crate::bench::stats::quantile;

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// 128 kB sent and received on a TCP connection.
    Stream,
    /// 64 B there and back on a TCP connection.
    Rr,
    /// A TCP connection made, 64 B each way, reset.
    Churn,
    /// A datagram of 64 B sent and received.
    Udp,
}

/// Long enough for the clock, short enough to lie between two disturbances.
const CHUNK_NS: u64 = 4_000_000;
const CALIBRATION: u64 = 50;
/// The part of the chunks that counts as undisturbed.
const QUIET: f64 = 0.1;

const STREAM_BYTES: usize = 128 * 1024;
const SMALL: [u8; 64] = [b'.'; 64];

impl Operation {
    pub(in crate::bench) const ALL: [Self; 4] = [Self::Stream, Self::Rr, Self::Churn, Self::Udp];

    /// As the generator's command line has it.
    pub(in crate::bench) const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Rr => "rr",
            Self::Churn => "churn",
            Self::Udp => "udp",
        }
    }

    /// As a column of a table.
    pub(in crate::bench) const fn describe(self) -> &'static str {
        match self {
            Self::Stream => "128 kB of a stream",
            Self::Rr => "64 B there and back",
            Self::Churn => "a connection",
            Self::Udp => "a datagram of 64 B",
        }
    }

    /// Opens both ends. The closure does it once.
    pub(super) fn prepare(self) -> io::Result<Box<dyn FnMut() -> io::Result<()>>> {
        pin()?;
        Ok(match self {
            Self::Stream => {
                let (mut near, mut far) = connected()?;
                // Both ends are one thread: what is sent must fit in between.
                set_socket_send_buffer_size(&near, 2 * STREAM_BYTES)?;
                set_socket_recv_buffer_size(&far, 2 * STREAM_BYTES)?;
                let mut chunk = vec![b'.'; STREAM_BYTES];
                Box::new(move || {
                    near.write_all(&chunk)?;
                    far.read_exact(&mut chunk)
                })
            }
            Self::Rr => {
                let (mut near, mut far) = connected()?;
                Box::new(move || exchange(&mut near, &mut far))
            }
            Self::Churn => {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let address = listener.local_addr()?;
                Box::new(move || {
                    let mut near = TcpStream::connect(address)?;
                    let mut far = listener.accept()?.0;
                    exchange(&mut near, &mut far)?;
                    // A reset leaves nothing behind: else the ports would run out.
                    Ok(set_socket_linger(&near, Some(Duration::ZERO))?)
                })
            }
            Self::Udp => {
                let (near, far) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
                near.connect(far.local_addr()?)?;
                Box::new(move || {
                    near.send(&SMALL)?;
                    far.recv(&mut [0; SMALL.len()]).map(drop)
                })
            }
        })
    }
}

/// Always the same processor: the last, as the first one has most of the interrupts.
fn pin() -> io::Result<()> {
    let mut one = CpuSet::new();
    one.set(thread::available_parallelism()?.get() - 1);
    Ok(sched_setaffinity(None, &one)?)
}

fn connected() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let far = listener.accept()?.0;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}

fn exchange(near: &mut TcpStream, far: &mut TcpStream) -> io::Result<()> {
    let mut buffer = SMALL;
    near.write_all(&SMALL)?;
    far.read_exact(&mut buffer)?;
    far.write_all(&SMALL)?;
    near.read_exact(&mut buffer)
}

/// Nanoseconds of processor time of one operation, undisturbed.
pub(super) fn time(operation: &mut dyn FnMut() -> io::Result<()>, span: Duration) -> io::Result<f64> {
    let end = Instant::now() + span;
    let calibrated = chunk(operation, CALIBRATION)?;
    let repeats = (CHUNK_NS as f64 / calibrated).ceil() as u64;
    let mut chunks = Vec::new();
    while chunks.is_empty() || Instant::now() < end {
        chunks.push(chunk(operation, repeats)?);
    }
    Ok(quantile(&chunks, QUIET))
}

fn chunk(operation: &mut dyn FnMut() -> io::Result<()>, repeats: u64) -> io::Result<f64> {
    let start = cpu_ns(ClockId::ThreadCPUTime);
    for _ in 0..repeats {
        operation()?;
        count_operation();
    }
    Ok((cpu_ns(ClockId::ThreadCPUTime) - start) as f64 / repeats as f64)
}
