//! The interfaces of the daemon's network namespace: what each is, what it stands on, and what it counted. From rtnetlink, which
//! needs no privilege and, unlike `/proc/net/dev`, says what an interface is and which dump did not see one moment.
//!
//! [`dump`] is the wire format and [`kind`] the meaning, both pure; here is the socket.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use bwusage_proto::connection::Moved;

use crate::engine::InterfaceKind;

mod dump;
mod kind;

/// How often the kernel is asked before interfaces that come and go all the time are an error.
const ATTEMPTS: usize = 5;
/// Most interfaces that are read.
const MAX_LINKS: usize = 65_536;
/// The kernel sends at most 32 KiB at once, unless a single interface takes more.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// An interface, as one dump described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number. A later interface never has the same one while this exists.
    pub(super) index: u32,
    /// Its name: text that whoever made the interface chose.
    pub(super) name: String,
    pub(super) kind: InterfaceKind,
    /// Is a bridge, of whatever kind its ports made it.
    pub(super) bridge: bool,
    /// Its frames begin with an Ethernet header of 14 bytes. Not so the loopback: the kernel gives it another type, and its
    /// counters leave that header out.
    pub(super) ethernet: bool,
    /// What it counted since it was made, in the bytes of its driver.
    pub(super) moved: Moved,
    /// The packets that it counted, received and sent.
    pub(super) packets: [u64; 2],
    /// The interface it stands on, such as the device of a VLAN, if that is in this namespace. The peer of a veth stands
    /// beside it, not below.
    pub(super) lower: Option<u32>,
    /// The bridge, bond or VRF it is a port of.
    pub(super) master: Option<u32>,
}

/// A socket to ask for interfaces. It speaks of the network namespace that it was opened in.
#[derive(Debug)]
pub(super) struct Links {
    socket: OwnedFd,
    datagram: Box<[u8]>,
}

impl Links {
    pub(super) fn open() -> io::Result<Self> {
        // Nonblocking: the kernel has written what there is to read before `send`, or the `recv` before, returns.
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        Ok(Self { socket, datagram: vec![0; DATAGRAM_BYTES].into() })
    }

    /// All interfaces there are. Waits while the kernel changes one.
    ///
    /// # Errors
    ///
    /// The next call begins anew, whatever this one left behind.
    pub(super) fn read(&mut self) -> io::Result<Vec<Link>> {
        for _ in 0..ATTEMPTS {
            if let Some(mut links) = self.dump()? {
                kind::settle(&mut links);
                return Ok(links);
            }
        }
        Err(io::Error::other(dump::Error::Changing { attempts: ATTEMPTS }))
    }

    /// One dump; `None` if an interface came or went meanwhile, so that another may be missing or doubled.
    fn dump(&mut self) -> io::Result<Option<Vec<Link>>> {
        // A dump that was given up goes on, and while it does the kernel begins no other on this socket.
        while self.receive().is_ok() {}
        self.send(&dump::request())?;
        let (mut links, mut interrupted) = (Vec::new(), false);
        while links.len() <= MAX_LINKS {
            let part = dump::parse(self.receive()?).map_err(io::Error::other)?;
            links.extend(part.links);
            interrupted |= part.interrupted;
            if part.last {
                return Ok((!interrupted).then_some(links));
            }
        }
        Err(io::Error::other(dump::Error::TooMany { most: MAX_LINKS }))
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        // SAFETY: reads as many bytes as the slice has. A socket without a peer speaks to the kernel.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), request.as_ptr().cast(), request.len(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn receive(&mut self) -> io::Result<&[u8]> {
        let Self { socket, datagram } = self;
        // SAFETY: writes at most as many bytes as the slice has. With `MSG_TRUNC` it returns how many there were.
        let length = unsafe {
            libc::recv(socket.as_raw_fd(), datagram.as_mut_ptr().cast(), datagram.len(), libc::MSG_TRUNC)
        };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        datagram.get(..length).ok_or_else(|| io::Error::other(dump::Error::Cut { inside: "a datagram" }))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, net::UdpSocket};

    use super::*;

    /// Bytes that the loopback received, and sent, according to `/proc`.
    fn loopback_in_proc() -> Moved {
        let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
        let line = table.lines().find_map(|line| line.trim().strip_prefix("lo:")).unwrap();
        let columns: Vec<u64> = line.split_whitespace().map(|column| column.parse().unwrap()).collect();
        Moved { rx_bytes: columns[0], tx_bytes: columns[8] }
    }

    fn loopback(links: &mut Links) -> Link {
        links.read().unwrap().into_iter().find(|link| link.name == "lo").unwrap()
    }

    #[test]
    fn the_loopback_is_there_and_counts_what_proc_says() {
        let mut links = Links::open().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let earlier = loopback(&mut links).moved;
        socket.send_to(&[0; 1000], socket.local_addr().unwrap()).unwrap();
        let before = loopback_in_proc();
        let lo = loopback(&mut links);
        let after = loopback_in_proc();
        assert_eq!((lo.kind, lo.ethernet, lo.lower, lo.master), (InterfaceKind::Loopback, false, None, None));
        assert!(
            (before.rx_bytes..=after.rx_bytes).contains(&lo.moved.rx_bytes),
            "{before:?} {lo:?} {after:?}"
        );
        assert!(
            (before.tx_bytes..=after.tx_bytes).contains(&lo.moved.tx_bytes),
            "{before:?} {lo:?} {after:?}"
        );
        assert!(lo.moved.rx_bytes >= earlier.rx_bytes + 1028, "{earlier:?} {lo:?}");
    }

    #[test]
    fn a_dump_that_was_given_up_does_not_spoil_the_next() {
        let mut links = Links::open().unwrap();
        links.send(&dump::request()).unwrap();
        assert_eq!(loopback(&mut links).kind, InterfaceKind::Loopback);
        let unread = links.receive().unwrap_err();
        assert_eq!(unread.kind(), io::ErrorKind::WouldBlock);
    }
}
