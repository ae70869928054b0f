//! Who talks to whom: what the kernel side lists, as processes and addresses; and the memory of what it has forgotten. Pure:
//! the kernel is a trait, the time an argument.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use bwusage_proto::{
    connection::{Moved, Protocol, State},
    process::ProcessId,
};

use super::layout::{
    REMOTE_INBOUND, Remote, RemoteRecord, RemoteTotal, SOCKET_INBOUND, SOCKET_SCOPE_MASK, SOCKET_SEEDED,
    SOCKET_UNCLAIMED, SocketRecord,
};
use crate::engine::{RemoteSample, SocketSample, Talk};

/// Most remote hosts that are remembered, each about 100 bytes. Beyond it the ones that were quiet longest are forgotten:
/// their bytes stay with their processes, and show as not itemised.
const REMEMBERED: usize = 16_384;
/// What was quiet for this long leaves the kernel's table, which is bounded too.
const QUIET_NS: u64 = 10_000_000_000;

/// The kernel's lists.
pub(super) trait Lists {
    /// Every open socket.
    fn sockets(&mut self) -> io::Result<Vec<SocketRecord>>;
    /// Every remote host in the kernel's table.
    fn remotes(&mut self) -> io::Result<Vec<RemoteRecord>>;
    /// Takes one out, with what it has come to.
    fn take(&mut self, remote: &Remote) -> Option<RemoteTotal>;
    /// The process behind an owner word; `None` for nobody and for one whose slot was given away.
    fn process(&self, owner: u64) -> Option<ProcessId>;
    /// Wire totals of the process behind an owner word.
    fn moved(&self, owner: u64) -> Moved;
}

/// The two clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    /// `CLOCK_MONOTONIC`.
    pub(super) monotonic_ns: u64,
    pub(super) unix_ms: u64,
}

impl Clocks {
    fn unix_ms_of(self, ns: u64) -> u64 {
        self.unix_ms.saturating_sub(self.monotonic_ns.saturating_sub(ns) / 1_000_000)
    }
}

/// What has left the kernel's table.
#[derive(Debug, Default)]
pub(super) struct Memory {
    totals: HashMap<Key, RemoteTotal>,
}

/// A [`Remote`] of a process rather than of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    process: ProcessId,
    address: [u8; 16],
    interface: u32,
    port: u16,
    protocol: u8,
    flags: u8,
}

impl Key {
    fn new(process: ProcessId, remote: &Remote) -> Self {
        let &Remote { owner: _, address, interface, port, protocol, flags } = remote;
        Self { process, address, interface, port, protocol, flags }
    }
}

impl Memory {
    /// Takes what was quiet for a while out of the kernel's table, and what the owners have that are `leaving`.
    pub(super) fn drain(
        &mut self,
        lists: &mut impl Lists,
        now: Clocks,
        leaving: &HashSet<u64>,
    ) -> io::Result<()> {
        for RemoteRecord { remote, total } in lists.remotes()? {
            let is_quiet = now.monotonic_ns.saturating_sub(total.last_ns) >= QUIET_NS;
            if !is_quiet && !leaving.contains(&remote.owner) {
                continue;
            }
            let process = lists.process(remote.owner);
            if let Some((total, process)) = lists.take(&remote).zip(process) {
                add(self.totals.entry(Key::new(process, &remote)).or_default(), &total);
            }
        }
        if self.totals.len() > REMEMBERED {
            self.forget();
        }
        Ok(())
    }

    /// Drops the quarter that was quiet longest.
    fn forget(&mut self) {
        let mut ages: Vec<u64> = self.totals.values().map(|total| total.last_ns).collect();
        let keep = REMEMBERED / 4 * 3;
        let at = ages.len() - keep;
        let (_, &mut oldest, _) = ages.select_nth_unstable(at);
        self.totals.retain(|_, total| total.last_ns >= oldest);
    }

