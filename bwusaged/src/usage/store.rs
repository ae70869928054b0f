//! The one owner of state: every process ever seen, as rows.
//!
//! [`Store::advance`] takes in one tick; everything else only reads. Each row remembers the tick in which it last
//! changed, so that "what changed since tick n" needs no memory per reader.
//!
//! Invariant: the totals of all rows, [`Retired`] entries and residuals only ever grow, and their sum is what the engine
//! counted. A row is given up only when its process has ended and the engine has promised never to mention it again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use bwusage_proto::{
    bounds::TableFill,
    ledger::Summary,
    message::{Retired, RetiredKey},
    mirror::{WINDOW_POINTS, window_point},
    process::{ProcessId, UserId},
    snapshot::{
        Activity, HostSample, Loss, OTHERS, ProcessInfo, Residual, ResidualReason, Resources, RowId,
        WindowPoint,
    },
    units::{Counters, Rates},
};

use super::{
    Moment,
    family::Family,
    ledger::Books,
    meter::{Reading, cpu_centipercent, per_second, speed},
    remotes::{Owner, Remotes},
    row::{Row, Stamped, Total},
};
use crate::{
    engine::{ProcessSample, Sample},
    host::{HostTick, ProcessUse},
};

mod describe;
mod gone;
mod grown;
mod ledger;

use gone::GoneRows;
use grown::Grown;
pub use grown::Mover;

/// How long an ended process that moved bytes keeps its row.
pub const KEEP_ENDED_MS: u64 = 10 * 60 * 1000;
/// How long an ended process that never moved a byte keeps its row.
pub const KEEP_ENDED_IDLE_MS: u64 = 10 * 1000;
/// Most ended processes with a row; beyond it the oldest go to their application at once.
pub const KEEP_ENDED_ROWS: usize = 4096;
/// Most entries of given up processes that are told apart by unit and container. Beyond it new ones are told apart by
/// application and user only, beyond twice as many by user only, and beyond three times as many not at all: programs choose
/// their names, so there may be as many as there are processes.
pub const KEEP_RETIRED: usize = 4096;
/// The application of ended processes when there are too many to tell them apart.
pub const OTHER_PROGRAMS: &str = "other programs";
/// How many ticks a reader may lag behind before it must start anew: twice the longest time between two of its ticks (a
/// minute) at the daemon's shortest interval (100 ms).
pub const LAG_TICKS: u64 = 1200;

/// Everything that is remembered.
#[derive(Debug, Default)]
pub struct Store {
    seq: u64,
    now: Option<Moment>,
    span_ms: u64,
    /// Boxed: the tree keeps room for as many again where numbers only grow, and a row is large.
    rows: BTreeMap<RowId, Box<Row>>,
    by_id: HashMap<ProcessId, RowId>,
    family: Family,
    /// Rows whose application and category must be decided (again) in this tick.
    unsettled: BTreeSet<RowId>,
    last_row: u64,
    /// Rows whose speed is not zero.
    moving: Vec<RowId>,
    /// Rows of ended processes, oldest first.
    ended: VecDeque<RowId>,
    gone: GoneRows,
    grown: Grown,
    retired: BTreeMap<RetiredKey, Stamped<Retired>>,
    residuals: BTreeMap<ResidualReason, Total>,
    losses: Vec<Loss>,
    tables: Vec<TableFill>,
    fault: Option<String>,
    books: Books,
    ledger: Option<Summary>,
    carriers: Vec<(ProcessId, String)>,
    remotes: Remotes,
    host: HostSample,
    window: VecDeque<WindowPoint>,
}

