//! Many short processes in a small table: nothing is lost, and nothing is counted as somebody else's.

use std::collections::{BTreeMap, HashMap, HashSet};

use bwusage_proto::snapshot::ResidualReason;
use proptest::prelude::*;

use super::*;

const SLOTS: u32 = 72;
const TABLE_FULL: u32 = 5;
const STALE: u32 = 6;

/// The tables as `maps.h` and `process.h` keep them.
struct Tables {
    slots: Vec<layout::Slot>,
    /// With the generation of their counters.
    counters: Vec<(u32, u64)>,
    free: Vec<u32>,
    processes: HashMap<u64, u64>,
    /// Packets whose program has looked at the generation and has not counted yet.
    under_way: Vec<(u32, u64)>,
    refused: u64,
}

impl Tables {
    fn new() -> Self {
        Self {
            slots: vec![layout::Slot::default(); SLOTS as usize],
            counters: vec![(0, 0); SLOTS as usize],
            free: (FIRST_SLOT..SLOTS).rev().collect(),
            processes: HashMap::new(),
            under_way: Vec::new(),
            refused: 0,
        }
    }

    /// `owner_of()`: the owner word of a process, which gets a slot if there is one.
    fn owner(&mut self, process: u64) -> u64 {
        if let Some(&owner) = self.processes.get(&process) {
            return owner;
        }
        let Some(slot) = self.free.pop() else {
            self.refused += 1;
            return u64::from(TABLE_FULL);
        };
        let found = &mut self.slots[slot as usize];
        (found.process, found.flags) = (process, SLOT_USED);
        let owner = u64::from(found.generation) << 32 | u64::from(slot);
        self.processes.insert(process, owner);
        owner
    }

    /// `counters_of()`: where a packet of this owner is counted.
    fn place(&self, owner: u64) -> u32 {
        let (slot, generation) = (owner as u32, (owner >> 32) as u32);
        if self.counters[slot as usize].0 == generation { slot } else { STALE }
    }

    fn count(&mut self, (slot, bytes): (u32, u64)) {
        self.counters[slot as usize].1 += bytes;
    }

    fn end(&mut self, process: u64) {
        if let Some(&owner) = self.processes.get(&process) {
            self.slots[owner as u32 as usize].flags |= SLOT_ENDED;
        }
    }
}

impl Kernel for Tables {
    fn slot_count(&self) -> u32 {
        SLOTS
    }
    fn reach_highest(&mut self) -> io::Result<u32> {
        Ok(SLOTS - 1)
    }
    fn slot(&self, slot: u32) -> layout::Slot {
        self.slots[slot as usize]
    }
    fn counters(&self, slot: u32) -> [layout::Traffic; 3] {
        let mut scopes = <[layout::Traffic; 3]>::default();
        scopes[0].wire_tx_bytes = self.counters[slot as usize].1;
        scopes
    }
    fn identity(&mut self, _: u32, _: ProcessId) -> Option<Identity> {
        Some(Identity::default())
    }
    fn revoke(&mut self, slot: u32, process: u64) {
        self.processes.remove(&process);
        self.counters[slot as usize].0 = self.slots[slot as usize].generation.wrapping_add(1);
    }
    fn wait_for_counting(&mut self) {
        for packet in std::mem::take(&mut self.under_way) {
            self.count(packet);
        }
    }
    fn free(&mut self, slot: u32) {
        assert!(self.under_way.is_empty(), "somebody may still count in slot {slot}");
        let generation = self.slots[slot as usize].generation.wrapping_add(1);
        self.slots[slot as usize] = layout::Slot { generation, ..layout::Slot::default() };
        self.counters[slot as usize] = (generation, 0);
        self.free.push(slot);
    }
    fn losses(&self) -> [u64; LOSSES.len()] {
        [self.refused, 0, 0]
    }
}

/// What whoever listens to the table knows.
#[derive(Default)]
struct Listener {
    moved: BTreeMap<ProcessId, u64>,
    released: HashSet<ProcessId>,
    residuals: Vec<(ResidualReason, Counters)>,
}

impl Listener {
    fn tick(&mut self, table: &mut Table, tables: &mut Tables, now_ms: u64) {
        let (mut sample, leaving) = table.sample(tables, now_ms).unwrap();
        table.leave(tables, &leaving, &mut sample);
        for process in sample.processes {
            assert!(!self.released.contains(&process.id), "{:?} was let go of", process.id);
            self.moved.insert(process.id, process.counters.total().wire.tx_bytes);
        }
        self.released.extend(sample.released);
        self.residuals = sample.residuals;
    }

