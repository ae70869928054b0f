//! Who has series of their own, and what is summed up in `other`: pure, totals in, counters out.
//!
//! There may be more applications than a monitoring system wants series, so only some have their own. The rules, so that no
//! counter ever goes down, none jumps, and all of them together are always everything:
//!
//! 1. Whoever has series of its own keeps them as long as the daemon runs. A top that is looked for anew at each scrape would
//!    move totals to and fro, and every move would look like traffic, or like a counter that began anew.
//! 2. Whoever comes from `other` leaves there what it moved until then: its own series begin at 0 and count from now on.
//! 3. The first half of the places is for whoever moved most so far; the second half only for those who moved at least a
//!    thousandth of everything, so that a place is left for whoever turns out to be large.
//! 4. Who has series, and from where on they count, is kept for the next server, [`Kept`]; with another run of the daemon
//!    everything begins anew, as counters do.
//!
//! What the daemon forgets or books anew (a process that became another application) makes a counter stand still until it is
//! caught up with, never go down.

use std::collections::BTreeMap;

use bwusage_proto::units::{Counters, Payload, Scope, Traffic, Wire};
use serde::{Deserialize, Serialize};

/// The label of the rest. A program that calls itself so is in it.
pub(super) const OTHER: &str = "other";

/// Places are given away freely to half of them, then from this share of all bytes on.
const SHARE: u64 = 1_000;

/// The memory of one kind of label, from scrape to scrape.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// What is kept when the server ends.
    kept: Kept,
    /// Whether `kept` is what an earlier server left: who was in `other` then is not known.
    is_inherited: bool,
    /// What each of those in `other` had moved at the last scrape.
    folded: BTreeMap<String, Counters>,
    /// What was answered last.
    told: BTreeMap<String, Counters>,
}

/// What the next server must know, so that its counters go on where these end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Which run of the daemon: another one counts from 0 again.
    run: Option<u64>,
    /// What each of those with series of their own had moved before it had them.
    own: BTreeMap<String, Counters>,
}

impl Shares {
    /// Goes on where an earlier server ended.
    pub(super) fn inherit(kept: Kept) -> Self {
        Self { is_inherited: kept.run.is_some(), kept, ..Self::default() }
    }

    /// What the next server must know.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The counters to answer with, `totals` being those of the daemon's run `run`, in at most `top` series and `other`.
    pub(super) fn account(
        &mut self,
        run: u64,
        totals: &BTreeMap<String, Counters>,
        top: usize,
    ) -> &BTreeMap<String, Counters> {
        if self.kept.run != Some(run) {
            *self = Self { kept: Kept { run: Some(run), own: BTreeMap::new() }, ..Self::default() };
        }
        self.give_places(totals, top);
        self.is_inherited = false;
        self.folded.clear();
        let mut rest = Counters::default();
        for (name, total) in totals {
            if let Some(before) = self.kept.own.get(name) {
                rest = combine(&rest, before, u64::saturating_add);
                let own = combine(total, before, u64::saturating_sub);
                raise(self.told.entry(name.clone()).or_default(), &own);
            } else {
                rest = combine(&rest, total, u64::saturating_add);
                self.folded.insert(name.clone(), *total);
            }
        }
        raise(self.told.entry(OTHER.to_owned()).or_default(), &rest);
        &self.told
    }

    /// How many were summed up in `other` at the last scrape.
    pub(super) fn folded(&self) -> usize {
        self.folded.len()
    }

    fn give_places(&mut self, totals: &BTreeMap<String, Counters>, top: usize) {
        let everything = totals.values().fold(0, |sum: u64, total| sum.saturating_add(bytes(total)));
        let mut waiting: Vec<(u64, &String)> = totals
            .iter()
            .map(|(name, total)| (bytes(total), name))
            .filter(|(bytes, name)| *bytes > 0 && *name != OTHER && !self.kept.own.contains_key(*name))
            .collect();
        waiting.sort_unstable_by(|(a, a_name), (b, b_name)| b.cmp(a).then(a_name.cmp(b_name)));
        for (bytes, name) in waiting {
            let places = if bytes >= everything / SHARE { top } else { top.div_ceil(2) };
            if self.kept.own.len() >= places {
                return;
            }
            let before = if self.is_inherited { totals.get(name) } else { self.folded.get(name) };
            self.kept.own.insert(name.clone(), before.copied().unwrap_or_default());
        }
    }
}

fn bytes(counters: &Counters) -> u64 {
    let Wire { rx_bytes, tx_bytes, .. } = counters.total().wire;
    rx_bytes.saturating_add(tx_bytes)
}

/// Lets `counters` grow to `now` where it is more.
fn raise(counters: &mut Counters, now: &Counters) {
    *counters = combine(counters, now, u64::max);
}

