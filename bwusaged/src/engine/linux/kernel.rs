//! The tables that the kernel side writes, as the daemon reads them.

use std::{io, mem::offset_of, net::IpAddr, ops::Range};

use aya::maps::{HashMap, MapData, RingBuf, Stack};
use bwusage_proto::{bounds::TableFill, connection::Moved, process::ProcessId};

use super::{
    cgroup_paths::CgroupPaths,
    grace, identity, interfaces,
    layout::{
        self, Counters, DNS_RECORD_HEADER, FIRST_SLOT, Interface, LOSSES, Passage, Passed, RawIdentity,
        Remote, RemoteRecord, RemoteTotal, SLOT_USED, Slot, SocketRecord,
    },
    light::Folding,
    links::Link,
    map_iter::MapIter,
    mapping::Mapping,
    table::{self, Kernel},
    talk::Lists,
};
use crate::{
    dns,
    engine::{Identity, InterfaceSample},
};

/// How much an iterator writes before it is read, at least (`bpf_seq_read()` in kernel/bpf/bpf_iter.c: eight pages). What is
/// no longer is read at one moment, and so is whole: sockets that come and go make no gaps in it.
const PIECE: usize = 8 * 4096;
/// How often the sockets are asked for that a longer reading left out. Each reading leaves out as many as were closed meanwhile,
/// so the second is short on all but a machine that closes thousands in a millisecond.
const LISTINGS: usize = 8;

/// All tables. `counters` has one entry for each slot and processor.
pub(super) struct SharedTables {
    pub(super) counters: Mapping<Counters>,
    pub(super) slots: Mapping<Slot>,
    pub(super) interfaces: Mapping<Interface>,
    pub(super) passages: HashMap<MapData, Passage, Passed>,
    /// Programs that are loaded later refer to the descriptor.
    pub(super) _sockets: MapData,
    pub(super) list_sockets: MapIter,
    /// The number of the last listing of them.
    pub(super) listing: Mapping<u64>,
    pub(super) list_remotes: MapIter,
    /// In light mode.
    pub(super) folding: Option<Folding>,
    pub(super) remotes: HashMap<MapData, Remote, RemoteTotal>,
    /// How full those tables were that are read whole, when they were read last.
    pub(super) fill: Fill,
    pub(super) dns: RingBuf<MapData>,
    pub(super) losses: Mapping<u64>,
    pub(super) free_slots: Stack<MapData, u32>,
    pub(super) processes: HashMap<MapData, u64, u64>,
    pub(super) identities: HashMap<MapData, u32, RawIdentity>,
    pub(super) cpus: usize,
    pub(super) booted_at_unix_ms: u64,
    pub(super) cgroups: CgroupPaths,
    /// Slots that were taken from their process and could not be made free yet: tried again with the next one.
    pub(super) stuck: Vec<u32>,
}

/// Entries of the tables that have no counter of their own: they are known where the whole table was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fill {
    /// Entries of `passages`, `None` before it was read, and how many there is room for.
    pub(super) passages: (Option<usize>, usize),
    /// The same of `remotes`.
    pub(super) remotes: (Option<usize>, usize),
}

impl Fill {
    /// What is known, for clients.
    pub(super) fn tables(self) -> impl Iterator<Item = TableFill> {
        let tables = [("passages", self.passages), ("remotes", self.remotes)].into_iter();
        tables.filter_map(|(name, (entries, capacity))| Some(TableFill::new(name, entries?, capacity)))
    }
}

impl SharedTables {
    /// Makes every slot free: the lowest is given out first. The tables are zero, which is the first generation: memory
    /// that is never used is never touched.
    pub(super) fn fill(&mut self) -> Result<(), aya::maps::MapError> {
        (FIRST_SLOT..self.slot_count()).rev().try_for_each(|slot| self.free_slots.push(slot, 0))
    }

    /// What passed each of `links`.
    pub(super) fn interfaces(&mut self, links: &[Link]) -> io::Result<Vec<InterfaceSample>> {
        let entries = self.interfaces.len() / self.cpus;
        let highest = links.iter().map(|link| link.index as usize).filter(|&index| index < entries).max();
        self.interfaces.reach((highest.unwrap_or(0) + 1) * self.cpus)?;
        let counted = |index: u32| {
            let first = index as usize * self.cpus;
            let all = (index as usize) < entries;
            all.then(|| (first..first + self.cpus).map(|at| self.interfaces.read(at)).sum::<Interface>())
        };
        // An error means that the table changed while it was walked; what is missing comes with the next tick.
        let passages: Vec<(Passage, Passed)> = self.passages.iter().filter_map(Result::ok).collect();
        self.fill.passages.0 = Some(passages.len());
        Ok(interfaces::samples(links, counted, &passages))
    }

    /// The names in DNS answers that came since the last time, at most `most` messages of them.
    pub(super) fn answers(&mut self, most: usize) -> Vec<(IpAddr, String)> {
        let mut names = Vec::new();
        for _ in 0..most {
            let Some(record) = self.dns.next() else { break };
            let Some((header, message)) = record.split_at_checked(DNS_RECORD_HEADER) else { continue };
            let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
            names.extend(dns::names(message.get(..length).unwrap_or(message)));
        }
        names
    }

    /// Where the counters of a slot are, one for each processor.
    fn counters_of(&self, slot: u32) -> Range<usize> {
        let first = slot as usize * self.cpus;
        first..first + self.cpus
    }

    /// Empties a slot and gives it a generation that no socket knows.
    fn renew(&mut self, slot: u32, generation: u32) {
        for at in self.counters_of(slot) {
            self.counters.write(at, Counters { generation, ..Counters::default() });
        }
        self.slots.write(slot as usize, Slot { generation, ..Slot::default() });
    }
}