impl Store {
    /// Takes in one tick.
    pub fn advance(&mut self, now: Moment, sample: Sample, host: HostTick) {
        self.seq += 1;
        self.span_ms = self.now.map_or(0, |before| now.steady_ms.saturating_sub(before.steady_ms));
        self.now = Some(now);
        self.remotes.learn(&sample);
        self.grown.begin_tick();

        for (id, identity) in host.appeared {
            let row = self.row_of(id);
            self.describe(row, identity, false);
        }
        let still = std::mem::take(&mut self.moving);
        for process in sample.processes {
            self.count(process, now);
        }
        for row in still {
            self.calm(row);
        }
        for used in host.processes {
            self.measure(used, now.steady_ms);
        }
        for id in host.ended {
            self.end(id, now);
        }
        for id in host.detached {
            if let Some((row, known)) =
                self.by_id.get(&id).and_then(|row| Some((row, self.rows.get_mut(row)?)))
            {
                known.circumstances.terminal = Some(false);
                self.unsettled.insert(*row);
            }
        }
        self.settle();
        for id in sample.released {
            if let Some(row) = self.by_id.get(&id).and_then(|row| self.rows.get_mut(row)) {
                row.released = true;
            }
        }
        for (reason, counters) in sample.residuals {
            let total = self.residuals.entry(reason).or_default();
            let before = total.counters();
            let growth = total.take(counters, self.span_ms).since(&before).unwrap_or_default();
            self.grown.of_residual(reason, growth);
        }
        self.losses = sample.losses;
        self.tables = sample.tables;
        self.books.take(&sample.interfaces);
        self.ledger = self.books.summary();
        self.carriers = host.carriers;
        self.name_movers();
        self.retire(now.steady_ms);
        self.take_host(host.sample, now);
        self.gone.end_tick(self.seq, RowId(self.last_row), LAG_TICKS);
    }

    fn row_of(&mut self, id: ProcessId) -> RowId {
        *self.by_id.entry(id).or_insert_with(|| {
            self.last_row += 1;
            let row = RowId(self.last_row);
            self.rows.insert(row, Box::new(Row::new(row, id, self.seq)));
            self.family.met(row, id);
            row
        })
    }

    fn count(&mut self, process: ProcessSample, now: Moment) {
        let row_id = self.row_of(process.id);
        if let Some(identity) = process.identity {
            self.describe(row_id, identity, true);
        }
        let Some(row) = self.rows.get_mut(&row_id) else { return };
        row.in_engine = true;
        let before = row.total.counters();
        let counters = row.total.take(process.counters, self.span_ms);
        self.grown.of_row(row_id, counters.since(&before).unwrap_or_default());
        if row.total.rates != Rates::default() {
            self.moving.push(row_id);
        }
        let rates = row.total.rates;
        row.change(self.seq, |activity| (activity.counters, activity.rates) = (counters, rates));
        if row.info.value.first_traffic_at_unix_ms.is_none() && !counters.is_zero() {
            row.info.value.first_traffic_at_unix_ms = Some(now.unix_ms);
            row.info.seq = self.seq;
        }
        if process.ended {
            self.end(process.id, now);
        }
    }

    /// A row that moved in the tick before and is not mentioned in this one stands still.
    fn calm(&mut self, row_id: RowId) {
        let Some(row) = self.rows.get_mut(&row_id) else { return };
        if row.activity.seq < self.seq {
            row.total.rates = Rates::default();
            row.change(self.seq, |activity| activity.rates = Rates::default());
        }
    }

    fn measure(&mut self, used: ProcessUse, at_ms: u64) {
        let Some(row) = self.by_id.get(&used.id).and_then(|row| self.rows.get_mut(row)) else { return };
        let before = row.used.replace(Reading { total: used, at_ms });
        let disk_speed = |total: fn(&ProcessUse) -> Option<u64>| {
            let before = before?;
            speed(
                Reading { total: total(&before.total)?, at_ms: before.at_ms },
                Reading { total: total(&used)?, at_ms },
            )
        };
        let resources = Resources {
            cpu_centipercent: before.and_then(|before| {
                cpu_centipercent(
                    Reading { total: before.total.cpu_time_ms, at_ms: before.at_ms },
                    Reading { total: used.cpu_time_ms, at_ms },
                )
            }),
            rss_bytes: used.rss_bytes,
            disk_read_bytes_total: used.disk_read_bytes,
            disk_write_bytes_total: used.disk_write_bytes,
            disk_read_bytes_per_s: disk_speed(|used| used.disk_read_bytes),
            disk_write_bytes_per_s: disk_speed(|used| used.disk_write_bytes),
        };
        row.change(self.seq, |activity| activity.resources = Some(resources));
    }

