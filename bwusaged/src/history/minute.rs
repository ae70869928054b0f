//! What was counted and is not stored yet: minutes, and the spans of time in which somebody counted.

use std::collections::{BTreeMap, HashMap};

use bwusage_proto::{
    connection::Moved,
    units::{Scope, Wire},
};

use super::remotes::Ends;
use crate::usage::store::Mover;

/// Most movers that are told apart in what waits to be stored; programs choose their names, so there may be as many as there are
/// processes. Beyond it they are booked as [`crate::usage::store::OTHER_PROGRAMS`] of their user.
pub const MOST_MOVERS: usize = 4096;
/// Most entries that wait, some 6 MiB. When nothing can be stored for so long, the oldest minutes are given up, and are gaps.
pub const MOST_ENTRIES: usize = 65_536;

/// Everything that waits to be stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pending {
    /// Minutes by their first second, of Unix time.
    pub minutes: BTreeMap<i64, Minute>,
    /// In which somebody counted: seconds of Unix time, the end not included.
    pub covered: Vec<Span>,
    /// Minutes that were given up because nothing could be stored.
    pub given_up: u64,
}

/// A span of time, in seconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Tells the span from others: it is stored again, longer, while it lasts.
    pub number: u64,
    /// The first second.
    pub from: i64,
    /// The first second after it.
    pub to: i64,
}

/// What was counted in one minute, or in a part of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Minute {
    /// By whom and how far.
    pub moved: HashMap<Mover, [Wire; 3]>,
    /// By which interface, as it counts itself.
    pub interfaces: HashMap<String, Wire>,
    /// To and from which remote host, as far as it is known already.
    pub remotes: HashMap<Ends, Moved>,
    /// The machine.
    pub host: HostSums,
}

/// Sums over the ticks of a span of time, from which averages are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostSums {
    /// Ticks in which the processor was measured.
    pub cpu_ticks: u64,
    /// Hundredths of a percent, added up.
    pub cpu_centipercent: u64,
    /// The most in one tick.
    pub cpu_peak: u64,
    /// Ticks in which memory was measured.
    pub memory_ticks: u64,
    /// Memory in use in MiB, added up.
    pub memory_mib: u64,
    /// The most in one tick, in bytes.
    pub memory_peak: u64,
    /// Bytes from and to disks; `None` where nobody says.
    pub disk: Option<[u64; 2]>,
    /// Bytes in and out of all interfaces but loopback; `None` where nobody says.
    pub network: Option<[u64; 2]>,
}

impl HostSums {
    /// Adds what was counted in another span.
    pub fn add(&mut self, other: &Self) {
        let pair = |ours: Option<[u64; 2]>, theirs: Option<[u64; 2]>| match (ours, theirs) {
            (Some([a, b]), Some([c, d])) => Some([a.saturating_add(c), b.saturating_add(d)]),
            (known, None) | (None, known) => known,
        };
        self.cpu_ticks += other.cpu_ticks;
        self.cpu_centipercent += other.cpu_centipercent;
        self.cpu_peak = self.cpu_peak.max(other.cpu_peak);
        self.memory_ticks += other.memory_ticks;
        self.memory_mib = self.memory_mib.saturating_add(other.memory_mib);
        self.memory_peak = self.memory_peak.max(other.memory_peak);
        self.disk = pair(self.disk, other.disk);
        self.network = pair(self.network, other.network);
    }
}

impl Minute {
    /// Adds what was counted in another part of it.
    pub fn add(&mut self, other: Self) {
        for (mover, counted) in other.moved {
            let sums = self.moved.entry(mover).or_default();
            for scope in Scope::ALL {
                sums[scope as usize] += counted[scope as usize];
            }
        }
        for (interface, wire) in other.interfaces {
            *self.interfaces.entry(interface).or_default() += wire;
        }
        for (ends, moved) in other.remotes {
            *self.remotes.entry(ends).or_default() += moved;
        }
        self.host.add(&other.host);
    }

    fn entries(&self) -> usize {
        1 + self.moved.len() + self.interfaces.len() + self.remotes.len()
    }
}

impl Pending {
    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty() && self.covered.is_empty()
    }

    /// Says that somebody counted in `span`, which replaces what was said of the span with its number.
    pub fn cover(&mut self, span: Span) {
        match self.covered.iter_mut().rev().find(|known| known.number == span.number) {
            Some(known) => {
                known.from = known.from.min(span.from);
                known.to = known.to.max(span.to);
            }
            None => self.covered.push(span),
        }
    }

    /// Adds what was counted later.
    pub fn add(&mut self, later: Self) {
        for (start, minute) in later.minutes {
            self.minutes.entry(start).or_default().add(minute);
        }
        for span in later.covered {
            self.cover(span);
        }
        self.given_up += later.given_up;
        self.bound();
    }

    /// Gives the oldest minutes up until there is room, and says that nobody counted in them.
    pub fn bound(&mut self) {
        let mut entries: usize = self.minutes.values().map(Minute::entries).sum();
        let mut until = None;
        while entries > MOST_ENTRIES {
            let Some((start, minute)) = self.minutes.pop_first() else { break };
            entries -= minute.entries();
            until = Some(start + 60);
            self.given_up += 1;
        }
        if let Some(until) = until {
            self.covered.retain(|span| span.to > until);
            for span in &mut self.covered {
                span.from = span.from.max(until);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(movers: usize) -> Minute {
        let mover = |number: usize| Mover::Process { app: number.to_string(), user: None, category: None };
        let wire = Wire { rx_bytes: 5, ..Wire::default() };
        Minute { moved: (0..movers).map(|number| (mover(number), [wire; 3])).collect(), ..Minute::default() }
    }

    fn pending(start: i64, movers: usize) -> Pending {
        Pending {
            minutes: BTreeMap::from([(start, minute(movers))]),
            covered: vec![Span { number: 1, from: start, to: start + 60 }],
            given_up: 0,
        }
    }

    #[test]
    fn two_parts_of_one_minute_add_up() {
        let mut whole = pending(600, 2);
        whole.add(pending(600, 3));
        let bytes: u64 = whole.minutes[&600].moved.values().flatten().map(|wire| wire.rx_bytes).sum();
        assert_eq!((bytes, whole.covered.len()), (75, 1));
    }

    #[test]
    fn a_span_that_went_on_is_one_span() {
        let mut whole = pending(600, 1);
        whole.add(pending(660, 1));
        assert_eq!(whole.covered, [Span { number: 1, from: 600, to: 720 }]);
    }

    #[test]
    fn what_cannot_be_stored_for_too_long_becomes_a_gap_from_its_oldest_end() {
        let mut whole = Pending::default();
        for number in 0..100 {
            whole.add(pending(number * 60, 1000));
        }
        assert!(whole.minutes.values().map(Minute::entries).sum::<usize>() <= MOST_ENTRIES);
        assert_eq!(whole.given_up + whole.minutes.len() as u64, 100);
        let oldest = *whole.minutes.first_key_value().unwrap().0;
        assert_eq!(whole.covered, [Span { number: 1, from: oldest, to: 6000 }]);
    }
}
