//! What was moved in the last tick, by whom: what history adds up.
//!
//! It is noted while the tick is taken in, because a row may be given up in the very tick in which it moved, and because an
//! application that gets another name later moved those bytes under the name that it had.

use bwusage_proto::{
    process::{Category, UserId},
    snapshot::{ResidualReason, RowId},
    units::Counters,
};

use super::Store;

/// Who moved bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mover {
    /// A process.
    Process {
        /// Its application.
        app: String,
        /// Its user.
        user: Option<UserId>,
        /// What sort of program it is.
        category: Option<Category>,
    },
    /// Nobody: a reason instead.
    Residual(ResidualReason),
}

/// The growth of one tick.
#[derive(Debug, Default)]
pub(super) struct Grown {
    rows: Vec<(RowId, Counters)>,
    movers: Vec<(Mover, Counters)>,
}

impl Grown {
    pub(super) fn begin_tick(&mut self) {
        self.rows.clear();
        self.movers.clear();
    }

    pub(super) fn of_row(&mut self, row: RowId, growth: Counters) {
        if !growth.is_zero() {
            self.rows.push((row, growth));
        }
    }

    pub(super) fn of_residual(&mut self, reason: ResidualReason, growth: Counters) {
        if !growth.is_zero() {
            self.movers.push((Mover::Residual(reason), growth));
        }
    }
}

impl Store {
    /// Names those that moved, while all of them have their rows.
    pub(super) fn name_movers(&mut self) {
        let rows = std::mem::take(&mut self.grown.rows);
        for &(row, growth) in &rows {
            let Some(row) = self.rows.get(&row) else { continue };
            let info = &row.info.value;
            let mover =
                Mover::Process { app: info.app.clone(), user: info.user.clone(), category: info.category };
            self.grown.movers.push((mover, growth));
        }
        self.grown.rows = rows;
    }

    /// Who moved how much in the last tick; everything that any total grew by is in it once.
    #[must_use]
    pub fn grown(&self) -> &[(Mover, Counters)] {
        &self.grown.movers
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{process::ProcessId, units::Scope};

    use super::*;
    use crate::{
        engine::{Identity, ProcessSample, Sample},
        host::HostTick,
        usage::{Moment, store::KEEP_ENDED_MS},
    };

    fn counters(bytes: u64) -> Counters {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = bytes;
        counters
    }

    fn at(steady_ms: u64) -> Moment {
        Moment { unix_ms: 1_700_000_000_000 + steady_ms, steady_ms }
    }

    fn moved(bytes: u64, ended: bool) -> ProcessSample {
        let identity = Identity { name: "curl".into(), user: Some(UserId::Uid(7)), ..Identity::default() };
        ProcessSample {
            id: ProcessId::new(1, 1),
            counters: counters(bytes),
            identity: Some(identity),
            ended,
        }
    }

    fn grown(store: &Store) -> u64 {
        store.grown().iter().map(|(_, growth)| growth.total().wire.rx_bytes).sum()
    }

    #[test]
    fn what_a_tick_added_is_there_once_and_gone_in_the_next() {
        let mut store = Store::default();
        for (tick, (said, expected)) in [(100, 100), (130, 30), (130, 0), (20, 20)].into_iter().enumerate() {
            let sample = Sample { processes: vec![moved(said, false)], ..Sample::default() };
            store.advance(at(tick as u64 * 1000), sample, HostTick::default());
            assert_eq!(grown(&store), expected, "tick {tick}: a counter that restarted counts from 0");
        }
        let mover = Mover::Process { app: "curl".into(), user: Some(UserId::Uid(7)), category: None };
        assert_eq!(store.grown()[0].0.clone(), mover);
    }

    #[test]
    fn a_row_that_is_given_up_in_the_tick_of_its_last_bytes_has_them_counted() {
        let mut store = Store::default();
        let sample = Sample { processes: vec![moved(100, true)], ..Sample::default() };
        store.advance(at(0), sample, HostTick::default());
        let sample = Sample {
            processes: vec![moved(150, true)],
            released: vec![ProcessId::new(1, 1)],
            ..Sample::default()
        };
        store.advance(at(KEEP_ENDED_MS), sample, HostTick::default());
        assert_eq!((store.rows().len(), grown(&store)), (0, 50));
    }

    #[test]
    fn what_nobody_moved_is_counted_by_its_reason() {
        let mut store = Store::default();
        for said in [40, 45] {
            let residuals = vec![(ResidualReason::KernelIcmp, counters(said))];
            store.advance(at(said), Sample { residuals, ..Sample::default() }, HostTick::default());
        }
        assert_eq!(store.grown(), [(Mover::Residual(ResidualReason::KernelIcmp), counters(5))]);
    }
}
