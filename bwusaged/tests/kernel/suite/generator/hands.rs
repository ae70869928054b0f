//! Sockets that another process uses than the one that made them.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut, Read as _, Write as _},
    mem::MaybeUninit,
    net::{SocketAddr, TcpListener, TcpStream},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketType, bind, listen, recvmsg, sendmsg, socket, sockopt,
};

use super::{number, other, received, say_listening, say_lived, sent, tcp, until_input_ends};

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["prefork", address, workers, name] => prefork(address, number(workers)?, name)?,
        ["fork", address, clients] => fork_per_connection(address, number(clients)?)?,
        ["serve-reuseport", address] => tcp::serve_listener(reuseport(address)?)?,
        ["dispatch-rights", address, clients, name] => dispatch(address, number(clients)?, name)?,
        ["upload-by-child", address, bytes, call, name] => upload_by_child(address, bytes, call, name)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// What those do that are started by the ones above.
pub(super) fn child(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["accept-inherited"] => accept_inherited()?,
        ["serve-passed"] => serve_passed()?,
        ["upload-inherited", bytes, call] => upload_inherited(number(bytes)?, number(call)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Workers that all accept on the one listener.
fn prefork(address: &str, workers: u64, name: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let start = |_| other(name, &["accept-inherited"])?.stdin(OwnedFd::from(listener.try_clone()?)).spawn();
    let workers = (0..workers).map(start).collect::<io::Result<Vec<_>>>()?;
    say_listening(listener.local_addr()?)?;
    for mut worker in workers {
        worker.wait()?;
    }
    until_input_ends()
}

/// Each worker serves two clients, so that who is quick cannot take all of them.
fn accept_inherited() -> io::Result<()> {
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    for _ in 0..2 {
        tcp::serve_stream(listener.accept()?.0)?;
    }
    Ok(())
}

/// The oldest kind of server: accept, fork, serve in the child.
fn fork_per_connection(address: &str, clients: u64) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    for _ in 0..clients {
        let stream = listener.accept()?.0;
        // SAFETY: this process has one thread, so the child finds no lock held by another.
        match unsafe { libc::fork() } {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                tcp::serve_stream(stream)?;
                say_lived()?;
                std::process::exit(0);
            }
            _ => {}
        }
    }
    for _ in 0..clients {
        // SAFETY: the status is not asked for.
        unsafe { libc::wait(std::ptr::null_mut()) };
    }
    until_input_ends()
}

fn reuseport(address: &str) -> io::Result<TcpListener> {
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    sockopt::set_socket_reuseport(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, 128)?;
    Ok(TcpListener::from(socket))
}

/// Accepts, and passes what it accepted to a worker that has been running all the time.
fn dispatch(address: &str, clients: u64, name: &str) -> io::Result<()> {
    let (own, theirs) = UnixStream::pair()?;
    let listener = TcpListener::bind(address)?;
    let mut worker = other(name, &["serve-passed"])?.stdin(OwnedFd::from(theirs)).spawn()?;
    say_listening(listener.local_addr()?)?;
    for _ in 0..clients {
        let stream = listener.accept()?.0;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let passed = [stream.as_fd()];
        assert!(control.push(SendAncillaryMessage::ScmRights(&passed)), "there is room for one");
        sendmsg(&own, &[IoSlice::new(b"!")], &mut control, SendFlags::empty())?;
    }
    drop(own);
    worker.wait()?;
    until_input_ends()
}

fn serve_passed() -> io::Result<()> {
    let dispatcher = io::stdin().as_fd().try_clone_to_owned()?;
    let mut streams = VecDeque::new();
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        recvmsg(&dispatcher, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::empty())?;
        let before = streams.len();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                streams.extend(fds.map(TcpStream::from));
            }
        }
        if streams.len() == before {
            break;
        }
    }
    for stream in streams {
        tcp::serve_stream(stream)?;
    }
    Ok(())
}

/// Connects, and lets a child do everything else.
fn upload_by_child(address: &str, bytes: &str, call: &str, name: &str) -> io::Result<()> {
    let stream = TcpStream::connect(address)?;
    let mut child = other(name, &["upload-inherited", bytes, call])?.stdin(OwnedFd::from(stream)).spawn()?;
    child.wait()?;
    until_input_ends()
}

/// Uploads in calls of `call` bytes.
fn upload_inherited(bytes: u64, call: u64) -> io::Result<()> {
    let stream = TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut message = vec![tcp::UP];
    message.extend(bytes.to_le_bytes());
    message.resize(message.len() + bytes as usize, b'.');
    let mut left = message.as_slice();
    while !left.is_empty() {
        let count = (&stream).write(&left[..left.len().min(call as usize)])?;
        sent(count);
        left = &left[count..];
    }
    let mut answer = [0];
    (&stream).read_exact(&mut answer)?;
    received(1);
    Ok(())
}
