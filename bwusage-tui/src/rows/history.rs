//! The recent speeds of every row, for its little graph.

use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use bwusage_proto::{
    mirror::Mirror,
    process::{Category, Container, UserId},
    snapshot::RowId,
    table::RowKey,
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
    processes: HashMap<RowId, Past>,
    apps: HashMap<String, Past>,
    users: Groups<UserId>,
    units: Groups<String>,
    containers: Groups<Container>,
    categories: Groups<Category>,
}

/// The rows of one grouping, and the row of those that have none of it. Looked up by what a process has, without a copy:
/// this happens for every busy process at every tick.
#[derive(Debug, Clone)]
struct Groups<K> {
    named: HashMap<K, Past>,
    unnamed: Past,
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
        let tick = self.ticks;
        for (row, process) in mirror.processes.iter().filter(|(_, process)| process.rates != Rates::default())
        {
            let (info, rates) = (&process.info, process.rates);
            add(&mut self.processes, row, tick, rates);
            add(&mut self.apps, info.app.as_str(), tick, rates);
            self.users.add(info.user.as_ref(), tick, rates);
            self.units.add(info.unit.as_deref(), tick, rates);
            self.containers.add(info.container.as_ref(), tick, rates);
            self.categories.add(info.category.as_ref(), tick, rates);
        }
        if tick.is_multiple_of(REMEMBERED as u64) {
            self.forget(tick - REMEMBERED as u64);
        }
    }

    /// Forgets what has been quiet since tick `oldest`.
    fn forget(&mut self, oldest: u64) {
        let is_recent = |past: &Past| past.last > oldest;
        self.processes.retain(|_, past| is_recent(past));
        self.apps.retain(|_, past| is_recent(past));
        self.users.named.retain(|_, past| is_recent(past));
        self.units.named.retain(|_, past| is_recent(past));
        self.containers.named.retain(|_, past| is_recent(past));
        self.categories.named.retain(|_, past| is_recent(past));
    }

    /// The last `count` ticks of `key`, oldest first; fewer when fewer were seen.
    #[must_use]
    pub fn last(&self, key: &RowKey, count: usize) -> Vec<Rates> {
        let seen = usize::try_from(self.ticks).unwrap_or(usize::MAX);
        let count = count.min(seen).min(REMEMBERED);
        let Some(past) = self.find(key) else { return vec![Rates::default(); count] };
        let quiet = usize::try_from(self.ticks - past.last).unwrap_or(usize::MAX).min(count);
        let from_past = (count - quiet).min(past.speeds.len());
        let mut speeds = vec![Rates::default(); count - quiet - from_past];
        speeds.extend(past.speeds.range(past.speeds.len() - from_past..));
        speeds.resize(count, Rates::default());
        speeds
    }

    fn find(&self, key: &RowKey) -> Option<&Past> {
        match key {
            RowKey::Process(row) => self.processes.get(row),
            RowKey::App(app) => self.apps.get(app),
            RowKey::User(user) => self.users.find(user.as_ref()),
            RowKey::Unit(unit) => self.units.find(unit.as_ref()),
            RowKey::Container(container) => self.containers.find(container.as_ref()),
            RowKey::Category(category) => self.categories.find(category.as_ref()),
        }
    }
}

/// Adds to the past of `key`, which is copied only when it is new.
fn add<K, Q>(pasts: &mut HashMap<K, Past>, key: &Q, tick: u64, rates: Rates)
where
    K: Borrow<Q> + Eq + Hash,
    Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
{
    match pasts.get_mut(key) {
        Some(past) => past.add(tick, rates),
        None => pasts.entry(key.to_owned()).or_default().add(tick, rates),
    }
}

impl<K: Eq + Hash> Groups<K> {
    fn add<Q>(&mut self, key: Option<&Q>, tick: u64, rates: Rates)
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    {
        match key {
            Some(key) => add(&mut self.named, key, tick, rates),
            None => self.unnamed.add(tick, rates),
        }
    }

    fn find(&self, key: Option<&K>) -> Option<&Past> {
        key.map_or(Some(&self.unnamed), |key| self.named.get(key))
    }
}

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Self { named: HashMap::new(), unnamed: Past::default() }
    }
}

impl Past {
    /// Adds what one process moved in `tick`.
    fn add(&mut self, tick: u64, rates: Rates) {
        match self.speeds.back_mut() {
            Some(speed) if self.last == tick => *speed += rates,
            _ => self.begin(tick, rates),
        }
    }

    fn begin(&mut self, tick: u64, rates: Rates) {
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
    use bwusage_proto::{mirror::Process, snapshot::ProcessInfo, table::Grouping};

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
    fn every_grouping_adds_up_those_that_share_what_it_groups_by_and_those_that_lack_it() {
        let mut mirror = mirror(&[(1, "a", 1), (2, "b", 2), (3, "c", 4)]);
        for (row, process) in &mut mirror.processes {
            if row.0 > 1 {
                process.info.user = Some(UserId::Uid(7));
                process.info.unit = Some("x.service".into());
                process.info.container =
                    Some(Container { runtime: "docker".into(), id: "1".into(), name: None });
                process.info.category = Some(Category::Service);
            }
        }
        let mut history = History::default();
        history.push(&mirror);
        for by in Grouping::ALL {
            let sums = mirror.processes.iter().map(|(&row, process)| {
                received(&history, &RowKey::of(by, row, process), 1).into_iter().sum::<u64>()
            });
            let expected = match by {
                Grouping::App | Grouping::Process => [1, 2, 4],
                _ => [1, 6, 6],
            };
            assert_eq!(sums.collect::<Vec<_>>(), expected, "{by:?}");
        }
    }

    #[test]
    fn memory_is_bounded_and_quiet_rows_are_forgotten() {
        let mut history = History::default();
        for tick in 0..10 * REMEMBERED as u64 {
            history.push(&mirror(&[(1, "busy", 1), (2, "once", u64::from(tick == 0))]));
        }
        assert_eq!(history.processes[&RowId(1)].speeds.len(), REMEMBERED);
        assert!(!history.processes.contains_key(&RowId(2)) && !history.apps.contains_key("once"));
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