    fn end(&mut self, id: ProcessId, now: Moment) {
        let Some((&row_id, row)) = self.by_id.get(&id).and_then(|id| Some((id, self.rows.get_mut(id)?)))
        else {
            return;
        };
        if row.ended_ms.is_some() {
            return;
        }
        row.ended_ms = Some(now.steady_ms);
        row.change(self.seq, |activity| {
            activity.exited_at_unix_ms = Some(now.unix_ms);
            activity.resources = None;
        });
        self.ended.push_back(row_id);
        // Those that it leaves behind come from nobody now.
        self.unsettled.extend(self.family.children(id.pid));
    }

    /// Gives up rows of processes that ended long ago; what they moved goes to their application.
    fn retire(&mut self, now_ms: u64) {
        let mut surplus = self.ended.len().saturating_sub(KEEP_ENDED_ROWS);
        let mut keep = VecDeque::with_capacity(self.ended.len());
        for row_id in std::mem::take(&mut self.ended) {
            let Some(row) = self.rows.get(&row_id) else { continue };
            let counters = row.total.counters();
            let age_ms = now_ms.saturating_sub(row.ended_ms.unwrap_or(now_ms));
            let due = age_ms >= if counters.is_zero() { KEEP_ENDED_IDLE_MS } else { KEEP_ENDED_MS };
            let given_up = (!row.in_engine || row.released) && (due || surplus > 0);
            if !given_up {
                keep.push_back(row_id);
                continue;
            }
            surplus = surplus.saturating_sub(1);
            self.give_up(row_id, counters);
        }
        self.ended = keep;
    }

    fn give_up(&mut self, row_id: RowId, counters: Counters) {
        let Some(row) = self.rows.remove(&row_id) else { return };
        let info = row.info.value;
        if let Some(id) = info.id {
            self.by_id.remove(&id);
            self.remotes.keep_owner(id, Owner { app: info.app.clone(), user: info.user.clone() });
            self.family.lost(row_id, id, info.parent);
        }
        self.gone.add(row_id, info.user.as_ref(), self.seq);
        if counters.is_zero() {
            return;
        }
        self.fold(info, counters);
    }

    /// Adds a process that has lost its row to others that it has something in common with.
    fn fold(&mut self, info: ProcessInfo, counters: Counters) {
        let mut retired = Retired {
            app: info.app,
            user: info.user,
            unit: info.unit,
            container: info.container,
            category: info.category,
            processes: 0,
            first_traffic_at_unix_ms: None,
            counters: Counters::default(),
        };
        // The less room there is, the more they are taken for the same.
        let is_full = |of: usize, retired: &Retired| {
            self.retired.len() >= of * KEEP_RETIRED && !self.retired.contains_key(&retired.key())
        };
        if is_full(1, &retired) {
            (retired.unit, retired.container) = (None, None);
        }
        if is_full(2, &retired) {
            (retired.app, retired.category) = (OTHER_PROGRAMS.into(), None);
        }
        if is_full(3, &retired) {
            retired.user = None;
        }
        let seq = self.seq;
        let retired = self.retired.entry(retired.key()).or_insert(Stamped { value: retired, seq });
        retired.seq = self.seq;
        retired.value.processes += 1;
        let first = &mut retired.value.first_traffic_at_unix_ms;
        *first = first.iter().copied().chain(info.first_traffic_at_unix_ms).min();
        retired.value.counters += counters;
    }

