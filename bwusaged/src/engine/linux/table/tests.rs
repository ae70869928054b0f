//! A slot at a time.

use bwusage_proto::snapshot::ResidualReason;

use super::*;

const SLOTS: u32 = 64;

struct Fake {
    slots: Vec<layout::Slot>,
    counters: Vec<[layout::Traffic; 3]>,
    writing: bool,
    released: Vec<u32>,
    under_way: Option<(u32, u64)>,
}

impl Fake {
    fn new() -> Self {
        let slots = vec![layout::Slot::default(); SLOTS as usize];
        Self {
            counters: vec![<[layout::Traffic; 3]>::default(); SLOTS as usize],
            slots,
            writing: false,
            released: vec![],
            under_way: None,
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
        SLOTS
    }
    fn reach_highest(&mut self) -> io::Result<u32> {
        Ok(SLOTS - 1)
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
    fn revoke(&mut self, _: u32, _: u64) {}
    fn wait_for_counting(&mut self) {
        // Whoever had found the slot before it was revoked counts there now.
        if let Some((slot, bytes)) = self.under_way.take() {
            self.receive(slot, bytes);
        }
    }
    fn free(&mut self, slot: u32) {
        self.slots[slot as usize] = layout::Slot::default();
        self.counters[slot as usize] = <[layout::Traffic; 3]>::default();
        self.released.push(slot);
    }
    fn losses(&self) -> [u64; LOSSES.len()] {
        [0, 3, 0]
    }
}

/// A tick: what the table says, and the slots that it gets back.
fn tick(table: &mut Table, kernel: &mut Fake, now_ms: u64) -> Sample {
    let (mut sample, leaving) = table.sample(kernel, now_ms).unwrap();
    table.leave(kernel, &leaving, &mut sample);
    sample
}

fn received(process: &ProcessSample) -> u64 {
    process.counters.total().wire.rx_bytes
}

#[test]
fn only_what_changed_is_said_again() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    kernel.receive(8, 10);
    let first = tick(&mut table, &mut kernel, 0).processes;
    assert_eq!((first[0].id, received(&first[0])), (ProcessId::new(42, 500), 10));
    assert_eq!(first[0].identity.as_ref().unwrap().name, "p42");
    assert!(tick(&mut table, &mut kernel, 1000).processes.is_empty());
    kernel.receive(8, 5);
    let third = tick(&mut table, &mut kernel, 2000).processes;
    assert_eq!((received(&third[0]), &third[0].identity), (15, &None));
}

#[test]
fn an_exec_describes_the_process_again() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    tick(&mut table, &mut kernel, 0);
    kernel.slots[8].identity_version += 2;
    assert!(tick(&mut table, &mut kernel, 1000).processes[0].identity.is_some());
}

#[test]
fn an_identity_that_is_being_written_is_asked_for_again() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    kernel.writing = true;
    assert_eq!(tick(&mut table, &mut kernel, 0).processes[0].identity, None);
    kernel.writing = false;
    assert!(tick(&mut table, &mut kernel, 1000).processes[0].identity.is_some());
}

#[test]
fn an_ended_process_gives_its_slot_back_when_it_was_quiet_long_enough() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    tick(&mut table, &mut kernel, 0);
    kernel.end(8);
    kernel.receive(8, 7);
    let last = tick(&mut table, &mut kernel, 1000).processes;
    assert!(last[0].ended && received(&last[0]) == 7);
    kernel.receive(8, 1);
    tick(&mut table, &mut kernel, 60_000);
    assert!(tick(&mut table, &mut kernel, 60_000 + QUIET_MS - 1).released.is_empty());
    assert_eq!(tick(&mut table, &mut kernel, 60_000 + QUIET_MS).released, [ProcessId::new(42, 500)]);
    assert_eq!(kernel.released, [8]);
    kernel.start(8, 43);
    assert_eq!(tick(&mut table, &mut kernel, 200_000).processes[0].id.pid, 43);
}

#[test]
fn how_full_the_table_is_goes_with_every_sample() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    let fill =
        |sample: &Sample| sample.tables.iter().map(|fill| (fill.entries, fill.capacity)).collect::<Vec<_>>();
    let room = u64::from(SLOTS - FIRST_SLOT);
    assert_eq!(fill(&tick(&mut table, &mut kernel, 0)), [(0, room)]);
    kernel.start(8, 42);
    kernel.start(9, 43);
    assert_eq!(fill(&tick(&mut table, &mut kernel, 1000)), [(2, room)]);
}

