//! Connections: who talks to whom, with bytes, while they are open and after.
//!
//! For each process, open connections, totals by remote host and what was not itemised add up to the process's wire bytes
//! at the moment of the answer.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{
    codec::{Decode, Encode},
    process::{Pid, UserId},
    snapshot::RowId,
};

/// Which connections a client wants to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct ConnectionsQuery {
    /// Only those of this process number.
    pub pid: Option<Pid>,
}

/// One page of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Connections {
    /// When it was read, in milliseconds of Unix time.
    pub taken_at_unix_ms: u64,
    /// Sockets that are open.
    pub open: Vec<Connection>,
    /// What closed sockets, and sockets that talk to many, moved: by remote host.
    pub remotes: Vec<RemoteTotal>,
    /// The processes that these belong to, at the same moment; on the last page only.
    pub processes: Vec<ProcessTotal>,
    /// Connections and remote hosts that this viewer may not see; on the last page only.
    pub hidden: u64,
}

impl Connections {
    /// Adds the page that follows.
    pub fn append(&mut self, mut page: Self) {
        self.taken_at_unix_ms = page.taken_at_unix_ms;
        self.open.append(&mut page.open);
        self.remotes.append(&mut page.remotes);
        self.processes.append(&mut page.processes);
        self.hidden += page.hidden;
    }
}

/// Bytes each way over the wire, from the IP header on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Moved {
    /// Received.
    pub rx_bytes: u64,
    /// Sent.
    pub tx_bytes: u64,
}

impl std::ops::AddAssign for Moved {
    fn add_assign(&mut self, other: Self) {
        self.rx_bytes += other.rx_bytes;
        self.tx_bytes += other.tx_bytes;
    }
}

/// What a socket is doing. Datagram sockets are [`State::Open`] or, with a peer, [`State::Established`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Has a peer.
    Established,
    /// Asks for a connection.
    SynSent,
    /// Is asked for a connection.
    SynReceived,
    /// Closed by us, waits for the peer.
    FinWait1,
    /// Closed by us, and the peer knows.
    FinWait2,
    /// Closed by both, waits for stray packets.
    TimeWait,
    /// Closed, or not connected yet.
    Closed,
    /// Closed by the peer, still open here.
    CloseWait,
    /// Closed by both, the last word is not acknowledged.
    LastAck,
    /// Waits for connections.
    Listen,
    /// Closed by both at once.
    Closing,
    /// Has no peer of its own: takes datagrams of anybody.
    Open,
}

impl State {
    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::SynSent => "syn_sent",
            Self::SynReceived => "syn_received",
            Self::FinWait1 => "fin_wait_1",
            Self::FinWait2 => "fin_wait_2",
            Self::TimeWait => "time_wait",
            Self::Closed => "closed",
            Self::CloseWait => "close_wait",
            Self::LastAck => "last_ack",
            Self::Listen => "listen",
            Self::Closing => "closing",
            Self::Open => "open",
        }
    }
}

/// An IP protocol by its number in the IP header (IANA's list).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP.
    pub const ICMP: Self = Self(1);
    /// TCP, and MPTCP, which looks like it.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP of IPv6.
    pub const ICMPV6: Self = Self(58);
}

/// `tcp`, `udp`, `icmp`, `sctp`; others as `ip-253`.
impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match *self {
            Self::TCP => "tcp",
            Self::UDP => "udp",
            Self::ICMP | Self::ICMPV6 => "icmp",
            Self(132) => "sctp",
            Self(136) => "udplite",
            Self(other) => return write!(f, "ip-{other}"),
        })
    }
}

/// One socket that is open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Connection {
    /// The process that used it last. `None`: nobody has used it since it was accepted.
    pub row: Option<RowId>,
    /// What it speaks.
    pub protocol: Protocol,
    /// Our end.
    pub local: SocketAddr,
    /// The other end. `None` for a socket that listens or talks to many.
    pub remote: Option<SocketAddr>,
    /// Whether the other side began it. `None` for one that is older than the daemon, or has not spoken yet.
    pub inbound: Option<bool>,
    /// What it is doing.
    pub state: State,
    /// The interface of its last packet. `None` in other network namespaces, and while there was none.
    pub interface: Option<String>,
    /// Its beginning, in milliseconds of Unix time. `None` for one that is older than the daemon.
    pub opened_at_unix_ms: Option<u64>,
    /// Bytes of its present owner, since the daemon started.
    pub moved: Moved,
    /// The name that this machine asked for and got the remote address for. Chosen by others: escape it before showing it.
    pub remote_name: Option<String>,
}

/// What one process moved to and from one service of one remote host by sockets that are closed, or that have no peer of their own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RemoteTotal {
    /// The process; `None` when its row was given up.
    pub row: Option<RowId>,
    /// Its application.
    pub app: String,
    /// Its user.
    pub user: Option<UserId>,
    /// What was spoken.
    pub protocol: Protocol,
    /// The other end. `None` for frames that were sent past IP.
    pub remote: Option<IpAddr>,
    /// The port of the service: the remote one of connections that we began, else our own. 0 where there are no ports.
    pub port: u16,
    /// Whether the other side began it.
    pub inbound: bool,
    /// The interface. `None` in other network namespaces.
    pub interface: Option<String>,
    /// Sockets that were closed.
    pub connections: u64,
    /// Bytes each way.
    pub moved: Moved,
    /// The last change, in milliseconds of Unix time.
    pub last_at_unix_ms: u64,
    /// As in [`Connection::remote_name`].
    pub remote_name: Option<String>,
}

/// One process at the moment of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProcessTotal {
    /// The process.
    pub row: RowId,
    /// All its wire bytes since the daemon started.
    pub moved: Moved,
    /// The part that is in no line: remote hosts beyond the bound, sockets whose end was missed.
    pub not_itemised: Moved,
}
