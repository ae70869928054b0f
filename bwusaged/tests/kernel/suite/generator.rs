//! The process that makes traffic, and counts its own bytes.
//!
//! `PROGRAM generate WHAT ARGUMENT...`. It talks with the test over its standard streams, a line at a time:
//!
//! - `listening ADDRESS`,
//! - `paused SENT RECEIVED`: goes on after a line of input,
//! - `lived PID SENT RECEIVED`: a process that it started has ended,
//! - `rate NUMBER`: so many connections a second,
//! - `done SENT RECEIVED`: ends when its input does, so that it is still there when the table is looked at.

use std::{
    env, fs,
    io::{self, BufRead as _, Write as _},
    net::SocketAddr,
    process::{self, Command, ExitCode, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

mod bound;
mod calls;
mod crowd;
mod datagrams;
mod dns;
mod echo;
mod family;
mod flags;
mod flood;
mod groups;
mod hands;
pub(super) mod held;
mod ktls;
mod lives;
mod opening;
mod option;
mod packets;
mod protocols;
mod proxy;
mod quic;
mod tcp;
mod tun;
mod udp;
mod uring;
pub(super) use datagrams::has_udp_gro;
pub(super) use ktls::offered as has_ktls;
pub(super) use lives::BEAT_BYTES;
pub(super) use opening::has_fast_open;
pub(super) use protocols::{has_dccp, has_mptcp, has_sctp, has_udplite};
pub(super) use udp::BURST as UDP_BURST;
pub(super) use uring::offered as has_uring;

/// The word that makes this program a generator.
pub(super) const VERB: &str = "generate";

static SENT: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Acts as a generator where the command line says so.
pub(super) fn main() -> Option<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().map(String::as_str) != Some(VERB) {
        return None;
    }
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    Some(match generate(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{words:?}: {error}");
            ExitCode::FAILURE
        }
    })
}

fn generate(words: &[&str]) -> io::Result<()> {
    if hands::child(words)? || lives::child(words)? || bound::child(words)? {
        return say_lived();
    }
    match *words {
        ["serve-tcp", address] => tcp::serve(address)?,
        ["serve-inherited"] => return family::serve_inherited(),
        ["dispatch", address, program] => family::dispatch(address, program)?,
        ["download", address, bytes] => tcp::download(address, number(bytes)?, u64::MAX)?,
        ["download", address, bytes, "pause-after", pause] => {
            tcp::download(address, number(bytes)?, number(pause)?)?;
        }
        ["download-peeking", address, bytes] => tcp::download_peeking(address, number(bytes)?)?,
        ["download-splicing", address, bytes] => tcp::download_splicing(address, number(bytes)?)?,
        ["upload", address, bytes] => tcp::upload(address, number(bytes)?)?,
        ["upload-file", address, bytes] => tcp::upload_file(address, number(bytes)?)?,
        ["serve-flood", address] => return flood::serve(address),
        ["take-flood", address] => return flood::take(address),
        ["serve-udp", address] => udp::serve(address)?,
        ["send-udp", address, count, size] => udp::send(address, number(count)?, number(size)?)?,
        [_, ..] if hands::generate(words)? || lives::generate(words)? => {}
        [_, ..] if bound::generate(words)? || opening::generate(words)? || flags::generate(words)? => {}
        [_, ..] if quic::generate(words)? || groups::generate(words)? || proxy::generate(words)? => {}
        [_, ..]
            if dns::generate(words)?
                || held::generate(words)?
                || tun::generate(words)?
                || echo::generate(words)?
                || protocols::generate(words)? => {}
        [_, ..] if crowd::generate(words)? => {}
        [_, ..] if calls::generate(words)? || datagrams::generate(words)? || packets::generate(words)? => {}
        ["upload-uring", address, bytes] => uring::upload(address, number(bytes)?)?,
        ["download-uring", address, bytes] => uring::download(address, number(bytes)?)?,
        ["serve-ktls", address] => ktls::serve(address)?,
        ["upload-ktls", address, bytes] => ktls::upload(address, number(bytes)?)?,
        ["swarm", address, count, bytes, program] => family::swarm(address, number(count)?, bytes, program)?,
        ["short", address, bytes, milliseconds] => {
            let end = Instant::now() + Duration::from_millis(number(milliseconds)?);
            tcp::download(address, number(bytes)?, u64::MAX)?;
            thread::sleep(end.saturating_duration_since(Instant::now()));
            return say("done");
        }
        _ => return Err(io::Error::other("unknown words")),
    }
    say("done")?;
    until_input_ends()
}

fn number(word: &str) -> io::Result<u64> {
    word.parse().map_err(io::Error::other)
}

fn say(word: &str) -> io::Result<()> {
    let (sent, received) = (SENT.load(Ordering::SeqCst), RECEIVED.load(Ordering::SeqCst));
    writeln!(io::stdout(), "{word} {sent} {received}")
}

/// How many connections a second there were.
fn say_rate(per_second: f64) -> io::Result<()> {
    writeln!(io::stdout(), "rate {per_second:.0}")
}

fn say_listening(address: SocketAddr) -> io::Result<()> {
    writeln!(io::stdout(), "listening {address}")
}

fn pause() -> io::Result<()> {
    say("paused")?;
    io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// Says what this process moved, where another one is the test's child.
fn say_lived() -> io::Result<()> {
    say(&format!("lived {}", process::id()))
}

/// A generator of its own, called `name`. What it says goes where we say it.
fn other(name: &str, words: &[&str]) -> io::Result<Command> {
    let own = env::current_exe()?;
    let program = own.with_file_name(name);
    if !program.exists() {
        fs::hard_link(own, &program)?;
    }
    let mut command = Command::new(program);
    command.arg(VERB).args(words).stdin(Stdio::null());
    Ok(command)
}

fn until_input_ends() -> io::Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn sent(bytes: usize) {
    SENT.fetch_add(bytes as u64, Ordering::SeqCst);
}

fn received(bytes: usize) {
    RECEIVED.fetch_add(bytes as u64, Ordering::SeqCst);
}