#[test]
fn a_living_process_keeps_its_slot_however_quiet_it_is() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    tick(&mut table, &mut kernel, 0);
    assert!(tick(&mut table, &mut kernel, QUIET_MS * 100).released.is_empty());
}

#[test]
fn while_slots_are_scarce_those_that_were_quiet_longest_come_back_at_once() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    (8..24).for_each(|slot| kernel.start(slot, u64::from(slot) + 100));
    (8..20).for_each(|slot| kernel.end(slot));
    assert_eq!(tick(&mut table, &mut kernel, 0).released.len(), 8, "three quarters of the table are free");
    assert_eq!(kernel.released, [8, 9, 10, 11, 12, 13, 14, 15]);

    kernel.receive(16, 1);
    assert_eq!(tick(&mut table, &mut kernel, 1000).released, []);
    (8..10).for_each(|slot| kernel.start(slot, u64::from(slot) + 200));
    let released = tick(&mut table, &mut kernel, 2000).released;
    assert_eq!(
        released,
        [ProcessId::new(117, 500), ProcessId::new(118, 500)],
        "116 has said something since"
    );
}

#[test]
fn who_was_quiet_long_enough_may_wait_and_whose_slot_is_wanted_may_not() {
    let urgent = |leaving: Vec<Leaving>| leaving.iter().map(Leaving::is_urgent).collect::<Vec<_>>();
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    kernel.end(8);
    tick(&mut table, &mut kernel, 0);
    assert_eq!(urgent(table.sample(&mut kernel, QUIET_MS).unwrap().1), [false]);

    (9..20).for_each(|slot| kernel.start(slot, u64::from(slot) + 100));
    (9..20).for_each(|slot| kernel.end(slot));
    let leaving = table.sample(&mut kernel, QUIET_MS).unwrap().1;
    assert_eq!(leaving[0].slot, 8, "it was quiet longest");
    assert_eq!(urgent(leaving), [true; 4], "three quarters of the table are to be free");
}

#[test]
fn more_slots_are_made_free_while_more_are_needed_from_tick_to_tick() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    (8..12).for_each(|slot| kernel.start(slot, u64::from(slot) + 100));
    (8..12).for_each(|slot| kernel.end(slot));
    assert_eq!(tick(&mut table, &mut kernel, 0).released, []);
    (12..42).for_each(|slot| kernel.start(slot, u64::from(slot) + 100));
    (12..42).for_each(|slot| kernel.end(slot));
    let released = tick(&mut table, &mut kernel, 1000).released;
    assert_eq!(released.len(), 34, "as many again may come until the next time, and then twice as many");
}

#[test]
fn a_slot_that_nobody_else_wants_is_kept_for_what_is_under_way() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    (8..16).for_each(|slot| kernel.start(slot, u64::from(slot) + 100));
    tick(&mut table, &mut kernel, 0);
    (8..16).for_each(|slot| kernel.end(slot));
    for second in 1..100 {
        assert!(tick(&mut table, &mut kernel, second * 1000).released.is_empty());
    }
}

#[test]
fn what_is_counted_while_a_process_leaves_is_said_before_it_has_left() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    kernel.end(8);
    kernel.receive(8, 10);
    tick(&mut table, &mut kernel, 0);
    kernel.under_way = Some((8, 5));
    let last = tick(&mut table, &mut kernel, QUIET_MS);
    assert_eq!((received(&last.processes[0]), last.released.len()), (15, 1));
}

#[test]
fn a_process_that_leaves_at_once_has_its_name_all_the_same() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.start(8, 42);
    kernel.end(8);
    kernel.writing = true;
    let (mut sample, _) = table.sample(&mut kernel, 0).unwrap();
    kernel.writing = false;
    let leaving = [Leaving { slot: 8, process: kernel.slots[8].process, generation: 0, urgent: true }];
    table.leave(&mut kernel, &leaving, &mut sample);
    assert_eq!(sample.processes.last().unwrap().identity.as_ref().unwrap().name, "p42");
}

#[test]
fn nobodys_bytes_and_lost_updates_are_said_by_name() {
    let (mut kernel, mut table) = (Fake::new(), Table::default());
    kernel.receive(3, 84);
    let sample = tick(&mut table, &mut kernel, 0);
    let icmp = sample.residuals.iter().find(|(reason, _)| *reason == ResidualReason::KernelIcmp).unwrap();
    assert_eq!(icmp.1.total().wire.rx_bytes, 84);
    assert_eq!((sample.losses.len(), sample.losses[0].events), (1, 3));
}
