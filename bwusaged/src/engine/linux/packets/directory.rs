//! Which socket a flow belongs to. Pure.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use bwusage_proto::connection::Protocol;

use super::{
    flow::{Flow, UDP_LITE},
    sockets::OpenSocket,
};

/// What a list of sockets says of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It is this socket's.
    Socket(u32),
    /// A socket that listens, and has a new socket for each connection: not accepted yet, or closed already.
    Listener(u32),
}

impl Match {
    pub(super) const fn inode(self) -> u32 {
        match self {
            Self::Socket(inode) | Self::Listener(inode) => inode,
        }
    }
}

/// One list of sockets. Those that no process can have open are left out.
#[derive(Debug, Default)]
pub(super) struct Directory {
    connected: HashMap<(Protocol, SocketAddr, SocketAddr), u32>,
    bound: HashMap<(Protocol, SocketAddr), u32>,
    listening: HashMap<SocketAddr, u32>,
}

impl Directory {
    /// Where several sockets share an address, the last one listed stands for all.
    pub(super) fn new<'a>(sockets: impl IntoIterator<Item = &'a OpenSocket>) -> Self {
        let mut directory = Self::default();
        for &socket in sockets.into_iter().filter(|socket| socket.inode != 0) {
            let OpenSocket { protocol, local, remote, inode, .. } = socket;
            if socket.is_listening() {
                directory.listening.insert(local, inode);
            } else if remote.port() != 0 || !remote.ip().is_unspecified() {
                directory.connected.insert((protocol, local, remote), inode);
            } else {
                directory.bound.insert((protocol, local), inode);
            }
        }
        directory
    }

    /// The socket that has, or would have, taken what came in this flow.
    pub(super) fn find(&self, flow: &Flow) -> Option<Match> {
        let &Flow { protocol, local, remote, .. } = flow;
        let connected = |local, remote| {
            locals(local).find_map(|local| self.connected.get(&(protocol, local, remote)).copied())
        };
        let bound = |local| locals(local).find_map(|local| self.bound.get(&(protocol, local)).copied());
        let listening = || locals(local).find_map(|local| self.listening.get(&local).copied());
        let socket = match protocol {
            Protocol::TCP => connected(local, remote),
            Protocol::UDP | UDP_LITE => connected(local, remote).or_else(|| bound(local)),
            // An echo has a number, as ping sockets have; raw sockets have none.
            _ => {
                let (any_local, any_remote) = (portless(local), portless(remote));
                let pinging = connected(local, any_remote).or_else(|| bound(local));
                pinging.or_else(|| connected(any_local, any_remote)).or_else(|| bound(any_local))
            }
        };
        let listener = || listening().filter(|_| protocol == Protocol::TCP).map(Match::Listener);
        socket.map(Match::Socket).or_else(listener)
    }

    /// All sockets in it.
    pub(super) fn inodes(&self) -> impl Iterator<Item = u32> {
        self.connected.values().chain(self.bound.values()).chain(self.listening.values()).copied()
    }
}

/// The addresses that a socket can have which takes packets for `local`, the most particular first.
fn locals(local: SocketAddr) -> impl Iterator<Item = SocketAddr> {
    let any: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let any = any.into_iter().filter(move |any| any.is_ipv6() || local.is_ipv4());
    std::iter::once(local.ip()).chain(any).map(move |ip| SocketAddr::new(ip, local.port()))
}

const fn portless(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), 0)
}

#[cfg(test)]
mod tests {
    use bwusage_proto::units::Scope;

    use super::*;

    fn socket(protocol: Protocol, local: &str, remote: &str, inode: u32) -> OpenSocket {
        let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
        let state = if protocol == Protocol::TCP && inode >= 100 { 10 } else { 1 };
        OpenSocket { protocol, state, local, remote, inode }
    }

