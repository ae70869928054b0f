//! What the slots mean: which processes there are, what changed, and when a slot may be given to somebody else. Pure: the
//! kernel is a trait, the time an argument.
//!
//! Slots are few, and short processes may be many. An ended process keeps its slot for a while, because what it has written
//! may still be on its way; while slots are scarce, those that were quiet longest leave sooner. A packet that comes later still
//! finds another generation in its slot, and is counted as stale: under a name, and never as somebody else's.

use std::io;

use bwusage_proto::{
    bounds::TableFill,
    process::ProcessId,
    snapshot::Loss,
    units::{Counters, Payload, Scope, Traffic, Wire},
};

use super::layout::{self, FIRST_SLOT, LOSSES, PID_SHIFT, RESIDUAL_SLOTS, SLOT_ENDED, SLOT_USED};
use crate::engine::{Identity, ProcessSample, Sample};

/// An ended process whose counters stood still for this long gives its slot back.
const QUIET_MS: u64 = 120_000;

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
    /// Takes the slot away from `process`: what its sockets move from now on is counted as stale.
    fn revoke(&mut self, slot: u32, process: u64);
    /// Returns when whoever had found a slot before it was revoked has counted there.
    fn wait_for_counting(&mut self);
    /// Empties a revoked slot and makes it free.
    fn free(&mut self, slot: u32);
    /// Updates that could not be made, by kind.
    fn losses(&self) -> [u64; LOSSES.len()];
}

/// What was said about each slot so far.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// As many as there were slots in use at once: most machines never need a tenth of them.
    known: Vec<Option<Known>>,
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

/// A slot that its process is about to give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaving {
    slot: u32,
    process: u64,
    generation: u32,
    /// Its slot is wanted now.
    urgent: bool,
}

impl Leaving {
    /// Whether it must leave now. Another one may wait, if it is more convenient that several leave together.
    pub(super) const fn is_urgent(&self) -> bool {
        self.urgent
    }

    /// What the kernel side calls the process.
    pub(super) fn owner(&self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

impl Table {
    /// Reads every slot in use, and says which ended processes are to [leave](Self::leave) before the next time.
    pub(super) fn sample(
        &mut self,
        kernel: &mut impl Kernel,
        now_ms: u64,
    ) -> io::Result<(Sample, Vec<Leaving>)> {
        let mut sample = Sample::default();
        let mut ended = Vec::new();
        let (mut in_use, mut new) = (0, 0);
        let highest = kernel.reach_highest()?;
        self.known.resize(self.known.len().max(highest as usize + 1), None);
        for slot in FIRST_SLOT..=highest {
            let found = kernel.slot(slot);
            if found.flags & SLOT_USED == 0 {
                continue;
            }
            in_use += 1;
            let known = &mut self.known[slot as usize];
            new += u32::from(known.is_none());
            let said = look(kernel, slot, found, known.as_ref(), now_ms, &mut sample);
            if said.ended {
                let leaving =
                    Leaving { slot, process: said.process, generation: found.generation, urgent: false };
                ended.push((said.changed_ms, leaving));
            }
            *known = Some(said);
        }
        sample.residuals =
            RESIDUAL_SLOTS.iter().map(|&(slot, reason)| (reason, counters(kernel.counters(slot)))).collect();
        let losses = LOSSES.iter().zip(kernel.losses()).filter(|&(_, events)| events > 0);
        sample.losses = losses.map(|(&what, events)| Loss { what: what.into(), events }).collect();
        let room = kernel.slot_count() - FIRST_SLOT;
        sample.tables = vec![TableFill::new("slots", in_use as usize, room as usize)];
        let free = room.saturating_sub(in_use);
        let wanted = reserve(kernel.slot_count(), new).saturating_sub(free);
        Ok((sample, due(ended, wanted as usize, now_ms)))
    }

    /// Lets go of processes that have ended. What they moved since they were read is said first.
    pub(super) fn leave(&mut self, kernel: &mut impl Kernel, leaving: &[Leaving], sample: &mut Sample) {
        if leaving.is_empty() {
            return;
        }
        for &Leaving { slot, process, .. } in leaving {
            kernel.revoke(slot, process);
        }
        kernel.wait_for_counting();
        for &Leaving { slot, process, .. } in leaving {
            let id = process_id(process);
            let totals = counters(kernel.counters(slot));
            let said = self.known[slot as usize].take();
            let identity =
                if said.is_some_and(|said| said.described) { None } else { kernel.identity(slot, id) };
            if identity.is_some() || said.is_none_or(|said| said.counters != totals) {
                sample.processes.push(ProcessSample { id, counters: totals, identity, ended: true });
            }
            kernel.free(slot);
            sample.released.push(id);
        }
    }
}

/// How many slots should be free until the next time: three quarters, because a crowd comes without warning, and twice what
/// was needed since the last time.
fn reserve(slots: u32, new: u32) -> u32 {
    (slots / 4 * 3).max(new.saturating_mul(2))
}

/// Of `ended` processes, each with when it changed last: those that were quiet long enough, and while more slots are wanted
/// those that were quiet longest.
fn due(mut ended: Vec<(u64, Leaving)>, wanted: usize, now_ms: u64) -> Vec<Leaving> {
    ended.sort_unstable_by_key(|&(changed_ms, Leaving { slot, .. })| (changed_ms, slot));
    let quiet = ended.partition_point(|&(changed_ms, _)| now_ms.saturating_sub(changed_ms) >= QUIET_MS);
    ended.truncate(quiet.max(wanted));
    let order = (0..).zip(ended);
    order.map(|(before, (_, leaving))| Leaving { urgent: before < wanted, ..leaving }).collect()
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
mod churn;
#[cfg(test)]
mod tests;