    /// Everything, at one moment.
    pub(super) fn talk(&self, lists: &mut impl Lists, now: Clocks) -> io::Result<Talk> {
        // A socket that is closed between the two readings is listed twice rather than nowhere, and so for an instant: the
        // process's own total is read last, and what is missing from it is never negative in the long run.
        let sockets = lists.sockets()?;
        let live = lists.remotes()?;
        let mut owners: HashMap<ProcessId, u64> = HashMap::new();
        let mut totals = self.totals.clone();
        for RemoteRecord { remote, total } in &live {
            let Some(process) = lists.process(remote.owner) else { continue };
            owners.insert(process, remote.owner);
            add(totals.entry(Key::new(process, remote)).or_default(), total);
        }
        let sockets = sockets
            .iter()
            .filter_map(|record| {
                let process = lists
                    .process(record.owner)
                    .filter(|_| record.flags & SOCKET_UNCLAIMED == 0 || is_listener(record));
                if let Some(process) = process {
                    owners.insert(process, record.owner);
                }
                socket(record, process, now)
            })
            .collect();
        let remotes = totals.iter().map(|(key, total)| remote(key, total, now)).collect();
        let processes = owners.into_iter().map(|(process, owner)| (process, lists.moved(owner))).collect();
        Ok(Talk { sockets, remotes, processes })
    }
}

fn add(to: &mut RemoteTotal, more: &RemoteTotal) {
    to.rx_bytes += more.rx_bytes;
    to.tx_bytes += more.tx_bytes;
    to.connections += more.connections;
    to.last_ns = to.last_ns.max(more.last_ns);
}

const TCP_LISTEN: u8 = 10;

fn is_listener(record: &SocketRecord) -> bool {
    record.state == TCP_LISTEN
}

/// `None` for a socket that is neither bound nor connected: nobody would call it a connection.
fn socket(record: &SocketRecord, process: Option<ProcessId>, now: Clocks) -> Option<SocketSample> {
    let protocol = Protocol(record.protocol as u8);
    let remote =
        (record.remote_port != 0).then(|| SocketAddr::new(address(record.remote), record.remote_port));
    // The kernel gives datagram sockets the states "established" and "closed".
    let state = match (protocol, remote) {
        (Protocol::TCP, _) => tcp_state(record.state)?,
        (_, Some(_)) => State::Established,
        (_, None) => State::Open,
    };
    let moved = Moved { rx_bytes: record.rx_bytes, tx_bytes: record.tx_bytes };
    // The connection is over, and its program has not let go of it; what it moved is in no other line.
    let is_over = state == State::Closed && moved == Moved::default();
    if is_over || (record.local_port == 0 && remote.is_none() && record.flags & SOCKET_SCOPE_MASK == 0) {
        return None;
    }
    let seeded = record.flags & SOCKET_SEEDED != 0;
    let spoken = record.flags & SOCKET_SCOPE_MASK != 0;
    Some(SocketSample {
        process,
        protocol,
        local: SocketAddr::new(address(record.local), record.local_port),
        remote,
        inbound: (spoken && !seeded).then_some(record.flags & SOCKET_INBOUND != 0),
        state,
        interface: (record.interface != 0).then_some(record.interface),
        opened_at_unix_ms: (record.opened_ns != 0).then(|| now.unix_ms_of(record.opened_ns)),
        moved,
    })
}

/// From `<net/tcp_states.h>`. 12 is a request that has no socket yet, and never listed.
fn tcp_state(number: u8) -> Option<State> {
    Some(match number {
        1 => State::Established,
        2 => State::SynSent,
        3 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        7 => State::Closed,
        8 => State::CloseWait,
        9 => State::LastAck,
        TCP_LISTEN => State::Listen,
        11 => State::Closing,
        _ => return None,
    })
}

