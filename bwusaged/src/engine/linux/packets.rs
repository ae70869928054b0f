//! The engine that needs no BPF: copies of packet headers, put to the sockets that the kernel lists, put to the processes that have
//! these open. What classic tools do, and as blind as they are where a program is gone before anybody looks; what it could not find
//! out is a number of its own.
//!
//! - [`ring`] reads packets, [`decode`] and [`fragments`] say what they are, [`flow`] is what they belong to.
//! - [`sockets`] lists sockets, [`directory`] finds the one of a flow, [`owners`] the process of a socket.
//! - [`book`] adds up; [`stream`] knows what was sent again. [`watch`] is the threads that do all this, [`allowance`] how often they may look.

use std::io;

use bwusage_proto::{
    connection::Protocol,
    snapshot::{Coverage, Hook},
};

use self::{ring::Ring, sockets::Sockets, watch::Watch};
use super::links::Links;
use crate::engine::{Engine, EngineError, Sample};

mod addresses;
mod allowance;
mod book;
mod decode;
mod directory;
mod flow;
mod fragments;
mod owners;
mod ring;
mod sockets;
mod stream;
mod watch;

/// What it does not see.
const BLIND_SPOTS: [&str; 8] = [
    "a program that ends before its sockets were listed has no row: what it moved stands under stale, or under who listens at that port",
    "datagrams of a socket that is closed at once stand under stale",
    "other network namespaces, containers among them, are not counted",
    "a socket that several processes have open is counted under the one that was started last; one that is handed on, up to 5 seconds late",
    "several sockets on one port (SO_REUSEPORT, multicast) are not told apart",
    "payload is what packets carry behind their headers: bytes that a program did not read are in it",
    "SCTP, DCCP and raw sockets that speak TCP or UDP have no process; what is forwarded with address translation looks like this machine's own, and stands under stale",
    "the interfaces have no ledger",
];

/// The engine.
enum Packets {
    /// Everything is open. Threads would keep rights that the daemon gives away before it counts: they are started with the
    /// first reading, and the ring holds what comes until then.
    Ready(Option<(Ring, Sockets, Links)>),
    Counting(Watch),
}

/// Begins to count.
///
/// # Errors
///
/// Says what is missing and what to do about it.
pub(super) fn open() -> Result<Box<dyn Engine>, EngineError> {
    let ring = Ring::open().map_err(|source| EngineError::PacketSocket { source })?;
    let read = |what| move |source| EngineError::Read { what, source };
    let mut sockets = Sockets::open().map_err(read(SOCKETS))?;
    // Better to know now than never to find a process.
    drop(sockets.read(&[Protocol::TCP, Protocol::UDP].into()).map_err(read(SOCKETS))?);
    let links = Links::open().map_err(read("the list of interfaces"))?;
    Ok(Box::new(Packets::Ready(Some((ring, sockets, links)))))
}

const SOCKETS: &str = "the list of sockets";
const PACKETS: &str = "the packet socket";

impl Packets {
    fn watch(&mut self) -> io::Result<&Watch> {
        if let Self::Ready(parts) = self {
            let (ring, sockets, links) = parts.take().ok_or(io::ErrorKind::BrokenPipe)?;
            *self = Self::Counting(Watch::start(ring, sockets, links)?);
        }
        match self {
            Self::Counting(watch) => Ok(watch),
            Self::Ready(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Engine for Packets {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        self.watch().and_then(Watch::sample).map_err(|source| EngineError::Read { what: PACKETS, source })
    }

    fn coverage(&self) -> Coverage {
        let hook = |name: &str, purpose: &str| Hook {
            name: name.into(),
            purpose: purpose.into(),
            attached: true,
            detail: None,
        };
        Coverage {
            engine: "packet socket, sock_diag and /proc".into(),
            quality: "sampled".into(),
            hooks: vec![
                hook("AF_PACKET", "headers of packets sent and received"),
                hook("NETLINK_SOCK_DIAG", "which sockets there are"),
                hook("/proc/PID/fd", "who has a socket open"),
            ],
            blind_spots: BLIND_SPOTS.into_iter().map(Into::into).collect(),
            rungs: Vec::new(),
        }
    }
}
