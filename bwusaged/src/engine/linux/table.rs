//! What the slots mean: which processes there are, what changed, and when a slot may be given to somebody else. Pure: the
//! kernel is a trait, the time an argument.

use std::io;

use bwusage_proto::{
    process::ProcessId,
    snapshot::Loss,
    units::{Counters, Payload, Scope, Traffic, Wire},
};

use super::layout::{self, FIRST_SLOT, LOSSES, PID_SHIFT, RESIDUAL_SLOTS, SLOT_ENDED, SLOT_USED};
use crate::engine::{Identity, ProcessSample, Sample};

/// An ended process whose counters stood still for this long gives its slot back.
const QUIET_MS: u64 = 120_000;
/// The same while slots are scarce.
const QUIET_SCARCE_MS: u64 = 5_000;

/// The tables in the kernel.
pub(super) trait Kernel {
    /// How many slots there are.
    fn slot_count(&self) -> u32;
    /// The highest slot that was ever used; it and all below can be read from now on.
    fn reach_highest(&mut self) -> io::Result<u32>;
    /// Who has a slot.
    fn slot(&self, slot: u32) -> layout::Slot;
    /// The totals of a slot over all processors.
    fn counters(&self, slot: u32) -> [layout::Traffic; 3];
    /// What the process in a slot is; `None` while it is being written.
    fn identity(&mut self, slot: u32, process: ProcessId) -> Option<Identity>;
    /// Takes the slot away from `process` and makes it free.
    fn release(&mut self, slot: u32, process: u64);
    /// Updates that could not be made, by kind.
    fn losses(&self) -> [u64; LOSSES.len()];
}

/// What was said about each slot so far.
#[derive(Debug)]
pub(super) struct Table {
    known: Vec<Option<Known>>,
    in_use: u32,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    process: u64,
    identity_version: u32,
    described: bool,
    ended: bool,
    counters: Counters,
    changed_ms: u64,
}

impl Table {
    pub(super) fn new(slots: u32) -> Self {
        Self { known: vec![None; slots as usize], in_use: 0 }
    }

    /// Reads every slot in use.
    pub(super) fn sample(&mut self, kernel: &mut impl Kernel, now_ms: u64) -> io::Result<Sample> {
        let mut sample = Sample::default();
        let scarce = self.in_use > kernel.slot_count() / 4 * 3;
        let quiet_ms = if scarce { QUIET_SCARCE_MS } else { QUIET_MS };
        self.in_use = 0;
        for slot in FIRST_SLOT..=kernel.reach_highest()? {
            let found = kernel.slot(slot);
            if found.flags & SLOT_USED == 0 {
                continue;
            }
            self.in_use += 1;
            let known = &mut self.known[slot as usize];
            let said = look(kernel, slot, found, known.as_ref(), now_ms, &mut sample);
            if said.ended && now_ms.saturating_sub(said.changed_ms) >= quiet_ms {
                kernel.release(slot, said.process);
                sample.released.push(process_id(said.process));
                *known = None;
                self.in_use -= 1;
            } else {
                *known = Some(said);
            }
        }
        sample.residuals =
            RESIDUAL_SLOTS.iter().map(|&(slot, reason)| (reason, counters(kernel.counters(slot)))).collect();
        let losses = LOSSES.iter().zip(kernel.losses()).filter(|&(_, events)| events > 0);
        sample.losses = losses.map(|(&what, events)| Loss { what: what.into(), events }).collect();
        Ok(sample)
    }
}

/// Compares a slot with what was said of it, and says what is new.
fn look(
    kernel: &mut impl Kernel,
    slot: u32,
    found: layout::Slot,
    before: Option<&Known>,
    now_ms: u64,
    sample: &mut Sample,
) -> Known {
    let id = process_id(found.process);
    // The end is read before the counters: what follows the end is news again.
    let ended = found.flags & SLOT_ENDED != 0;
    let totals = counters(kernel.counters(slot));
    let before = before.filter(|before| before.process == found.process);
    let describe =
        before.is_none_or(|before| !before.described || before.identity_version != found.identity_version);
    let identity = if describe { kernel.identity(slot, id) } else { None };
    let moved = before.is_none_or(|before| before.counters != totals);
    let news = moved || identity.is_some() || before.is_none_or(|before| before.ended != ended);
    let known = Known {
        process: found.process,
        identity_version: found.identity_version,
        described: identity.is_some() || !describe,
        ended,
        counters: totals,
        changed_ms: before.filter(|_| !news).map_or(now_ms, |before| before.changed_ms),
    };
    if news {
        sample.processes.push(ProcessSample { id, counters: totals, identity, ended });
    }
    known
}

pub(super) fn process_id(process: u64) -> ProcessId {
    ProcessId::new((process >> PID_SHIFT) as u32, process & ((1 << PID_SHIFT) - 1))
}

fn counters(scopes: [layout::Traffic; 3]) -> Counters {
    let mut counters = Counters::default();
    for (scope, traffic) in Scope::ALL.into_iter().zip(scopes) {
        counters[scope] = Traffic {
            wire: Wire {
                rx_bytes: traffic.wire_rx_bytes,
                tx_bytes: traffic.wire_tx_bytes,
                rx_packets: traffic.wire_rx_packets,
                tx_packets: traffic.wire_tx_packets,
            },
            payload: Payload { rx_bytes: traffic.payload_rx_bytes, tx_bytes: traffic.payload_tx_bytes },
        };
    }
    counters
}

#[cfg(test)]
mod tests {
    use bwusage_proto::snapshot::ResidualReason;

    use super::*;