    fn take_host(&mut self, mut sample: HostSample, now: Moment) {
        for interface in &mut sample.interfaces {
            let before = self.host.interfaces.iter().find(|before| before.name == interface.name);
            interface.rates = before.and_then(|before| {
                let rx = interface.rx_bytes_total.checked_sub(before.rx_bytes_total)?;
                let tx = interface.tx_bytes_total.checked_sub(before.tx_bytes_total)?;
                Some(Rates {
                    rx_bytes_per_s: per_second(rx, self.span_ms)?,
                    tx_bytes_per_s: per_second(tx, self.span_ms)?,
                })
            });
        }
        if let (Some(disk), Some(before)) = (&mut sample.disk, self.host.disk) {
            let speed = |now: u64, before: u64| per_second(now.checked_sub(before)?, self.span_ms);
            disk.read_bytes_per_s = speed(disk.read_bytes_total, before.read_bytes_total);
            disk.write_bytes_per_s = speed(disk.write_bytes_total, before.write_bytes_total);
        }
        self.host = sample;
        if self.window.len() >= WINDOW_POINTS {
            self.window.pop_front();
        }
        self.window.push_back(window_point(now.unix_ms, &self.host));
    }
}

/// Reading.
impl Store {
    /// The number of the last tick; 0 before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the last tick was taken.
    #[must_use]
    pub fn taken_at(&self) -> Option<Moment> {
        self.now
    }

    /// The span over which the speeds were measured; 0 in the first tick.
    #[must_use]
    pub fn span_ms(&self) -> u64 {
        self.span_ms
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.values().map(Box::as_ref)
    }

    /// The row of `process`, unless it was given up.
    #[must_use]
    pub fn row(&self, process: ProcessId) -> Option<&Row> {
        self.rows.get(self.by_id.get(&process)?).map(Box::as_ref)
    }

    /// What is known about the other ends of connections.
    #[must_use]
    pub fn remotes(&self) -> &Remotes {
        &self.remotes
    }

    /// Rows that were there in tick `seq` and given up since, with their users; `None` when that is too long ago to know.
    #[must_use]
    pub fn gone_since(&self, seq: u64) -> Option<impl Iterator<Item = (RowId, Option<&UserId>)>> {
        self.gone.since(seq)
    }

    /// Totals of ended processes whose rows were given up.
    pub fn retired(&self) -> impl Iterator<Item = &Stamped<Retired>> {
        self.retired.values()
    }

    /// Traffic with a reason instead of a process.
    #[must_use]
    pub fn residuals(&self) -> Vec<Residual> {
        let residual = |(&reason, total): (_, &Total)| Residual {
            reason,
            counters: total.counters(),
            rates: total.rates,
        };
        self.residuals.iter().map(residual).collect()
    }

    /// Why nothing of all this is stored at present.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Nothing can be stored at present, or it can again.
    pub fn set_fault(&mut self, fault: Option<String>) {
        self.fault = fault;
    }

    /// Updates that could not be made.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// How full the engine's tables in the kernel are.
    #[must_use]
    pub fn tables(&self) -> &[TableFill] {
        &self.tables
    }

    /// The machine at the last tick.
    #[must_use]
    pub fn host(&self) -> &HostSample {
        &self.host
    }

    /// The past minutes, oldest first.
    #[must_use]
    pub fn window(&self) -> &VecDeque<WindowPoint> {
        &self.window
    }

    /// Living processes that moved bytes in the last tick.
    #[must_use]
    pub fn busy(&self) -> Vec<ProcessId> {
        let living =
            self.moving.iter().filter_map(|row| self.rows.get(row)).filter(|row| row.ended_ms.is_none());
        living.filter_map(|row| row.info.value.id).collect()
    }

    /// All processes that are not `user`'s, ended ones included, as one row.
    #[must_use]
    pub fn others(&self, user: &UserId) -> Activity {
        let mut sum = Row::new(OTHERS, ProcessId::new(0, 0), self.seq).activity.value;
        for row in self.rows.values().filter(|row| row.info.value.user.as_ref() != Some(user)) {
            sum.counters += row.activity.value.counters;
            sum.rates += row.activity.value.rates;
        }
        for retired in self.retired.values().filter(|retired| retired.value.user.as_ref() != Some(user)) {
            sum.counters += retired.value.counters;
        }
        sum
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
