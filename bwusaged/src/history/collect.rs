//! Adds up what every tick counted, minute by minute. Pure: the time is an argument.
//!
//! Growth is booked in the minute in which it was seen. A span of time in which somebody counted goes on from tick to tick; it
//! ends, and another one begins, where the wall clock and the steady clock disagree: the machine slept, or somebody set the clock.
//! Growth is never computed from times, so a clock that is set back makes nothing negative: what is counted then is booked at
//! the time that the clock says, beside what was counted there before.

use std::collections::HashMap;

use bwusage_proto::{
    process::UserId,
    snapshot::HostSample,
    units::{Counters, Scope, Wire},
};

use super::{
    minute::{HostSums, MOST_MOVERS, Minute, Pending, Span},
    remotes::{Directory, Remotes},
    seconds::Seconds,
};
use crate::{
    engine::Talk,
    usage::{
        Moment,
        store::{Mover, OTHER_PROGRAMS},
    },
};

/// So far the two clocks may disagree between two ticks before somebody must have slept or set the clock.
const JUMP_MS: u64 = 3000;
/// A clock that was set back by less than this is not worth telling.
const TELL_MS: u64 = 60_000;

/// What adds up.
#[derive(Debug, Default)]
pub struct Collector {
    before: Option<Moment>,
    span: Option<Span>,
    spans: u64,
    interfaces: HashMap<String, Wire>,
    disk: Option<[u64; 2]>,
    remotes: Remotes,
    seconds: Seconds,
    pending: Pending,
    set_back_ms: Option<u64>,
}

impl Collector {
    /// Takes in one tick: what moved in it, and the machine at its end.
    pub fn tick(&mut self, now: Moment, grown: &[(Mover, Counters)], host: &HostSample) {
        self.cover(now);
        let growth = self.grow(host);
        let start = minute_of(now);
        if !self.pending.minutes.contains_key(&start) {
            self.pending.bound();
        }
        let minute = self.pending.minutes.entry(start).or_default();
        for (mover, counters) in grown {
            book(minute, mover, counters);
            self.remotes.moved(start, mover, counters);
        }
        for (interface, wire) in growth.interfaces {
            *minute.interfaces.entry(interface).or_default() += wire;
        }
        minute.host.add(&growth.host);
        if let Some(span) = self.span {
            self.seconds.tick(second_of(now), span, grown, &growth.host);
        }
    }

    /// The last minutes, second by second.
    #[must_use]
    pub fn seconds(&self) -> &Seconds {
        &self.seconds
    }

    /// Whether it is time to say who talks to whom: a minute is over in which somebody moved bytes.
    #[must_use]
    pub fn wants_talk(&self, now: Moment) -> bool {
        self.remotes.is_due(minute_of(now))
    }

    /// Takes in who talks to whom, or that nobody knows it. Without `now` there will be no other reading.
    pub fn talk(&mut self, now: Option<Moment>, talk: Option<&Talk>, directory: &impl Directory) {
        for (minute, remotes) in self.remotes.book(now.map(minute_of), talk, directory) {
            let booked = Minute { remotes, ..Minute::default() };
            self.pending.minutes.entry(minute).or_default().add(booked);
        }
        self.pending.bound();
    }

    /// Everything since it was last taken.
    pub fn take(&mut self) -> Pending {
        std::mem::take(&mut self.pending)
    }

    /// By how much the clock was set back since this was last asked, when somebody should know.
    pub fn set_back_ms(&mut self) -> Option<u64> {
        self.set_back_ms.take()
    }

    fn cover(&mut self, now: Moment) {
        let seconds = |ms: u64| i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        let to = seconds(now.unix_ms);
        let passed_ms = self.before.map_or(0, |before| now.steady_ms.saturating_sub(before.steady_ms));
        let expected_ms = self.before.map(|before| before.unix_ms.saturating_add(passed_ms));
        let jumped = expected_ms.is_none_or(|expected| now.unix_ms.abs_diff(expected) > JUMP_MS);
        let back_ms = expected_ms.map_or(0, |expected| expected.saturating_sub(now.unix_ms));
        if back_ms >= TELL_MS {
            self.set_back_ms = Some(back_ms);
        }
        self.before = Some(now);
        let span = if let Some(span) = self.span.filter(|_| !jumped) {
            // A clock that is slowed down is not one that was set back.
            Span { to: to.max(span.to), ..span }
        } else {
            self.spans += 1;
            Span { number: self.spans, from: to - seconds(passed_ms).min(to), to }
        };
        self.span = Some(span);
        self.pending.cover(span);
    }

