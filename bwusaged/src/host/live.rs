//! Host metrics of the running machine.
//!
//! Asking for every process every second would cost more than all the counting (some 30 µs each), so each tick measures
//! the processes that move data or kept a processor busy when they were last measured, and a share of the others such that
//! each has its turn within [`FULL_ROUND_TICKS`].

use std::{
    collections::{BTreeMap, HashMap},
    io,
    time::Instant,
};

use bwusage_proto::{
    process::{Pid, ProcessId},
    snapshot::{HostInfo, HostSample},
};
use sysinfo::System;

use super::{
    Host, HostTick, ProcessUse, carriers::Carriers, disks::Disks, interfaces::Interfaces, listing,
    machine::Machine,
};

/// Within so many ticks every process is measured once, moving data or not.
const FULL_ROUND_TICKS: usize = 30;
/// Every so many ticks the list of processes is read, unless it is known to be the same.
const LISTING_TICKS: u32 = 5;
/// Every so many ticks it is made anew.
const ANEW_TICKS: u32 = 60;
/// Most processes that are measured out of turn in one tick.
const BUSY_LIMIT: usize = 256;
/// A process that took this much processor time per second of the clock is measured in the next tick too, in ms.
const HOT_MS_PER_S: u64 = 10;

/// How many threads were begun since boot, and how many there are. While both figures stay the same, nobody has come and nobody
/// has gone.
pub(super) type Population = [u64; 2];

/// The running machine.
#[derive(Debug)]
pub struct LiveHost {
    machine: Machine,
    interfaces: Interfaces,
    carriers: Carriers,
    disks: Disks,
    info: HostInfo,
    listing: listing::Listing,
    /// As it was just before the last listing; `None` when that is known to be wrong.
    listed: Option<Population>,
    /// Every process that is followed, by number; the number is reused, the id is not.
    known: BTreeMap<Pid, ProcessId>,
    /// Those met in the last listing: what had only just been forked then may have executed its program since.
    fresh: Vec<ProcessId>,
    /// Processor time of each process when it was last measured, and when that was.
    used: HashMap<ProcessId, (u64, Instant)>,
    /// Those that kept a processor busy, and those that were not measured twice yet: how busy they are nobody knows.
    hot: Vec<ProcessId>,
    /// The last number that had its turn.
    cursor: Pid,
    ticks: u32,
}

