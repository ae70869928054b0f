//! Processes whose life is not plain: many sockets, another name, another network, a short end, the number of a dead one.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    mem,
    net::{Shutdown, TcpListener, TcpStream},
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    process::{self, Command, Stdio},
    sync::atomic::Ordering,
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    thread::{UnshareFlags, unshare_unsafe},
};

use super::{
    RECEIVED, SENT, number, option, other, received, say_listening, sent, tcp, udp, until_input_ends,
};

/// What a beacon sends, and how often.
pub(in crate::suite) const BEAT_BYTES: usize = 200;
const BEAT: Duration = Duration::from_secs(2);
/// More than a socket takes at first, less than it takes when it has grown: most of it is sent after the exit.
const HASTY_BYTES: usize = 500_000;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["download-threads", address, bytes, threads] => {
            download_threads(address, number(bytes)?, number(threads)?)?;
        }
        ["hold", address, connections, bytes] => hold(address, number(connections)?, number(bytes)?)?,
        ["serve-short", address] => serve_short(address)?,
        ["fetch-and-close", address, times] => fetch_and_close(address, number(times)?)?,
        ["fetch-to-end", address, times] => fetch(address, number(times)?, Close::Second)?,
        ["fetch-and-linger", address, times] => fetch(address, number(times)?, Close::Later)?,
        ["serve-nobody", address, clients] => serve_nobody(address, number(clients)?)?,
        ["talk-to-nobody", address, times, bytes] => {
            talk_to_nobody(address, number(times)?, number(bytes)?)?;
        }
        ["drain", address, clients] => drain(address, number(clients)?)?,
        ["exit-early", address, count, name] => exit_early(address, number(count)?, name)?,
        ["exec", address, bytes, name] => exec(address, bytes, name)?,
        ["same-pid", address, bytes, first, second] => same_pid(address, bytes, first, second)?,
        ["leave-behind", name, address, beats] => {
            leave_behind(name, address, beats)?;
            process::exit(0);
        }
        ["unshare", bytes] => unshared(number(bytes)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// What those do that are started by the ones above.
pub(super) fn child(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["write-and-exit", address] => write_and_exit(address)?,
        ["exec-ed", address, bytes, before_sent, before_received] => {
            sent(number(before_sent)? as usize);
            received(number(before_received)? as usize);
            tcp::download(address, number(bytes)?, u64::MAX)?;
        }
        ["beat", address, beats] => beat(address, number(beats)?)?,
        ["live", address, bytes] => tcp::download(address, number(bytes)?, u64::MAX)?,
        ["live-as", pid, address, bytes] => {
            if number(pid)? != u64::from(process::id()) {
                return Err(io::Error::other("another process has the number"));
            }
            tcp::download(address, number(bytes)?, u64::MAX)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn download_threads(address: &str, bytes: u64, count: u64) -> io::Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..count).map(|_| scope.spawn(|| tcp::download(address, bytes, u64::MAX))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread"))
    })
}

/// Opens all connections before it uses the first.
fn hold(address: &str, connections: u64, bytes: u64) -> io::Result<()> {
    let streams =
        (0..connections).map(|_| TcpStream::connect(address)).collect::<io::Result<Vec<TcpStream>>>()?;
    let mut asked = streams
        .into_iter()
        .map(|stream| tcp::ask_over(stream, tcp::DOWN, bytes))
        .collect::<io::Result<Vec<_>>>()?;
    for stream in &mut asked {
        io::copy(&mut stream.take(bytes), &mut io::sink())?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    First,
    /// With the packet that acknowledges the server's close.
    Second,
    /// In a packet after that one.
    Later,
}

const QUESTION: [u8; 100] = [b'?'; 100];
const ANSWER: [u8; 1000] = [b'!'; 1000];

/// Answers one question a connection. Closes after it, unless the client has done so.
fn serve_short(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        for stream in listener.incoming() {
            let mut stream = tcp::Counted(stream?);
            let mut question = QUESTION;
            stream.read_exact(&mut question)?;
            stream.write_all(&ANSWER)?;
            // The first byte says who closes first.
            if question[0] == b'c' {
                io::copy(&mut stream, &mut io::sink())?;
            }
        }
        Ok(())
    });
    until_input_ends()
}

/// Questions, each on a connection of its own that the client closes first.
pub(super) fn fetch_and_close(address: &str, times: u64) -> io::Result<()> {
    fetch(address, times, Close::First)
}