    /// What the machine's own counters grew by. One that is new, or runs backwards, begins again.
    fn grow(&mut self, host: &HostSample) -> Minute {
        let mut growth = Minute { host: HostSums::default(), ..Minute::default() };
        if let Some(cpu) = host.cpu_centipercent.map(u64::from) {
            (growth.host.cpu_ticks, growth.host.cpu_centipercent, growth.host.cpu_peak) = (1, cpu, cpu);
        }
        if let Some(used) = host.memory.map(|memory| memory.used_bytes) {
            (growth.host.memory_ticks, growth.host.memory_mib, growth.host.memory_peak) =
                (1, used >> 20, used);
        }
        let disk = host.disk.map(|disk| [disk.read_bytes_total, disk.write_bytes_total]);
        let before = std::mem::replace(&mut self.disk, disk);
        growth.host.disk = disk.zip(before).map(|(now, before)| {
            let grown = |at: usize| now[at].checked_sub(before[at]);
            grown(0).zip(grown(1)).map_or([0, 0], |(read, written)| [read, written])
        });
        for interface in &host.interfaces {
            let now = Wire {
                rx_bytes: interface.rx_bytes_total,
                tx_bytes: interface.tx_bytes_total,
                rx_packets: interface.rx_packets_total,
                tx_packets: interface.tx_packets_total,
            };
            let known = self.interfaces.get_mut(&interface.name);
            let before = match known {
                Some(known) => Some(std::mem::replace(known, now)),
                None => self.interfaces.insert(interface.name.clone(), now),
            };
            let Some(wire) = before.and_then(|before| now.since(before)) else { continue };
            if !interface.loopback {
                let [rx, tx] = growth.host.network.get_or_insert([0, 0]);
                *rx = rx.saturating_add(wire.rx_bytes);
                *tx = tx.saturating_add(wire.tx_bytes);
            }
            if wire != Wire::default() {
                growth.interfaces.insert(interface.name.clone(), wire);
            }
        }
        // One that is gone begins again when it comes back: names are reused.
        if self.interfaces.len() > host.interfaces.len() {
            self.interfaces.retain(|name, _| host.interfaces.iter().any(|interface| interface.name == *name));
        }
        growth
    }
}

/// The first second of the minute of `now`, of Unix time.
fn minute_of(now: Moment) -> i64 {
    let second = second_of(now);
    second - second.rem_euclid(60)
}

fn second_of(now: Moment) -> i64 {
    i64::try_from(now.unix_ms / 1000).unwrap_or(i64::MAX)
}

/// Adds `counters` to what `mover` moved in `minute`, or to a sum when too many are told apart.
fn book(minute: &mut Minute, mover: &Mover, counters: &Counters) {
    let full = minute.moved.len() >= MOST_MOVERS && !minute.moved.contains_key(mover);
    let mover = match mover {
        Mover::Process { user, .. } if full => others_of(user.as_ref()),
        mover => mover.clone(),
    };
    let sums = minute.moved.entry(mover).or_default();
    for scope in Scope::ALL {
        sums[scope as usize] += counters[scope].wire;
    }
}

