//! The processes that make traffic: this program once more, behind a word that help does not show.
//!
//! Each says `ready`, does its work once for every line of input, and answers each with an [`Outcome`] as a line of JSON. It
//! ends when its input does, so that tools can still look up who it is.

mod connections;
mod datagrams;
mod held;
mod operations;
mod pace;
mod stream;

use std::{
    io::{self, BufRead as _, Write as _},
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

pub(super) use operations::Operation;

/// The word.
pub(super) const VERB: &str = "bench-generate";

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    ServeStream { address: String },
    Stream { address: String, seconds: f64, bytes_per_s: Option<f64> },
    ServeDatagrams { address: String },
    Datagrams { address: String, seconds: f64, per_s: f64 },
    ServeConnections { address: String },
    Connections { address: String, seconds: f64, per_s: f64 },
    ServeHeld { address: String },
    Hold { address: String, processes: u32, connections: u32 },
    HoldSome { address: String, connections: u32 },
    Operations { operation: Operation, seconds: f64 },
}

/// What a generator did since it was ready.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Payload.
    pub(super) sent_bytes: u64,
    /// Payload.
    pub(super) received_bytes: u64,
    /// Calls, datagrams or connections.
    pub(super) operations: u64,
    /// Of the work that this line asked for.
    pub(super) elapsed_ns: u64,
    /// Of the whole process, the kernel's work for it included.
    pub(super) cpu_ns: u64,
    /// Where operations are timed in chunks: processor time of one, in the tenth of the chunks that was disturbed least.
    pub(super) quiet_ns_per_operation: Option<f64>,
}

static SENT: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);
static OPERATIONS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    match &options.work {
        Work::ServeStream { address } => answer_with(stream::serve(address)?)?,
        Work::Stream { address, seconds, bytes_per_s } => {
            let mut client = stream::Client::connect(address)?;
            answer_with(|| client.send(span(*seconds), *bytes_per_s).map(|()| None))?;
        }
        Work::ServeDatagrams { address } => answer_with(datagrams::serve(address)?)?,
        Work::Datagrams { address, seconds, per_s } => {
            answer_with(|| datagrams::send(address, span(*seconds), *per_s).map(|()| None))?;
        }
        Work::ServeConnections { address } => answer_with(connections::serve(address)?)?,
        Work::Connections { address, seconds, per_s } => {
            answer_with(|| connections::make(address, span(*seconds), *per_s).map(|()| None))?;
        }
        Work::ServeHeld { address } => answer_with(held::serve(address)?)?,
        Work::Hold { address, processes, connections } => {
            let _held = held::hold(address, *processes, *connections)?;
            answer_with(|| Ok(None))?;
        }
        Work::HoldSome { address, connections } => {
            let _held = held::hold_some(address, *connections)?;
            answer_with(|| Ok(None))?;
        }
        Work::Operations { operation, seconds } => {
            let mut pair = operation.prepare()?;
            answer_with(|| operations::time(&mut *pair, span(*seconds)).map(Some))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn span(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Does `work` at each line of input until there are no more.
fn answer_with(mut work: impl FnMut() -> io::Result<Option<f64>>) -> Result<()> {
    let start_cpu = cpu_ns(ClockId::ProcessCPUTime);
    writeln!(io::stdout(), "ready")?;
    for line in io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let quiet_ns_per_operation = work().context("the traffic broke off")?;
        let outcome = Outcome {
            sent_bytes: SENT.load(Ordering::SeqCst),
            received_bytes: RECEIVED.load(Ordering::SeqCst),
            operations: OPERATIONS.load(Ordering::SeqCst),
            elapsed_ns: u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            cpu_ns: cpu_ns(ClockId::ProcessCPUTime) - start_cpu,
            quiet_ns_per_operation,
        };
        writeln!(io::stdout(), "{}", serde_json::to_string(&outcome)?)?;
    }
    Ok(())
}

/// Processor time by `clock`, which is that of the process or of the thread.
fn cpu_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or_default()
}

fn count_sent(bytes: usize) {
    SENT.fetch_add(bytes as u64, Ordering::Relaxed);
}

fn count_received(bytes: usize) {
    RECEIVED.fetch_add(bytes as u64, Ordering::Relaxed);
}

fn count_operation() {
    OPERATIONS.fetch_add(1, Ordering::Relaxed);
}