    fn residual(&self, reason: ResidualReason) -> u64 {
        let found = self.residuals.iter().find(|(other, _)| *other == reason);
        found.map_or(0, |(_, counters)| counters.total().wire.tx_bytes)
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// A process sends, and ends.
    Short(u64),
    /// A process sends, and goes on.
    Long(u64),
    /// The socket of an old process sends once more, if there is one: which, and how much.
    Late(usize, u64),
    /// It begins to be counted, and is counted by the next step but one at the earliest.
    Slow(usize, u64),
    End(usize),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = 1_u64..1000;
    prop_oneof![
        12 => bytes.clone().prop_map(Step::Short),
        1 => bytes.clone().prop_map(Step::Long),
        4 => (any::<usize>(), bytes.clone()).prop_map(|(which, bytes)| Step::Late(which, bytes)),
        3 => (any::<usize>(), bytes).prop_map(|(which, bytes)| Step::Slow(which, bytes)),
        1 => any::<usize>().prop_map(Step::End),
        1 => Just(Step::Tick),
    ]
}

proptest! {
    #[test]
    fn under_any_churn_every_byte_is_a_process_s_or_has_a_name(steps in prop::collection::vec(step(), 0..300)) {
        let (mut tables, mut table, mut listener) = (Tables::new(), Table::default(), Listener::default());
        // Owner words that sockets hold, whoever they belong to by now; and who has them.
        let (mut sockets, mut alive): (Vec<(u64, u64)>, Vec<u64>) = (Vec::new(), Vec::new());
        let (mut sent, mut stale, mut now_ms) = (0, 0, 0);
        for (number, step) in (1..).zip(steps) {
            let process = (number << PID_SHIFT) + 7;
            match step {
                Step::Short(bytes) | Step::Long(bytes) => {
                    let owner = tables.owner(process);
                    sockets.push((owner, process));
                    tables.count((tables.place(owner), bytes));
                    sent += bytes;
                    if matches!(step, Step::Short(_)) { tables.end(process) } else { alive.push(process) }
                }
                Step::Late(which, bytes) | Step::Slow(which, bytes) if !sockets.is_empty() => {
                    let (owner, _) = sockets[which % sockets.len()];
                    let place = tables.place(owner);
                    sent += bytes;
                    stale += if place == STALE { bytes } else { 0 };
                    if matches!(step, Step::Slow(..)) { tables.under_way.push((place, bytes)) } else { tables.count((place, bytes)) }
                }
                Step::End(which) if !alive.is_empty() => {
                    let ended = alive.swap_remove(which % alive.len());
                    tables.end(ended);
                }
                Step::Tick => {
                    now_ms += 1000;
                    listener.tick(&mut table, &mut tables, now_ms);
                }
                _ => {}
            }
        }
        tables.wait_for_counting();
        listener.tick(&mut table, &mut tables, now_ms + 1);
        let counted: u64 = listener.moved.values().sum();
        let (full, late) = (listener.residual(ResidualReason::TableFull), listener.residual(ResidualReason::Stale));
        prop_assert_eq!(counted + full + late, sent);
        prop_assert_eq!(late, stale);
    }

    #[test]
    fn as_many_as_half_of_the_table_may_come_and_go_in_each_tick_for_ever(
        crowds in prop::collection::vec(0_u64..=32, 1..60),
    ) {
        let (mut tables, mut table, mut listener) = (Tables::new(), Table::default(), Listener::default());
        let mut number = 0;
        for (tick, crowd) in (1_u64..).zip(&crowds) {
            for _ in 0..*crowd {
                number += 1;
                let owner = tables.owner((number << PID_SHIFT) + 7);
                tables.count((tables.place(owner), 10));
                tables.end((number << PID_SHIFT) + 7);
            }
            listener.tick(&mut table, &mut tables, tick * 1000);
            prop_assert!(tables.processes.len() as u32 <= SLOTS - FIRST_SLOT);
        }
        prop_assert_eq!(tables.refused, 0);
        prop_assert_eq!(listener.moved.len() as u64, number);
        prop_assert_eq!(listener.moved.values().sum::<u64>(), number * 10);
    }
}