fn combine(a: &Counters, b: &Counters, with: fn(u64, u64) -> u64) -> Counters {
    let mut result = Counters::default();
    for scope in Scope::ALL {
        let (a, b) = (&a[scope], &b[scope]);
        result[scope] = Traffic {
            wire: Wire {
                rx_bytes: with(a.wire.rx_bytes, b.wire.rx_bytes),
                tx_bytes: with(a.wire.tx_bytes, b.wire.tx_bytes),
                rx_packets: with(a.wire.rx_packets, b.wire.rx_packets),
                tx_packets: with(a.wire.tx_packets, b.wire.tx_packets),
            },
            payload: Payload {
                rx_bytes: with(a.payload.rx_bytes, b.payload.rx_bytes),
                tx_bytes: with(a.payload.tx_bytes, b.payload.tx_bytes),
            },
        };
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(apps: &[(&str, u64)]) -> BTreeMap<String, Counters> {
        let counters = |rx_bytes| {
            let mut counters = Counters::default();
            counters[Scope::Internet].wire.rx_bytes = rx_bytes;
            counters
        };
        apps.iter().map(|&(name, rx_bytes)| (name.to_owned(), counters(rx_bytes))).collect()
    }

    fn account(shares: &mut Shares, run: u64, apps: &[(&str, u64)], top: usize) -> BTreeMap<String, u64> {
        let told = shares.account(run, &totals(apps), top);
        told.iter().map(|(name, counters)| (name.clone(), bytes(counters))).collect()
    }

    fn expect(apps: &[(&str, u64)]) -> BTreeMap<String, u64> {
        apps.iter().map(|&(name, bytes)| (name.to_owned(), bytes)).collect()
    }

    #[test]
    fn as_long_as_there_is_room_everybody_has_series_and_nothing_is_other() {
        let told = account(&mut Shares::default(), 1, &[("a", 5), ("b", 3), ("idle", 0)], 8);
        assert_eq!(told, expect(&[("a", 5), ("b", 3), ("other", 0)]));
    }

    #[test]
    fn the_largest_have_series_and_all_together_are_everything() {
        let apps = [("a", 5_000), ("b", 30), ("c", 9_000), ("d", 1), ("e", 20)];
        let told = account(&mut Shares::default(), 1, &apps, 4);
        assert_eq!(told, expect(&[("a", 5_000), ("b", 30), ("c", 9_000), ("e", 20), ("other", 1)]));
    }

    #[test]
    fn half_of_the_places_wait_for_the_large() {
        let mut shares = Shares::default();
        let first = account(&mut shares, 1, &[("a", 10_000), ("b", 5), ("c", 4)], 4);
        assert_eq!(
            first,
            expect(&[("a", 10_000), ("b", 5), ("other", 4)]),
            "c moved too little for the second half"
        );
        let then = account(&mut shares, 1, &[("a", 10_000), ("b", 5), ("c", 4), ("new", 700)], 4);
        assert_eq!(then["new"], 700, "it was never in other");
    }

    #[test]
    fn whoever_comes_from_other_leaves_there_what_was_told() {
        let mut shares = Shares::default();
        account(&mut shares, 1, &[("a", 10_000), ("b", 9_000), ("c", 4)], 4);
        let told = account(&mut shares, 1, &[("a", 10_000), ("b", 9_000), ("c", 504)], 4);
        assert_eq!(told, expect(&[("a", 10_000), ("b", 9_000), ("c", 500), ("other", 4)]));
        assert_eq!(shares.folded(), 0);
    }

    #[test]
    fn whoever_is_overtaken_keeps_its_series() {
        let mut shares = Shares::default();
        account(&mut shares, 1, &[("a", 10), ("b", 9)], 2);
        let told = account(&mut shares, 1, &[("a", 10), ("b", 9), ("c", 99_999)], 2);
        assert_eq!(told, expect(&[("a", 10), ("b", 9), ("other", 99_999)]));
        assert_eq!(shares.folded(), 1);
    }

    /// Totals of many programs that come, grow and are renamed, as a reader would see their counters.
    #[test]
    fn no_counter_ever_goes_down_and_all_together_are_everything() {
        let mut shares = Shares::default();
        let mut moved: BTreeMap<String, u64> = BTreeMap::new();
        let mut before = BTreeMap::new();
        let mut random = 1_u64;
        for _ in 0..2_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let who = (random >> 33) % 40;
            *moved.entry(format!("app{who}")).or_default() += 1 + (random >> 40) % (1 << who.min(16));
            if random >> 61 == 0 {
                let kept = serde_json::to_string(shares.kept()).unwrap();
                shares = Shares::inherit(serde_json::from_str(&kept).unwrap());
            }
            let apps: Vec<(&str, u64)> = moved.iter().map(|(name, &bytes)| (name.as_str(), bytes)).collect();
            let told = account(&mut shares, 7, &apps, 12);
            assert!(told.len() <= 13);
            for (name, bytes) in &before {
                assert!(told.get(name).is_some_and(|now| now >= bytes), "{name} went down: {told:?}");
            }
            assert_eq!(told.values().sum::<u64>(), moved.values().sum::<u64>());
            before = told;
        }
        assert!(before["other"] > 0 && before.len() == 13, "{before:?}");
    }

    #[test]
    fn what_is_booked_anew_makes_a_counter_stand_still() {
        let mut shares = Shares::default();
        account(&mut shares, 1, &[("a", 10), ("b", 9)], 4);
        let told = account(&mut shares, 1, &[("a", 4), ("b", 15)], 4);
        assert_eq!(told, expect(&[("a", 10), ("b", 15), ("other", 0)]));
    }

    #[test]
    fn another_run_of_the_daemon_begins_anew() {
        let mut shares = Shares::default();
        account(&mut shares, 1, &[("a", 10)], 4);
        assert_eq!(account(&mut shares, 2, &[("b", 3)], 4), expect(&[("b", 3), ("other", 0)]));
    }

    #[test]
    fn a_program_that_calls_itself_other_is_in_it() {
        let told = account(&mut Shares::default(), 1, &[("a", 10), ("other", 3)], 4);
        assert_eq!(told, expect(&[("a", 10), ("other", 3)]));
    }
}