fn remote(key: &Key, total: &RemoteTotal, now: Clocks) -> RemoteSample {
    RemoteSample {
        process: key.process,
        protocol: Protocol(key.protocol),
        remote: (key.address != [0; 16]).then(|| address(key.address)),
        port: key.port,
        inbound: key.flags & REMOTE_INBOUND != 0,
        interface: (key.interface != 0).then_some(key.interface),
        connections: total.connections,
        moved: Moved { rx_bytes: total.rx_bytes, tx_bytes: total.tx_bytes },
        last_at_unix_ms: now.unix_ms_of(total.last_ns),
    }
}

/// The kernel side writes IPv4 as mapped IPv6; an all-zero IPv6 address stays one.
fn address(bytes: [u8; 16]) -> IpAddr {
    let v6 = Ipv6Addr::from(bytes);
    v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), |v4: Ipv4Addr| IpAddr::V4(v4))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slot 8 is process 42; whatever else is nobody.
    #[derive(Default)]
    struct Fake {
        sockets: Vec<SocketRecord>,
        remotes: Vec<RemoteRecord>,
        moved: Moved,
    }

    impl Lists for Fake {
        fn sockets(&mut self) -> io::Result<Vec<SocketRecord>> {
            Ok(self.sockets.clone())
        }
        fn remotes(&mut self) -> io::Result<Vec<RemoteRecord>> {
            Ok(self.remotes.clone())
        }
        fn take(&mut self, remote: &Remote) -> Option<RemoteTotal> {
            let at = self.remotes.iter().position(|record| record.remote == *remote)?;
            Some(self.remotes.remove(at).total)
        }
        fn process(&self, owner: u64) -> Option<ProcessId> {
            (owner == 8).then(|| ProcessId::new(42, 7))
        }
        fn moved(&self, _: u64) -> Moved {
            self.moved
        }
    }

    const NOW: Clocks = Clocks { monotonic_ns: 100_000_000_000, unix_ms: 1_700_000_000_000 };

    fn v4(last: u8) -> [u8; 16] {
        Ipv4Addr::new(192, 0, 2, last).to_ipv6_mapped().octets()
    }

    fn closed(last: u8, rx_bytes: u64, last_ns: u64) -> RemoteRecord {
        RemoteRecord {
            remote: Remote { owner: 8, address: v4(last), port: 443, protocol: 6, ..Remote::default() },
            total: RemoteTotal { rx_bytes, tx_bytes: 0, connections: 1, last_ns },
        }
    }

    fn established() -> SocketRecord {
        SocketRecord {
            owner: 8,
            rx_bytes: 10,
            tx_bytes: 3,
            opened_ns: 99_000_000_000,
            local: v4(1),
            remote: v4(2),
            interface: 2,
            flags: 3 << 8,
            local_port: 50_000,
            remote_port: 443,
            protocol: 6,
            state: 1,
            pad: 0,
        }
    }

    #[test]
    fn a_socket_is_told_as_a_person_would() {
        let mut fake = Fake { sockets: vec![established()], ..Fake::default() };
        let talk = Memory::default().talk(&mut fake, NOW).unwrap();
        let expected = SocketSample {
            process: Some(ProcessId::new(42, 7)),
            protocol: Protocol::TCP,
            local: "192.0.2.1:50000".parse().unwrap(),
            remote: Some("192.0.2.2:443".parse().unwrap()),
            inbound: Some(false),
            state: State::Established,
            interface: Some(2),
            opened_at_unix_ms: Some(1_699_999_999_000),
            moved: Moved { rx_bytes: 10, tx_bytes: 3 },
        };
        assert_eq!(talk.sockets, [expected]);
        assert_eq!(talk.processes.len(), 1);
    }

    #[test]
    fn what_is_not_known_of_a_socket_is_not_said() {
        let seeded = SocketRecord {
            flags: SOCKET_SEEDED | SOCKET_INBOUND | 1 << 8,
            opened_ns: 0,
            interface: 0,
            ..established()
        };
        let unclaimed = SocketRecord { flags: SOCKET_UNCLAIMED | 1 << 8, ..established() };
        let unused =
            SocketRecord { local_port: 0, remote_port: 0, flags: 0, state: 7, protocol: 17, ..established() };
        let mut fake = Fake { sockets: vec![seeded, unclaimed, unused], ..Fake::default() };
        let talk = Memory::default().talk(&mut fake, NOW).unwrap();
        assert_eq!(talk.sockets.len(), 2);
        let seeded = &talk.sockets[0];
        assert_eq!((seeded.inbound, seeded.opened_at_unix_ms, seeded.interface), (None, None, None));
        assert_eq!(talk.sockets[1].process, None);
    }

    #[test]
    fn a_server_of_datagrams_is_open_and_a_closed_stream_is_told_for_what_it_moved() {
        let datagrams = SocketRecord { protocol: 17, state: 7, remote_port: 0, ..established() };
        let still_held = SocketRecord { state: 7, ..established() };
        let never_used = SocketRecord { rx_bytes: 0, tx_bytes: 0, ..still_held };
        let mut fake = Fake { sockets: vec![datagrams, still_held, never_used], ..Fake::default() };
        let sockets = Memory::default().talk(&mut fake, NOW).unwrap().sockets;
        let told: Vec<_> = sockets.iter().map(|socket| (socket.state, socket.remote)).collect();
        assert_eq!(told, [(State::Open, None), (State::Closed, Some("192.0.2.2:443".parse().unwrap()))]);
    }

    #[test]
    fn what_left_the_kernels_table_is_added_to_what_is_new_there() {
        let mut fake =
            Fake { remotes: vec![closed(9, 100, 1), closed(10, 5, NOW.monotonic_ns)], ..Fake::default() };
        let mut memory = Memory::default();
        memory.drain(&mut fake, NOW, &HashSet::new()).unwrap();
        assert_eq!(fake.remotes, [closed(10, 5, NOW.monotonic_ns)], "what is in use stays");
        fake.remotes.push(closed(9, 11, NOW.monotonic_ns));
        let talk = memory.talk(&mut fake, NOW).unwrap();
        let of =
            |last: u8| talk.remotes.iter().find(|remote| remote.remote == Some(address(v4(last)))).unwrap();
        assert_eq!((of(9).moved.rx_bytes, of(9).connections), (111, 2));
        assert_eq!(of(9).last_at_unix_ms, NOW.unix_ms);
        assert_eq!(of(10).moved.rx_bytes, 5);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_was_quiet_longest() {
        let mut memory = Memory::default();
        for batch in 0..5_u64 {
            let remotes = (0..4096_u64).map(|i| {
                let mut record = closed(0, 1, batch * 10_000 + i);
                record.remote.address[..8].copy_from_slice(&(batch << 32 | i).to_be_bytes());
                record
            });
            memory
                .drain(&mut Fake { remotes: remotes.collect(), ..Fake::default() }, NOW, &HashSet::new())
                .unwrap();
            assert!(memory.totals.len() <= REMEMBERED);
        }
        assert!(memory.totals.values().all(|total| total.last_ns >= 10_000), "the first batch is the oldest");
    }

    #[test]
    fn what_belongs_to_a_process_that_leaves_is_kept_however_new_it_is() {
        let mut fake = Fake { remotes: vec![closed(9, 100, NOW.monotonic_ns)], ..Fake::default() };
        let mut memory = Memory::default();
        memory.drain(&mut fake, NOW, &HashSet::from([8])).unwrap();
        assert!(fake.remotes.is_empty());
        assert_eq!(memory.talk(&mut fake, NOW).unwrap().remotes[0].moved.rx_bytes, 100);
    }

    #[test]
    fn of_a_slot_that_was_given_away_nothing_is_told() {
        let mut stranger = closed(9, 100, 1);
        stranger.remote.owner = 9;
        let mut fake = Fake { remotes: vec![stranger], ..Fake::default() };
        let mut memory = Memory::default();
        assert!(memory.talk(&mut fake, NOW).unwrap().remotes.is_empty());
        memory.drain(&mut fake, NOW, &HashSet::new()).unwrap();
        assert!(fake.remotes.is_empty() && memory.totals.is_empty());
    }
}
