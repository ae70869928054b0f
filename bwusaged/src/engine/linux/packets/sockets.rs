//! The open sockets of the daemon's network namespace, from the kernel's own list (sock_diag(7)), which needs no privilege.
//! [`dump`] is the wire format, [`table`] the text of what has no such list, both pure; here is the socket to ask.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use bwusage_proto::connection::Protocol;

pub(super) use self::dump::OpenSocket;
use super::flow::UDP_LITE;

mod dump;
mod table;

/// Most sockets that are read of each kind.
const MAX_SOCKETS: usize = 262_144;
/// The kernel sends at most 32 KiB at once.
const DATAGRAM_BYTES: usize = 64 * 1024;
/// What sock_diag is asked for. Raw sockets can speak these too, but they have their own.
const TRANSPORTS: [Protocol; 3] = [Protocol::TCP, Protocol::UDP, UDP_LITE];
/// Under which raw and ping sockets are remembered, whatever they speak. No packet has this number.
const RAW: Protocol = Protocol(255);

/// A socket to ask for sockets. It speaks of the network namespace that it was opened in.
#[derive(Debug)]
pub(super) struct Sockets {
    socket: OwnedFd,
    datagram: Box<[u8]>,
    listed: HashMap<Protocol, Vec<OpenSocket>>,
}

impl Sockets {
    pub(super) fn open() -> io::Result<Self> {
        // Nonblocking: the kernel has written what there is to read before `send`, or the `recv` before, returns.
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_SOCK_DIAG) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        Ok(Self { socket, datagram: vec![0; DATAGRAM_BYTES].into(), listed: HashMap::new() })
    }

    /// All sockets there are, of `protocols` as they are now, of others as they were when they were asked for last.
    ///
    /// # Errors
    ///
    /// The next call begins anew, whatever this one left behind.
    pub(super) fn read(
        &mut self,
        protocols: &HashSet<Protocol>,
    ) -> io::Result<impl Iterator<Item = &OpenSocket>> {
        for kind in TRANSPORTS.into_iter().filter(|kind| protocols.contains(kind)) {
            let mut sockets = Vec::new();
            for family in [libc::AF_INET, libc::AF_INET6] {
                match self.dump(family as u8, kind, &mut sockets) {
                    // A module that a kernel need not have.
                    Err(error) if kind == UDP_LITE => {
                        tracing::trace!(%error, "the sockets of UDP-Lite are not listed");
                    }
                    outcome => outcome?,
                }
            }
            self.listed.insert(kind, sockets);
        }
        if protocols.iter().any(|protocol| !TRANSPORTS.contains(protocol)) {
            self.listed.insert(RAW, raw());
        }
        Ok(self.listed.values().flatten())
    }

    fn dump(&mut self, family: u8, protocol: Protocol, sockets: &mut Vec<OpenSocket>) -> io::Result<()> {
        // A dump that was given up goes on, and while it does the kernel begins no other on this socket.
        while self.receive().is_ok() {}
        self.send(&dump::request(family, protocol))?;
        let before = sockets.len();
        while sockets.len() - before <= MAX_SOCKETS {
            if dump::parse(self.receive()?, protocol, sockets).map_err(io::Error::other)? {
                return Ok(());
            }
        }
        Err(io::Error::other(dump::Error::TooMany { most: MAX_SOCKETS }))
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        // SAFETY: reads as many bytes as the slice has. A socket without a peer speaks to the kernel.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), request.as_ptr().cast(), request.len(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn receive(&mut self) -> io::Result<&[u8]> {
        let Self { socket, datagram, .. } = self;
        // SAFETY: writes at most as many bytes as the slice has. With `MSG_TRUNC` it returns how many there were.
        let length = unsafe {
            libc::recv(socket.as_raw_fd(), datagram.as_mut_ptr().cast(), datagram.len(), libc::MSG_TRUNC)
        };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        datagram.get(..length).ok_or_else(|| io::Error::other(dump::Error::Cut { inside: "a datagram" }))
    }
}

/// A kernel without IPv6, or without ping sockets, lacks the file.
fn raw() -> Vec<OpenSocket> {
    let read = |(file, speaks): (&str, _)| {
        let text = fs::read_to_string(file).unwrap_or_default();
        table::parse(&text, speaks).take(MAX_SOCKETS).collect::<Vec<_>>()
    };
    table::FILES.into_iter().flat_map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream, UdpSocket},
        os::fd::AsFd,
    };

    use super::*;

    fn inode(socket: impl AsFd) -> u32 {
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_fd().as_raw_fd())).unwrap();
        let text = link.to_str().unwrap();
        text.strip_prefix("socket:[").unwrap().strip_suffix(']').unwrap().parse().unwrap()
    }

    #[test]
    fn our_own_sockets_are_listed_with_their_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let datagrams = UdpSocket::bind("[::1]:0").unwrap();
        let mut sockets = Sockets::open().unwrap();
        for _ in 0..2 {
            let protocols = [Protocol::TCP, Protocol::UDP].into();
            let listed: Vec<OpenSocket> = sockets.read(&protocols).unwrap().copied().collect();
            let of = |inode| *listed.iter().find(|socket| socket.inode == inode).unwrap();
            let found = of(inode(&stream));
            assert_eq!(
                (found.local, found.remote),
                (stream.local_addr().unwrap(), stream.peer_addr().unwrap())
            );
            assert!(of(inode(&listener)).is_listening());
            let found = of(inode(&datagrams));
            assert_eq!((found.protocol, found.local), (Protocol::UDP, datagrams.local_addr().unwrap()));
        }
    }
}