fn fetch(address: &str, times: u64, close: Close) -> io::Result<()> {
    let mut question = QUESTION;
    question[0] = if close == Close::First { b'c' } else { b's' };
    for _ in 0..times {
        let mut stream = tcp::Counted(TcpStream::connect(address)?);
        stream.write_all(&question)?;
        let mut answer = ANSWER;
        stream.read_exact(&mut answer)?;
        if close != Close::First {
            assert_eq!(stream.read(&mut answer)?, 0, "the server closes");
        }
        if close == Close::Later {
            // Sends the acknowledgement that is due.
            option::set(&stream.0, libc::IPPROTO_TCP, libc::TCP_QUICKACK, &1_i32.to_ne_bytes())?;
        }
    }
    Ok(())
}

/// Closes each connection when everything has arrived, without having read any of it.
fn serve_nobody(address: &str, clients: u64) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    for _ in 0..clients {
        let stream = listener.accept()?.0;
        // The client's end of stream comes after its last byte.
        poll(&mut [PollFd::new(&stream, PollFlags::RDHUP)], None)?;
    }
    until_input_ends()
}

fn talk_to_nobody(address: &str, times: u64, bytes: u64) -> io::Result<()> {
    let message = vec![b'.'; bytes as usize];
    for _ in 0..times {
        let mut stream = tcp::Counted(TcpStream::connect(address)?);
        stream.write_all(&message)?;
        stream.0.shutdown(Shutdown::Write)?;
        let ended = stream.read(&mut [0]);
        assert!(ended.is_err(), "unread bytes are answered by a reset, not by {ended:?}");
    }
    Ok(())
}

/// Reads whatever comes, from each client to its end.
fn drain(address: &str, clients: u64) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    for _ in 0..clients {
        let mut stream = tcp::Counted(listener.accept()?.0);
        io::copy(&mut stream, &mut io::sink())?;
    }
    until_input_ends()
}

/// One process after the other that writes and is gone.
fn exit_early(address: &str, count: u64, name: &str) -> io::Result<()> {
    for _ in 0..count {
        other(name, &["write-and-exit", address])?.spawn()?.wait()?;
    }
    until_input_ends()
}

fn write_and_exit(address: &str) -> io::Result<()> {
    let mut stream = tcp::Counted(TcpStream::connect(address)?);
    rustix::net::sockopt::set_socket_send_buffer_size(stream.0.as_fd(), 2 * HASTY_BYTES)?;
    stream.write_all(&vec![b'.'; HASTY_BYTES])?;
    // The end of the process closes it.
    mem::forget(stream);
    Ok(())
}

/// Downloads under the old name, and again under the new one.
fn exec(address: &str, bytes: &str, name: &str) -> io::Result<()> {
    tcp::download(address, number(bytes)?, u64::MAX)?;
    let before = [&SENT, &RECEIVED].map(|count| count.load(Ordering::SeqCst).to_string());
    Err(other(name, &["exec-ed", address, bytes, &before[0], &before[1]])?.exec())
}

/// Two processes that have the same number, one after the other.
fn same_pid(address: &str, bytes: &str, first: &str, second: &str) -> io::Result<()> {
    let mut child = other(first, &["live", address, bytes])?.spawn()?;
    let pid = child.id();
    child.wait()?;
    // Somebody else may take a number in between.
    for _ in 0..100 {
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string())?;
        let mut other = other(second, &["live-as", &pid.to_string(), address, bytes])?;
        if other.spawn()?.wait()?.success() {
            return until_input_ends();
        }
    }
    Err(io::Error::other("the number was never free"))
}

/// Starts what outlives it, without a terminal.
fn leave_behind(name: &str, address: &str, beats: &str) -> io::Result<()> {
    let mut command = other(name, &["beat", address, beats])?;
    command.stdin(Stdio::inherit());
    let leave_terminal = || rustix::process::setsid().map(|_| ()).map_err(Into::into);
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(leave_terminal) };
    command.spawn()?;
    Ok(())
}

/// A few bytes now and then, and nothing ever comes back.
fn beat(address: &str, beats: u64) -> io::Result<()> {
    let socket = udp::client(address)?.0;
    socket.connect(address)?;
    for beat in 0..beats {
        if beat > 0 {
            thread::sleep(BEAT);
        }
        sent(socket.send(&[b'.'; BEAT_BYTES])?);
        if beat == 0 {
            writeln!(io::stdout(), "beating {}", process::id())?;
        }
    }
    super::say("done")?;
    until_input_ends()?;
    process::exit(0);
}

/// A network of its own, in which it sends to itself.
fn unshared(bytes: u64) -> io::Result<()> {
    // SAFETY: only the network namespace is unshared, no file table.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?;
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    assert!(up.success(), "ip: {up}");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let server = thread::spawn(move || tcp::serve_stream(listener.accept()?.0));
    tcp::download(&address, bytes, u64::MAX)?;
    server.join().expect("the server's thread")
}