/// All programs of `user` that are not told apart.
pub(super) fn others_of(user: Option<&UserId>) -> Mover {
    Mover::Process { app: OTHER_PROGRAMS.into(), user: user.cloned(), category: None }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::snapshot::{DiskIo, Interface, Memory};

    use super::*;

    const BEGIN_MS: u64 = 1_700_000_040_000; // The first second of a minute.

    fn at(ms: u64) -> Moment {
        Moment { unix_ms: BEGIN_MS + ms, steady_ms: ms }
    }

    fn firefox() -> Mover {
        Mover::Process { app: "firefox".into(), user: Some(UserId::Uid(1)), category: None }
    }

    fn grown(mover: Mover, bytes: u64) -> Vec<(Mover, Counters)> {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = bytes;
        vec![(mover, counters)]
    }

    fn host(eth0: u64) -> HostSample {
        let interface = |name: &str, loopback| Interface {
            name: name.into(),
            loopback,
            rx_bytes_total: eth0,
            ..Interface::default()
        };
        HostSample {
            cpu_centipercent: Some(1000),
            memory: Some(Memory { used_bytes: 3 << 20, ..Memory::default() }),
            disk: Some(DiskIo { read_bytes_total: 2 * eth0, ..DiskIo::default() }),
            interfaces: vec![interface("eth0", false), interface("lo", true)],
            ..HostSample::default()
        }
    }

    fn bytes(pending: &Pending) -> Vec<(i64, u64)> {
        let sum = |minute: &Minute| minute.moved.values().flatten().map(|wire| wire.rx_bytes).sum();
        pending
            .minutes
            .iter()
            .map(|(&start, minute)| (start - BEGIN_MS.cast_signed() / 1000, sum(minute)))
            .collect()
    }

    #[test]
    fn growth_is_booked_in_the_minute_in_which_it_was_seen_and_taken_once() {
        let mut collector = Collector::default();
        for (ms, moved) in [(0, 5), (1000, 7), (59_999, 1), (60_000, 20)] {
            collector.tick(at(ms), &grown(firefox(), moved), &HostSample::default());
        }
        let pending = collector.take();
        assert_eq!(bytes(&pending), [(0, 13), (60, 20)]);
        assert_eq!(pending.covered.iter().map(|span| span.to - span.from).collect::<Vec<_>>(), [60]);
        assert!(collector.take().is_empty());
    }

    #[test]
    fn the_machines_counters_count_from_the_second_tick_and_from_0_after_they_ran_backwards() {
        let mut collector = Collector::default();
        for (ms, eth0) in [(0, 1000), (1000, 1300), (2000, 50), (3000, 60)] {
            collector.tick(at(ms), &[], &host(eth0));
        }
        let pending = collector.take();
        let minute = pending.minutes.values().next().unwrap();
        assert_eq!((minute.interfaces["eth0"].rx_bytes, minute.interfaces["lo"].rx_bytes), (310, 310));
        assert_eq!((minute.host.network, minute.host.disk), (Some([310, 0]), Some([620, 0])));
        assert_eq!(
            (minute.host.cpu_ticks, minute.host.cpu_centipercent, minute.host.memory_mib),
            (4, 4000, 12)
        );
    }

    #[test]
    fn what_is_not_measured_is_unknown_and_not_nothing() {
        let mut collector = Collector::default();
        collector.tick(at(0), &[], &HostSample::default());
        collector.tick(at(1000), &[], &HostSample::default());
        let host = collector.take().minutes.values().next().unwrap().host;
        assert_eq!((host.cpu_ticks, host.disk, host.network), (0, None, None));
    }

    #[test]
    fn a_machine_that_slept_leaves_a_gap() {
        let mut collector = Collector::default();
        collector.tick(at(0), &[], &HostSample::default());
        collector.tick(at(1000), &[], &HostSample::default());
        let woken = Moment { unix_ms: BEGIN_MS + 3_600_000, steady_ms: 2000 };
        collector.tick(woken, &grown(firefox(), 9), &HostSample::default());
        let pending = collector.take();
        let begin = BEGIN_MS.cast_signed() / 1000;
        let spans: Vec<_> = pending.covered.iter().map(|span| (span.from - begin, span.to - begin)).collect();
        assert_eq!(spans, [(0, 1), (3599, 3600)]);
        assert_eq!(bytes(&pending), [(0, 0), (3600, 9)]);
        assert_eq!(collector.set_back_ms(), None);
    }

    #[test]
    fn a_clock_that_is_set_back_a_year_counts_on_there_and_is_told_once() {
        const YEAR_MS: u64 = 365 * 86_400_000;
        let mut collector = Collector::default();
        collector.tick(at(0), &grown(firefox(), 5), &HostSample::default());
        let back = Moment { unix_ms: BEGIN_MS - YEAR_MS, steady_ms: 1000 };
        collector.tick(back, &grown(firefox(), 7), &HostSample::default());
        let pending = collector.take();
        assert_eq!(bytes(&pending), [(-YEAR_MS.cast_signed() / 1000, 7), (0, 5)]);
        assert_eq!(pending.covered.len(), 2);
        assert!(pending.covered.iter().all(|span| span.from <= span.to));
        assert_eq!(collector.set_back_ms(), Some(YEAR_MS + 1000));
        assert_eq!(collector.set_back_ms(), None);
    }

    #[test]
    fn a_clock_that_is_set_right_by_a_second_is_no_gap() {
        let mut collector = Collector::default();
        collector.tick(at(10_000), &[], &HostSample::default());
        collector.tick(Moment { unix_ms: BEGIN_MS + 10_000, steady_ms: 11_000 }, &[], &HostSample::default());
        collector.tick(Moment { unix_ms: BEGIN_MS + 12_900, steady_ms: 12_000 }, &[], &HostSample::default());
        assert_eq!(collector.take().covered.len(), 1);
    }

    #[test]
    fn a_crowd_of_names_is_one_name_of_its_user_and_no_byte_is_lost() {
        let mut collector = Collector::default();
        for name in 0..MOST_MOVERS as u32 + 100 {
            let mover =
                Mover::Process { app: name.to_string(), user: Some(UserId::Uid(name % 2)), category: None };
            collector.tick(at(0), &grown(mover, 1), &HostSample::default());
        }
        let pending = collector.take();
        let minute = pending.minutes.values().next().unwrap();
        let sum = |mover: &Mover| minute.moved[mover].iter().map(|wire| wire.rx_bytes).sum::<u64>();
        assert_eq!(sum(&others_of(Some(&UserId::Uid(0)))) + sum(&others_of(Some(&UserId::Uid(1)))), 100);
        assert_eq!(minute.moved.len(), MOST_MOVERS + 2);
    }
}