    struct Fake {
        slots: Vec<layout::Slot>,
        counters: Vec<[layout::Traffic; 3]>,
        writing: bool,
        released: Vec<u32>,
    }

    impl Fake {
        fn new() -> Self {
            let slots = vec![layout::Slot::default(); 32];
            Self {
                counters: vec![<[layout::Traffic; 3]>::default(); 32],
                slots,
                writing: false,
                released: vec![],
            }
        }
        fn start(&mut self, slot: u32, pid: u64) {
            let process = (pid << PID_SHIFT) + 500;
            self.slots[slot as usize] =
                layout::Slot { process, flags: SLOT_USED, identity_version: 2, ..layout::Slot::default() };
        }
        fn receive(&mut self, slot: u32, bytes: u64) {
            self.counters[slot as usize][2].wire_rx_bytes += bytes;
        }
        fn end(&mut self, slot: u32) {
            self.slots[slot as usize].flags |= SLOT_ENDED;
        }
    }

    impl Kernel for Fake {
        fn slot_count(&self) -> u32 {
            32
        }
        fn reach_highest(&mut self) -> io::Result<u32> {
            Ok(31)
        }
        fn slot(&self, slot: u32) -> layout::Slot {
            self.slots[slot as usize]
        }
        fn counters(&self, slot: u32) -> [layout::Traffic; 3] {
            self.counters[slot as usize]
        }
        fn identity(&mut self, _: u32, process: ProcessId) -> Option<Identity> {
            (!self.writing).then(|| Identity { name: format!("p{}", process.pid), ..Identity::default() })
        }
        fn release(&mut self, slot: u32, _: u64) {
            self.slots[slot as usize] = layout::Slot::default();
            self.counters[slot as usize] = <[layout::Traffic; 3]>::default();
            self.released.push(slot);
        }
        fn losses(&self) -> [u64; LOSSES.len()] {
            [0, 3, 0]
        }
    }

    fn received(process: &ProcessSample) -> u64 {
        process.counters.total().wire.rx_bytes
    }

    #[test]
    fn only_what_changed_is_said_again() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.start(8, 42);
        kernel.receive(8, 10);
        let first = table.sample(&mut kernel, 0).unwrap().processes;
        assert_eq!((first[0].id, received(&first[0])), (ProcessId::new(42, 500), 10));
        assert_eq!(first[0].identity.as_ref().unwrap().name, "p42");
        assert!(table.sample(&mut kernel, 1000).unwrap().processes.is_empty());
        kernel.receive(8, 5);
        let third = table.sample(&mut kernel, 2000).unwrap().processes;
        assert_eq!((received(&third[0]), &third[0].identity), (15, &None));
    }

    #[test]
    fn an_exec_describes_the_process_again() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.start(8, 42);
        table.sample(&mut kernel, 0).unwrap();
        kernel.slots[8].identity_version += 2;
        assert!(table.sample(&mut kernel, 1000).unwrap().processes[0].identity.is_some());
    }

    #[test]
    fn an_identity_that_is_being_written_is_asked_for_again() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.start(8, 42);
        kernel.writing = true;
        assert_eq!(table.sample(&mut kernel, 0).unwrap().processes[0].identity, None);
        kernel.writing = false;
        assert!(table.sample(&mut kernel, 1000).unwrap().processes[0].identity.is_some());
    }

    #[test]
    fn an_ended_process_gives_its_slot_back_when_it_was_quiet_long_enough() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.start(8, 42);
        table.sample(&mut kernel, 0).unwrap();
        kernel.end(8);
        kernel.receive(8, 7);
        let last = table.sample(&mut kernel, 1000).unwrap().processes;
        assert!(last[0].ended && received(&last[0]) == 7);
        kernel.receive(8, 1);
        table.sample(&mut kernel, 60_000).unwrap();
        assert!(table.sample(&mut kernel, 60_000 + QUIET_MS - 1).unwrap().released.is_empty());
        assert_eq!(table.sample(&mut kernel, 60_000 + QUIET_MS).unwrap().released, [ProcessId::new(42, 500)]);
        assert_eq!(kernel.released, [8]);
        kernel.start(8, 43);
        assert_eq!(table.sample(&mut kernel, 200_000).unwrap().processes[0].id.pid, 43);
    }

    #[test]
    fn a_living_process_keeps_its_slot_however_quiet_it_is() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.start(8, 42);
        table.sample(&mut kernel, 0).unwrap();
        assert!(table.sample(&mut kernel, QUIET_MS * 100).unwrap().released.is_empty());
    }

    #[test]
    fn slots_come_back_sooner_while_they_are_scarce() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        for slot in 8..=31 {
            kernel.start(slot, u64::from(slot) + 100);
        }
        // Three quarters of the table are not in use with 24 of 32; one more row of residual slots makes it scarce.
        table.sample(&mut kernel, 0).unwrap();
        table.in_use = 25;
        kernel.end(8);
        table.sample(&mut kernel, 0).unwrap();
        table.in_use = 25;
        assert_eq!(table.sample(&mut kernel, QUIET_SCARCE_MS).unwrap().released.len(), 1);
    }

    #[test]
    fn nobodys_bytes_and_lost_updates_are_said_by_name() {
        let (mut kernel, mut table) = (Fake::new(), Table::new(32));
        kernel.receive(3, 84);
        let sample = table.sample(&mut kernel, 0).unwrap();
        let icmp = sample.residuals.iter().find(|(reason, _)| *reason == ResidualReason::KernelIcmp).unwrap();
        assert_eq!(icmp.1.total().wire.rx_bytes, 84);
        assert_eq!((sample.losses.len(), sample.losses[0].events), (1, 3));
    }
}