impl LiveHost {
    /// Starts measuring.
    ///
    /// # Errors
    ///
    /// Fails when the system cannot be asked at all.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            machine: Machine::open()?,
            interfaces: Interfaces::new(),
            carriers: Carriers::new(),
            disks: Disks::new(),
            info: host_info(),
            listing: listing::Listing::open()?,
            listed: None,
            known: BTreeMap::new(),
            fresh: Vec::new(),
            used: HashMap::new(),
            hot: Vec::new(),
            cursor: 0,
            ticks: 0,
        })
    }

    /// Whether somebody came or went since the last listing, or is to be looked at again, as far as anybody knows.
    fn has_news(&self, population: Option<Population>) -> bool {
        population.is_none() || population != self.listed || !self.fresh.is_empty()
    }

    /// Reads the list of processes: who is new, who is gone.
    fn list(&mut self, tick: &mut HostTick, anew: bool) {
        let mut gone = std::mem::take(&mut self.known);
        let mut met = Vec::new();
        for id in self.listing.processes(&gone, anew) {
            if gone.get(&id.pid) == Some(&id) {
                gone.remove(&id.pid);
            } else {
                met.push(id);
            }
            self.known.insert(id.pid, id);
        }
        // A number that was reused at once is in the new list with another start.
        tick.ended.extend(gone.into_values());
        // Short processes are measured because they move data, and may be over before any listing has met them.
        let known = &self.known;
        self.used.retain(|id, _| known.get(&id.pid) == Some(id));
        self.hot.extend(&met);
        let again = std::mem::replace(&mut self.fresh, met.clone());
        met.extend(again.into_iter().filter(|id| self.known.get(&id.pid) == Some(id)));
        tick.appeared.extend(self.listing.describe(&met));
    }

    /// Those of `measured` that kept a processor busy since they were measured before, or were not.
    fn heat(&mut self, measured: &[ProcessUse]) -> Vec<ProcessId> {
        let now = Instant::now();
        let mut is_hot = |used: &ProcessUse| {
            let before = self.used.insert(used.id, (used.cpu_time_ms, now));
            before.is_none_or(|(cpu_time_ms, at)| {
                let took_ms = used.cpu_time_ms.saturating_sub(cpu_time_ms);
                u128::from(took_ms) * 1000 > u128::from(HOT_MS_PER_S) * now.duration_since(at).as_millis()
            })
        };
        measured.iter().filter(|used| is_hot(used)).map(|used| used.id).collect()
    }

    /// The busy ones, and the next share of the others.
    fn turn(&mut self, busy: &[ProcessId]) -> Vec<ProcessId> {
        let mut turn: Vec<ProcessId> =
            busy.iter().copied().chain(self.hot.drain(..)).take(BUSY_LIMIT).collect();
        let share = self.known.len().div_ceil(FULL_ROUND_TICKS);
        let after = self.known.range(self.cursor.saturating_add(1)..);
        let next: Vec<ProcessId> =
            after.chain(self.known.range(..=self.cursor)).map(|(_, &id)| id).take(share).collect();
        self.cursor = next.last().map_or(0, |id| id.pid);
        turn.extend(next);
        turn.sort_unstable();
        turn.dedup();
        turn
    }
}

impl Host for LiveHost {
    fn info(&self) -> HostInfo {
        self.info.clone()
    }

    fn sample(&mut self, busy: &[ProcessId]) -> HostTick {
        let mut tick = HostTick::default();
        let (sample, population) = self.machine.read();
        let anew = self.ticks.is_multiple_of(ANEW_TICKS);
        if anew || self.ticks.is_multiple_of(LISTING_TICKS) && self.has_news(population) {
            // Of before the listing: whoever comes during it is news next time.
            self.listed = population;
            self.list(&mut tick, anew);
        }
        tick.sample = HostSample {
            disk: self.disks.read(),
            interfaces: self.interfaces.read(),
            process_count: Some(self.known.len() as u32).filter(|&count| count > 0),
            ..sample
        };
        self.ticks = self.ticks.wrapping_add(1);
        tick.carriers = self.carriers.look(busy).to_vec();

        let turn = self.turn(busy);
        for (id, used) in self.listing.measure(turn) {
            if let Some(used) = used {
                tick.processes.push(used);
            } else if self.known.get(&id.pid) == Some(&id) {
                // It has ended. If its number is another process's by now, the next listing meets that one.
                self.known.remove(&id.pid);
                self.used.remove(&id);
                self.listed = None;
                tick.ended.push(id);
            }
        }
        self.hot = self.heat(&tick.processes);
        tick
    }
}