impl Kernel for SharedTables {
    fn slot_count(&self) -> u32 {
        self.slots.len() as u32
    }

    fn reach_highest(&mut self) -> io::Result<u32> {
        let highest = self.slots.read(0).process as usize;
        let highest = highest.min(self.slots.len() - 1);
        self.slots.reach(highest + 1)?;
        self.counters.reach((highest + 1) * self.cpus)?;
        Ok(highest as u32)
    }

    fn slot(&self, slot: u32) -> Slot {
        self.slots.read(slot as usize)
    }

    fn counters(&self, slot: u32) -> [layout::Traffic; 3] {
        let mut sum = <[layout::Traffic; 3]>::default();
        for at in self.counters_of(slot) {
            for (sum, add) in sum.iter_mut().zip(self.counters.read(at).scopes) {
                sum.wire_rx_bytes += add.wire_rx_bytes;
                sum.wire_tx_bytes += add.wire_tx_bytes;
                sum.wire_rx_packets += add.wire_rx_packets;
                sum.wire_tx_packets += add.wire_tx_packets;
                sum.payload_rx_bytes += add.payload_rx_bytes;
                sum.payload_tx_bytes += add.payload_tx_bytes;
            }
        }
        sum
    }

    fn identity(&mut self, slot: u32, process: ProcessId) -> Option<Identity> {
        let version = self.slot(slot).identity_version;
        let raw = self.identities.get(&slot, 0).ok()?;
        // Odd while it is being written; another number afterwards means that it was written meanwhile.
        if version % 2 == 1 || self.slot(slot).identity_version != version {
            return None;
        }
        let mut identity = identity::decode(&raw, process, self.booted_at_unix_ms);
        identity::complete(&mut identity, &raw, process);
        identity.cgroup = self.cgroups.of(process, raw.cgroup);
        Some(identity)
    }

    fn revoke(&mut self, slot: u32, process: u64) {
        // It is not there when the kernel could not store it; then there is nothing to take away.
        let _ = self.processes.remove(&process);
        let generation = self.slot(slot).generation.wrapping_add(1);
        for at in self.counters_of(slot) {
            self.counters.write_field(at, offset_of!(Counters, generation), generation);
        }
    }

    fn wait_for_counting(&mut self) {
        grace::wait();
    }

    fn free(&mut self, slot: u32) {
        let _ = self.identities.remove(&slot);
        let generation = self.slot(slot).generation.wrapping_add(1);
        self.renew(slot, generation);
        self.stuck.push(slot);
        let free_slots = &mut self.free_slots;
        self.stuck.retain(|&slot| free_slots.push(slot, 0).is_err());
    }

    fn losses(&self) -> [u64; LOSSES.len()] {
        std::array::from_fn(|kind| self.losses.read(kind))
    }
}

impl Lists for SharedTables {
    fn sockets(&mut self) -> io::Result<Vec<SocketRecord>> {
        self.listing.write(0, self.listing.read(0) + 1);
        let mut records = Vec::new();
        for _ in 0..LISTINGS {
            let before = records.len();
            records.extend(self.list_sockets.read::<SocketRecord>()?);
            if (records.len() - before + 1) * size_of::<SocketRecord>() <= PIECE {
                break;
            }
        }
        self.list_sockets.forget();
        Ok(records)
    }

    fn remotes(&mut self) -> io::Result<Vec<RemoteRecord>> {
        // Without a first key there is nothing to walk over.
        if self.remotes.keys().next().is_none() {
            self.fill.remotes.0 = Some(0);
            return Ok(Vec::new());
        }
        let records: Vec<RemoteRecord> = self.list_remotes.read()?.collect();
        self.list_remotes.forget();
        self.fill.remotes.0 = Some(records.len());
        Ok(records)
    }

    fn take(&mut self, remote: &Remote) -> Option<RemoteTotal> {
        let total = self.remotes.get(remote, 0).ok()?;
        self.remotes.remove(remote).ok()?;
        self.fill.remotes.0 = self.fill.remotes.0.map(|entries| entries.saturating_sub(1));
        Some(total)
    }

    fn process(&self, owner: u64) -> Option<ProcessId> {
        let (slot, generation) = (owner as u32, (owner >> 32) as u32);
        if slot < FIRST_SLOT || slot >= self.slot_count() {
            return None;
        }
        let found = self.slots.try_read(slot as usize)?;
        (found.generation == generation && found.flags & SLOT_USED != 0)
            .then(|| table::process_id(found.process))
    }

    fn moved(&self, owner: u64) -> Moved {
        let mut sum = Moved::default();
        for traffic in self.counters(owner as u32) {
            sum += Moved { rx_bytes: traffic.wire_rx_bytes, tx_bytes: traffic.wire_tx_bytes };
        }
        sum
    }
}

/// One more than the highest processor number that there can be: `bpf_get_smp_processor_id()` stays below it.
pub(super) fn processor_numbers() -> io::Result<usize> {
    let possible = std::fs::read_to_string("/sys/devices/system/cpu/possible")?;
    parse_possible(&possible).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `0-3,8-11` has 12.
fn parse_possible(text: &str) -> Option<usize> {
    let last = text.trim().rsplit([',', '-']).next()?;
    last.parse::<usize>().ok()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::parse_possible;

    #[test]
    fn processor_numbers_with_holes_need_room_for_the_highest() {
        assert_eq!(parse_possible("0-3,8-11\n"), Some(12));
        assert_eq!(parse_possible("0\n"), Some(1));
        assert_eq!(parse_possible(""), None);
    }
}
