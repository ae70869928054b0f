//! More processes than a table has room for, one short life after the other, and more sockets than a process usually has.

use std::{
    ffi::{c_int, c_void},
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{number, option, pause, received, say, say_listening, say_rate, sent, tcp, until_input_ends};

/// As many as a process may have everywhere: more than it is to hold.
const FILES: u64 = 20_000;
/// What a child needs for two calls.
const STACK_BYTES: usize = 64 * 1024;
/// So many processes are started in a row before the clock is looked at.
const ROW: u64 = 50;
/// The sink has room for every datagram that comes before it is scheduled again.
const SINK_BUFFER_BYTES: i32 = 64 << 20;

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["sink", address] => sink(address)?,
        ["crowd", address, count, size, per_second] => {
            crowd(address, number(count)?, number(size)? as usize, number(per_second)?)?;
        }
        ["serve-many", address, connections] => serve_many(address, number(connections)?)?,
        ["connect-many", server, connections, bytes] => {
            connect_many(server, number(connections)?, number(bytes)? as usize)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Receives, and answers nothing.
fn sink(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    option::set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &SINK_BUFFER_BYTES.to_ne_bytes())?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = vec![0; 65_536];
        loop {
            received(socket.recv(&mut buffer)?);
        }
    });
    until_input_ends()
}

/// What every child sends, and where to.
struct Message {
    to: libc::sockaddr_in,
    bytes: Vec<u8>,
}

/// `count` processes, at most `per_second` of them, that each open a socket, send one datagram and end.
fn crowd(address: &str, count: u64, size: usize, per_second: u64) -> io::Result<()> {
    let address: SocketAddrV4 = address.parse().map_err(io::Error::other)?;
    let to = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
        sin_zero: [0; 8],
    };
    let mut message = Message { to, bytes: vec![b'.'; size] };
    let mut stack = vec![0_u128; STACK_BYTES / size_of::<u128>()];
    let begun = Instant::now();
    for number in 0..count {
        live(&mut message, &mut stack)?;
        sent(size);
        if number.is_multiple_of(ROW) {
            let due = Duration::from_micros(number * 1_000_000 / per_second);
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
    let took = begun.elapsed();
    say_rate(count as f64 / took.as_secs_f64())
}

/// One life. The child borrows our memory while we wait for its end, as after vfork(2): copying it would take longer than
/// all else.
fn live(message: &mut Message, stack: &mut [u128]) -> io::Result<()> {
    let top = stack.as_mut_ptr_range().end;
    // SAFETY: `top` is the aligned end of memory that nobody else uses; the child only reads `message`, and this thread, which
    // lends both, goes on only when the child has ended.
    let child = unsafe {
        libc::clone(
            send_and_exit,
            top.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            std::ptr::from_mut(message).cast(),
        )
    };
    let mut status = 0;
    // SAFETY: `status` is writable.
    if child < 0 || unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        return Err(io::Error::last_os_error());
    }
    if status == 0 { Ok(()) } else { Err(io::Error::other("a process could not send its datagram")) }
}

/// The child: no allocation, no lock, nothing but system calls.
extern "C" fn send_and_exit(message: *mut c_void) -> c_int {
    // SAFETY: `live` lends it until this process has ended.
    let message = unsafe { &*message.cast::<Message>() };
    // SAFETY: the pointers and lengths are those of `message`; the descriptor is closed by the end of the process.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        let length = libc::sendto(
            socket,
            message.bytes.as_ptr().cast(),
            message.bytes.len(),
            0,
            (&raw const message.to).cast(),
            size_of::<libc::sockaddr_in>() as libc::socklen_t,
        );
        libc::_exit(c_int::from(length.cast_unsigned() != message.bytes.len()));
    }
}

fn allow_many_files() -> io::Result<()> {
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum: Some(FILES) })?)
}

/// Takes `connections`, reads each to where its client pauses, and keeps them all.
fn serve_many(address: &str, connections: u64) -> io::Result<()> {
    allow_many_files()?;
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut held = Vec::new();
        for _ in 0..connections {
            let mut stream = tcp::Counted(listener.accept()?.0);
            let mut length = [0; 8];
            stream.read_exact(&mut length)?;
            stream.read_exact(&mut vec![0; u64::from_be_bytes(length) as usize - length.len()])?;
            held.push(stream);
        }
        // Everything has arrived; the clients close first.
        say("holding")?;
        for mut stream in held {
            io::copy(&mut stream, &mut io::sink())?;
        }
        say("closed")
    });
    until_input_ends()
}

/// Opens `connections`, sends `bytes` over each, and holds them until it is told to go on.
fn connect_many(server: &str, connections: u64, bytes: usize) -> io::Result<()> {
    allow_many_files()?;
    let mut message = (bytes as u64).to_be_bytes().to_vec();
    message.resize(bytes, b'.');
    let mut held = Vec::with_capacity(connections as usize);
    for _ in 0..connections {
        let mut stream = tcp::Counted(TcpStream::connect(server)?);
        stream.write_all(&message)?;
        held.push(stream);
    }
    pause()?;
    // Both ends of each connection are there when its last packet goes: none is left to what remains of a socket.
    held.iter().try_for_each(|stream| stream.0.shutdown(Shutdown::Write))?;
    held.into_iter().try_for_each(|mut stream| io::copy(&mut stream, &mut io::sink()).map(drop))
}