fn host_info() -> HostInfo {
    HostInfo {
        hostname: System::host_name().unwrap_or_default(),
        os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into()),
        kernel: System::kernel_version().unwrap_or_default(),
        boot_id: listing::boot_id(),
        cpu_count: std::thread::available_parallelism().map_or(0, |count| count.get() as u32),
        booted_at_unix_ms: System::boot_time().ok().map(|seconds| seconds * 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_has_its_turn_within_a_round() {
        let mut host = LiveHost::open().unwrap();
        host.known = (1..=100).map(|pid| (pid, ProcessId::new(pid, 1))).collect();
        let mut had_turn = std::collections::HashSet::new();
        for _ in 0..FULL_ROUND_TICKS {
            had_turn.extend(host.turn(&[]).into_iter().map(|id| id.pid));
        }
        assert_eq!(had_turn.len(), 100);
    }

    #[test]
    fn a_busy_process_has_its_turn_every_time_and_once() {
        let mut host = LiveHost::open().unwrap();
        host.known = (1..=3).map(|pid| (pid, ProcessId::new(pid, 1))).collect();
        for _ in 0..5 {
            let turn = host.turn(&[ProcessId::new(2, 1)]);
            assert_eq!(turn.iter().filter(|id| id.pid == 2).count(), 1);
        }
    }

    #[test]
    fn what_is_new_is_measured_at_once_and_again_so_that_its_share_of_a_processor_is_known() {
        let mut host = LiveHost::open().unwrap();
        // The others of this machine, of which there may be more than are measured at once, are no news any more.
        host.sample(&[]);
        let own = host.known.remove(&std::process::id()).unwrap();
        host.used.remove(&own);
        (host.ticks, host.hot) = (0, Vec::new());
        let measured = |host: &mut LiveHost| {
            host.sample(&[]).processes.into_iter().filter(|used| used.id.pid == own.pid).count()
        };
        // Whatever has its turn by the way comes later.
        host.cursor = own.pid;
        assert_eq!((measured(&mut host), measured(&mut host)), (1, 1));
    }

    #[test]
    fn nobody_is_looked_for_while_nobody_came_or_went_and_all_are_listed() {
        let mut host = LiveHost::open().unwrap();
        let population = |begun, threads| Some([begun, threads]);
        host.listed = population(100, 50);
        assert!(!host.has_news(population(100, 50)));
        assert!(host.has_news(population(101, 50)), "one came and one went");
        assert!(host.has_news(population(100, 49)) && host.has_news(None));
        host.fresh.push(ProcessId::new(1, 1));
        assert!(host.has_news(population(100, 50)), "it may have executed its program since");
    }

    #[test]
    fn who_comes_is_met_within_a_few_ticks() {
        let mut host = LiveHost::open().unwrap();
        host.sample(&[]);
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let met: Vec<Pid> = (0..LISTING_TICKS)
            .flat_map(|_| host.sample(&[]).appeared.into_iter().map(|(id, _)| id.pid).collect::<Vec<_>>())
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(met.contains(&child.id()));
    }

    #[test]
    fn whose_number_was_given_to_another_process_ends_and_the_other_is_looked_for() {
        let mut host = LiveHost::open().unwrap();
        host.sample(&[]);
        let own = *host.known.get(&std::process::id()).unwrap();
        let earlier = ProcessId::new(own.pid, own.start_time.0 - 1);
        host.known.insert(own.pid, earlier);
        assert!(host.sample(&[earlier]).ended.contains(&earlier));
        assert!(host.listed.is_none() && !host.known.contains_key(&own.pid));
    }

    #[test]
    fn a_process_that_no_listing_has_met_is_not_remembered_for_ever() {
        let mut host = LiveHost::open().unwrap();
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        host.sample(&[]);
        let id = *host.known.get(&child.id()).unwrap();
        host.known.remove(&id.pid);
        host.sample(&[id]);
        assert!(host.used.contains_key(&id));
        child.kill().unwrap();
        child.wait().unwrap();
        host.list(&mut HostTick::default(), false);
        assert!(!host.used.contains_key(&id));
    }

    #[test]
    fn this_very_process_is_met_with_its_name_and_measured() {
        let mut host = LiveHost::open().unwrap();
        let tick = host.sample(&[]);
        let own = std::process::id();
        let (id, identity) = tick.appeared.iter().find(|(id, _)| id.pid == own).unwrap();
        assert!(!identity.name.is_empty() && identity.exe.is_some());
        let used = host.sample(&[*id]).processes;
        assert!(used.iter().find(|used| used.id == *id).unwrap().rss_bytes > 0);
        assert!(tick.sample.memory.unwrap().total_bytes > 0);
    }
}
