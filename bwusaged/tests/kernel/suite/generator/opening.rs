//! Connections that begin in another way than with an empty SYN and its answer, or that never begin.

use std::{
    fs,
    io::{self, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Instant,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SendFlags, SocketFlags, SocketType, connect, sendto, socket, socket_with},
};

use super::{number, option, say_listening, say_rate, sent, tcp, until_input_ends};

const QUESTION: [u8; 1000] = [b'?'; 1000];
const ANSWER: [u8; 1000] = [b'!'; 1000];
/// From `enum tcp_info_option`: the peer took what was in the SYN.
const SYN_DATA_TAKEN: u8 = 32;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-fast-open", address] => serve_fast_open(address)?,
        ["fetch-fast-open", address, times] => fetch_fast_open(address, number(times)?)?,
        ["fetch-fast", address, times] => fetch_fast(address, number(times)?)?,
        ["knock", address, times] => knock(address, number(times)?)?,
        ["call-nobody", address, times] => call_nobody(address, number(times)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

pub(in crate::suite) fn has_fast_open() -> bool {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None);
    socket.is_ok_and(|socket| {
        option::set(&socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, &1_i32.to_ne_bytes()).is_ok()
    })
}

/// Takes questions that come in the SYN, and answers before the handshake is complete.
fn serve_fast_open(address: &str) -> io::Result<()> {
    // For clients and servers; of this network namespace only.
    fs::write("/proc/sys/net/ipv4/tcp_fastopen", "3")?;
    let listener = TcpListener::bind(address)?;
    option::set(&listener, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, &128_i32.to_ne_bytes())?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        for stream in listener.incoming() {
            let mut stream = tcp::Counted(stream?);
            stream.read_exact(&mut QUESTION.clone())?;
            stream.write_all(&ANSWER)?;
            io::copy(&mut stream, &mut io::sink())?;
        }
        Ok(())
    });
    until_input_ends()
}

fn fetch_fast_open(address: &str, times: u64) -> io::Result<()> {
    let server: SocketAddr = address.parse().map_err(io::Error::other)?;
    let fast_open = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.cast_unsigned());
    let mut fast = 0;
    for _ in 0..times {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        sent(sendto(&socket, &QUESTION, fast_open, &server)?);
        let mut stream = tcp::Counted(TcpStream::from(socket));
        stream.read_exact(&mut ANSWER.clone())?;
        let mut info = [0; 8];
        option::get(&stream.0, libc::IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
        // struct tcp_info: state, ca_state, retransmits, probes, backoff, options.
        fast += u64::from(info[5] & SYN_DATA_TAKEN != 0);
    }
    // The first one has to fetch the cookie.
    assert_eq!(fast, times - 1, "opened fast");
    Ok(())
}

/// As many connections as one process can make, one after the other in each of a few threads.
fn fetch_fast(address: &str, times: u64) -> io::Result<()> {
    const THREADS: u64 = 4;
    let start = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| super::lives::fetch_and_close(address, times / THREADS)))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread"))
    })?;
    say_rate(times as f64 / start.elapsed().as_secs_f64())
}

/// At a port where nobody listens.
fn knock(address: &str, times: u64) -> io::Result<()> {
    for _ in 0..times {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(io::Error::other("somebody listens")),
        }
    }
    Ok(())
}

/// Asks a host that never answers, and gives up at once.
fn call_nobody(address: &str, times: u64) -> io::Result<()> {
    let server: SocketAddr = address.parse().map_err(io::Error::other)?;
    for _ in 0..times {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::NONBLOCK, None)?;
        assert_eq!(connect(&socket, &server), Err(Errno::INPROGRESS));
    }
    Ok(())
}