    fn flow(protocol: Protocol, local: &str, remote: &str) -> Flow {
        Flow { protocol, scope: Scope::Lan, local: local.parse().unwrap(), remote: remote.parse().unwrap() }
    }

    #[test]
    fn a_connection_is_found_before_who_listens_at_its_port() {
        let directory = Directory::new(&[
            socket(Protocol::TCP, "0.0.0.0:80", "0.0.0.0:0", 100),
            socket(Protocol::TCP, "10.0.0.1:80", "10.0.0.2:5000", 1),
        ]);
        let find = |remote| directory.find(&flow(Protocol::TCP, "10.0.0.1:80", remote));
        assert_eq!(find("10.0.0.2:5000"), Some(Match::Socket(1)));
        assert_eq!(find("10.0.0.2:5001"), Some(Match::Listener(100)));
        assert_eq!(directory.find(&flow(Protocol::TCP, "10.0.0.1:81", "10.0.0.2:5000")), None);
    }

    #[test]
    fn a_socket_of_both_families_takes_ipv4() {
        let directory = Directory::new(&[socket(Protocol::UDP, "[::]:53", "[::]:0", 1)]);
        assert_eq!(directory.find(&flow(Protocol::UDP, "10.0.0.1:53", "10.0.0.2:9")), Some(Match::Socket(1)));
        let directory = Directory::new(&[socket(Protocol::UDP, "0.0.0.0:53", "0.0.0.0:0", 1)]);
        assert_eq!(directory.find(&flow(Protocol::UDP, "[fd98::1]:53", "[fd98::2]:9")), None);
    }

    #[test]
    fn datagrams_go_to_the_socket_with_that_peer_before_the_one_without() {
        let directory = Directory::new(&[
            socket(Protocol::UDP, "0.0.0.0:53", "0.0.0.0:0", 1),
            socket(Protocol::UDP, "10.0.0.1:53", "10.0.0.2:9", 2),
            socket(Protocol::UDP, "10.0.0.3:53", "0.0.0.0:0", 3),
        ]);
        let find = |local, remote| directory.find(&flow(Protocol::UDP, local, remote)).unwrap().inode();
        assert_eq!(find("10.0.0.1:53", "10.0.0.2:9"), 2);
        assert_eq!(find("10.0.0.1:53", "10.0.0.2:8"), 1);
        assert_eq!(find("10.0.0.3:53", "10.0.0.2:8"), 3);
    }

    #[test]
    fn a_raw_socket_takes_its_protocol_whatever_the_echo_is_called() {
        let directory = Directory::new(&[socket(Protocol::ICMP, "0.0.0.0:0", "0.0.0.0:0", 1)]);
        let echo = flow(Protocol::ICMP, "10.0.0.1:4660", "10.0.0.2:0");
        assert_eq!(directory.find(&echo), Some(Match::Socket(1)));
    }

    #[test]
    fn an_echo_goes_to_the_ping_socket_of_its_number() {
        let directory = Directory::new(&[
            socket(Protocol::ICMP, "0.0.0.0:4660", "0.0.0.0:0", 1),
            socket(Protocol::ICMP, "0.0.0.0:4661", "0.0.0.0:0", 2),
        ]);
        let find = |local| directory.find(&flow(Protocol::ICMP, local, "10.0.0.2:0"));
        assert_eq!(
            (find("10.0.0.1:4660"), find("10.0.0.1:4661")),
            (Some(Match::Socket(1)), Some(Match::Socket(2)))
        );
        assert_eq!(find("10.0.0.1:4662"), None);
    }

    #[test]
    fn a_socket_that_nobody_can_have_open_is_not_found() {
        let directory = Directory::new(&[socket(Protocol::TCP, "10.0.0.1:80", "10.0.0.2:5000", 0)]);
        assert_eq!(directory.find(&flow(Protocol::TCP, "10.0.0.1:80", "10.0.0.2:5000")), None);
        assert_eq!(directory.inodes().count(), 0);
    }
}
