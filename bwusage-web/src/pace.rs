//! How often a page wants to be told, and what happened between two times that it was: pure.
//!
//! Pages with the same pace are told at the same ticks, so that what is made for one of them serves all.

use bwusage_proto::{mirror::Mirror, units::Rates};

/// The longest pause: well below [`crate::routes`]' keep-alive.
const LONGEST_MS: u32 = 10_000;

/// Time between two times that a page is told. The default is every tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    interval_ms: u32,
}

impl Pace {
    /// A pace of this many milliseconds, or what is wrong with it.
    pub(crate) fn new(interval_ms: Option<u32>) -> Result<Self, String> {
        match interval_ms.unwrap_or_default() {
            interval_ms @ 0..=LONGEST_MS => Ok(Self { interval_ms }),
            other => Err(format!("interval_ms={other} is more than {LONGEST_MS}")),
        }
    }

    /// Whether `now` is a tick to be told, after `before` was. Ticks are counted, not timed: they are never quite on time.
    pub(crate) fn is_due(self, before: &Mirror, now: &Mirror) -> bool {
        let tick_ms = u64::from(now.interval_ms.max(1));
        let ticks = (u64::from(self.interval_ms) + tick_ms / 2) / tick_ms;
        let turn = |mirror: &Mirror| mirror.seq / ticks.max(1);
        turn(before) != turn(now)
    }
}

/// `now`, with speeds measured since `before` instead of since the tick before it: no byte between two times is lost.
///
/// `None` where they cannot be measured, because no time passed or the clock was set back.
pub(crate) fn merged(before: &Mirror, now: &Mirror) -> Option<Mirror> {
    let passed_ms = now.taken_at_unix_ms.checked_sub(before.taken_at_unix_ms).filter(|ms| *ms > 0)?;
    let per_second = |bytes: u64| {
        let rate = (u128::from(bytes) * 1000 + u128::from(passed_ms) / 2) / u128::from(passed_ms);
        u64::try_from(rate).unwrap_or(u64::MAX)
    };
    let mut merged = now.clone();
    merged.window_ms = u32::try_from(passed_ms).unwrap_or(u32::MAX);
    for (row, process) in &mut merged.processes {
        // A row that was not there began with nothing; one whose counters ran backwards keeps the speed of its last tick.
        let growth = match before.processes.get(row) {
            Some(earlier) => process.counters.since(&earlier.counters),
            None => Some(process.counters),
        };
        if let Some(wire) = growth.map(|growth| growth.total().wire) {
            process.rates = Rates {
                rx_bytes_per_s: per_second(wire.rx_bytes),
                tx_bytes_per_s: per_second(wire.tx_bytes),
            };
        }
    }
    for residual in &mut merged.residuals {
        let earlier = before.residuals.iter().find(|earlier| earlier.reason == residual.reason);
        let growth = earlier.and_then(|earlier| residual.counters.since(&earlier.counters));
        if let Some(wire) = growth.map(|growth| growth.total().wire) {
            residual.rates = Rates {
                rx_bytes_per_s: per_second(wire.rx_bytes),
                tx_bytes_per_s: per_second(wire.tx_bytes),
            };
        }
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{snapshot::RowId, units::Scope};

    use super::*;
    use crate::sample;

    fn told(interval_ms: u32, seqs: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let pace = Pace::new(Some(interval_ms)).unwrap();
        let mut last = sample::mirror(0);
        let mirrors = seqs.into_iter().map(sample::mirror);
        mirrors
            .filter_map(|mirror| {
                let due = pace.is_due(&last, &mirror);
                if due {
                    last = mirror.clone();
                }
                due.then_some(mirror.seq)
            })
            .collect()
    }

    #[test]
    fn a_page_is_told_as_often_as_it_wants_and_never_more_often_than_there_are_ticks() {
        assert_eq!(told(2000, 1..=7), [2, 4, 6]);
        assert_eq!(told(5000, 1..=12), [5, 10]);
        for every_tick in [0, 500, 1000] {
            assert_eq!(told(every_tick, 1..=4), [1, 2, 3, 4]);
        }
    }

    #[test]
    fn a_page_that_is_late_is_told_at_once_and_then_in_step_with_the_others() {
        assert_eq!(told(5000, [1, 2, 8, 9, 10, 11]), [8, 10]);
    }

    #[test]
    fn a_pause_that_a_proxy_would_take_for_the_end_is_refused() {
        assert!(Pace::new(Some(10_001)).unwrap_err().contains("10000"));
    }

    #[test]
    fn speeds_are_of_all_the_time_between() {
        let before = sample::mirror(1);
        let mut now = sample::mirror(5);
        let moved = |mirror: &mut Mirror, row: u64, bytes: u64| {
            mirror.processes.get_mut(&RowId(row)).unwrap().counters[Scope::Lan].wire.tx_bytes += bytes;
        };
        moved(&mut now, 1, 8_000);
        let merged = merged(&before, &now).unwrap();
        assert_eq!(merged.window_ms, 4_000);
        let rates = |row| merged.processes[&RowId(row)].rates;
        assert_eq!(rates(1), Rates { rx_bytes_per_s: 0, tx_bytes_per_s: 2_000 });
        assert_eq!(rates(2), Rates::default(), "it moved nothing since");
    }

    #[test]
    fn a_row_that_appeared_between_moved_all_its_bytes_between() {
        let mut before = sample::mirror(1);
        before.processes.remove(&RowId(1));
        let merged = merged(&before, &sample::mirror(3)).unwrap();
        assert_eq!(merged.processes[&RowId(1)].rates.rx_bytes_per_s, 450);
    }

    #[test]
    fn a_clock_that_was_set_back_measures_nothing() {
        assert_eq!(merged(&sample::mirror(5), &sample::mirror(2)), None);
    }
}
