//! The recent speeds of every row, for its little graph.

use std::collections::{HashMap, VecDeque};

use bwusage_proto::{
    mirror::Mirror,
    table::{Grouping, RowKey},
    units::Rates,
};

/// How many ticks are remembered: enough for the widest graph of the detail pane.
pub const REMEMBERED: usize = 240;

/// The speeds of each row, whatever rows stand for, over the past ticks.
///
/// Idle rows cost nothing: a row is remembered from its first byte until it was quiet for [`REMEMBERED`] ticks.
#[derive(Debug, Clone, Default)]
pub struct History {
    ticks: u64,
    rows: HashMap<RowKey, Past>,
}

/// The speeds up to and including tick `last`, oldest first.
#[derive(Debug, Clone, Default)]
struct Past {
    last: u64,
    speeds: VecDeque<Rates>,
}

impl History {
    /// Takes note of one tick.
    pub fn push(&mut self, mirror: &Mirror) {
        self.ticks += 1;
        let mut moving: HashMap<RowKey, Rates> = HashMap::new();
        for (&row, process) in
            mirror.processes.iter().filter(|(_, process)| process.rates != Rates::default())
        {
            for by in Grouping::ALL {
                *moving.entry(RowKey::of(by, row, process)).or_default() += process.rates;
            }
        }
        for (key, rates) in moving {
            self.rows.entry(key).or_default().note(self.ticks, rates);
        }
        if self.ticks.is_multiple_of(REMEMBERED as u64) {
            let oldest = self.ticks - REMEMBERED as u64;
            self.rows.retain(|_, past| past.last > oldest);
        }
    }

    /// The last `count` ticks of `key`, oldest first; fewer when fewer were seen.
    #[must_use]
    pub fn last(&self, key: &RowKey, count: usize) -> Vec<Rates> {
        let seen = usize::try_from(self.ticks).unwrap_or(usize::MAX);
        let count = count.min(seen).min(REMEMBERED);
        let Some(past) = self.rows.get(key) else { return vec![Rates::default(); count] };
        let quiet = usize::try_from(self.ticks - past.last).unwrap_or(usize::MAX).min(count);
        let from_past = (count - quiet).min(past.speeds.len());
        let mut speeds = vec![Rates::default(); count - quiet - from_past];
        speeds.extend(past.speeds.range(past.speeds.len() - from_past..));
        speeds.resize(count, Rates::default());
        speeds
    }
}

impl Past {
    fn note(&mut self, tick: u64, rates: Rates) {
        let quiet = usize::try_from(tick - self.last - 1).unwrap_or(usize::MAX);
        if self.speeds.is_empty() || quiet >= REMEMBERED {
            self.speeds.clear();
        } else {
            self.speeds.extend(std::iter::repeat_n(Rates::default(), quiet));
        }
        self.speeds.push_back(rates);
        let surplus = self.speeds.len().saturating_sub(REMEMBERED);
        self.speeds.drain(..surplus);
        self.last = tick;
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        mirror::Process,
        snapshot::{ProcessInfo, RowId},
    };

    use super::*;

    fn mirror(speeds: &[(u64, &str, u64)]) -> Mirror {
        let mut mirror = Mirror::default();
        for &(row, app, rx_bytes_per_s) in speeds {
            let info = ProcessInfo { name: app.into(), app: app.into(), ..ProcessInfo::unknown(RowId(row)) };
            let process = Process {
                info,
                counters: bwusage_proto::units::Counters::default(),
                rates: Rates { rx_bytes_per_s, tx_bytes_per_s: 0 },
                resources: None,
                exited_at_unix_ms: None,
            };
            mirror.processes.insert(RowId(row), process);
        }
        mirror
    }

    fn received(history: &History, key: &RowKey, count: usize) -> Vec<u64> {
        history.last(key, count).iter().map(|rates| rates.rx_bytes_per_s).collect()
    }

    #[test]
    fn quiet_ticks_count_as_zero_and_unseen_ones_not_at_all() {
        let mut history = History::default();
        for speed in [0, 5, 0, 7, 0] {
            history.push(&mirror(&[(1, "curl", speed)]));
        }
        let row = RowKey::Process(RowId(1));
        assert_eq!(received(&history, &row, 9), [0, 5, 0, 7, 0]);
        assert_eq!(received(&history, &row, 3), [0, 7, 0]);
        assert_eq!(received(&history, &RowKey::Process(RowId(2)), 2), [0, 0]);
    }

    #[test]
    fn an_application_is_the_sum_of_its_processes() {
        let mut history = History::default();
        history.push(&mirror(&[(1, "firefox", 5), (2, "firefox", 6), (3, "curl", 1)]));
        assert_eq!(received(&history, &RowKey::App("firefox".into()), 1), [11]);
    }

    #[test]
    fn memory_is_bounded_and_quiet_rows_are_forgotten() {
        let mut history = History::default();
        for tick in 0..10 * REMEMBERED as u64 {
            history.push(&mirror(&[(1, "busy", 1), (2, "once", u64::from(tick == 0))]));
        }
        assert_eq!(history.rows[&RowKey::Process(RowId(1))].speeds.len(), REMEMBERED);
        assert!(
            !history.rows.contains_key(&RowKey::Process(RowId(2)))
                && !history.rows.contains_key(&RowKey::App("once".into()))
        );
    }

    #[test]
    fn a_long_pause_between_two_bytes_leaves_only_the_second() {
        let mut history = History::default();
        for tick in 0..=2 * REMEMBERED as u64 {
            history.push(&mirror(&[(1, "rare", u64::from(tick.is_multiple_of(2 * REMEMBERED as u64)))]));
        }
        let speeds = received(&history, &RowKey::Process(RowId(1)), REMEMBERED);
        assert_eq!((speeds.len(), speeds.iter().sum::<u64>(), speeds.last()), (REMEMBERED, 1, Some(&1)));
    }
}
