//! Which rows were given up, for readers that may still show them.
//!
//! Rows may be given up by the thousand in a tick, so neighbours are remembered together, and a reader is told only of rows
//! that it can have seen: those that there were at its last tick.

use std::{collections::VecDeque, ops::RangeInclusive};

use bwusage_proto::{process::UserId, snapshot::RowId};

/// Most runs that are remembered, some 4 MiB; beyond it a reader that lags behind must start anew.
const KEEP_RUNS: usize = 65_536;

/// The memory.
#[derive(Debug, Default)]
pub(super) struct GoneRows {
    runs: VecDeque<Run>,
    /// The newest row of each tick that a reader may be at, oldest first, and which tick the oldest one is.
    newest: VecDeque<u64>,
    oldest_seq: u64,
}

/// Rows of one user that follow each other, given up in one tick.
#[derive(Debug)]
struct Run {
    rows: RangeInclusive<u64>,
    user: Option<UserId>,
    seq: u64,
}

impl GoneRows {
    /// In tick `seq`, `row` of `user` was given up.
    pub(super) fn add(&mut self, row: RowId, user: Option<&UserId>, seq: u64) {
        let last = self.runs.back_mut().filter(|run| run.seq == seq && run.user.as_ref() == user);
        match last {
            Some(run) if *run.rows.end() + 1 == row.0 => run.rows = *run.rows.start()..=row.0,
            _ => self.runs.push_back(Run { rows: row.0..=row.0, user: user.cloned(), seq }),
        }
    }

    /// Tick `seq` is over, in which `newest` is the newest row. Forgets what only readers need that are more than `lag`
    /// ticks behind.
    pub(super) fn end_tick(&mut self, seq: u64, newest: RowId, lag: u64) {
        if self.newest.is_empty() {
            self.oldest_seq = seq;
        }
        self.newest.push_back(newest.0);
        let mut oldest = seq.saturating_sub(lag);
        if let Some(surplus) = self.runs.len().checked_sub(KEEP_RUNS + 1) {
            oldest = oldest.max(self.runs[surplus].seq);
        }
        while self.oldest_seq < oldest && self.newest.pop_front().is_some() {
            self.oldest_seq += 1;
        }
        let known = self.oldest_seq;
        let forgotten = self.runs.partition_point(|run| run.seq <= known);
        self.runs.drain(..forgotten);
    }

    /// Rows that a reader at tick `seq` may have, and that were given up since, with their users; `None` when that is too
    /// long ago to know. At tick 0 nobody has any.
    pub(super) fn since(&self, seq: u64) -> Option<impl Iterator<Item = (RowId, Option<&UserId>)>> {
        let newest = match seq {
            0 => 0,
            _ => *self.newest.get(usize::try_from(seq.checked_sub(self.oldest_seq)?).ok()?)?,
        };
        let begin = if seq == 0 { self.runs.len() } else { self.runs.partition_point(|run| run.seq <= seq) };
        Some(self.runs.range(begin..).flat_map(move |run| {
            let rows = *run.rows.start()..=newest.min(*run.rows.end());
            rows.map(move |row| (RowId(row), run.user.as_ref()))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: u64 = 10;

    fn since(gone: &GoneRows, seq: u64) -> Option<Vec<u64>> {
        Some(gone.since(seq)?.map(|(row, _)| row.0).collect())
    }

    #[test]
    fn a_reader_hears_of_the_rows_that_it_has_and_of_no_others() {
        let mut gone = GoneRows::default();
        gone.end_tick(1, RowId(3), LAG);
        (2..=4).for_each(|row| gone.add(RowId(row), None, 2));
        gone.end_tick(2, RowId(7), LAG);
        gone.add(RowId(7), None, 3);
        gone.end_tick(3, RowId(9), LAG);
        assert_eq!([0, 1, 2, 3].map(|seq| since(&gone, seq).unwrap()), [vec![], vec![2, 3], vec![7], vec![]]);
    }

    #[test]
    fn a_crowd_of_neighbours_costs_as_much_as_one() {
        let mut gone = GoneRows::default();
        gone.end_tick(1, RowId(1_000_000), LAG);
        (1..=1_000_000).for_each(|row| gone.add(RowId(row), Some(&UserId::Uid(5)), 2));
        gone.end_tick(2, RowId(1_000_000), LAG);
        assert_eq!((gone.runs.len(), gone.since(1).unwrap().count()), (1, 1_000_000));
        assert!(gone.since(1).unwrap().all(|(_, user)| user == Some(&UserId::Uid(5))));
    }

    #[test]
    fn neighbours_of_different_users_are_told_apart() {
        let mut gone = GoneRows::default();
        gone.end_tick(1, RowId(2), LAG);
        gone.add(RowId(1), Some(&UserId::Uid(5)), 2);
        gone.add(RowId(2), Some(&UserId::Uid(6)), 2);
        gone.end_tick(2, RowId(2), LAG);
        let users: Vec<_> = gone.since(1).unwrap().map(|(_, user)| user.cloned()).collect();
        assert_eq!(users, [Some(UserId::Uid(5)), Some(UserId::Uid(6))]);
    }

    #[test]
    fn a_reader_that_lags_too_far_behind_is_told_so() {
        let mut gone = GoneRows::default();
        (1..=LAG + 5).for_each(|seq| gone.end_tick(seq, RowId(seq), LAG));
        assert_eq!((since(&gone, 4), since(&gone, 5)), (None, Some(vec![])));
        assert_eq!(since(&gone, LAG + 6), None, "nobody can be there yet");
    }

    #[test]
    fn rows_without_neighbours_are_bounded_too() {
        let mut gone = GoneRows::default();
        let rows = 2 * KEEP_RUNS as u64;
        gone.end_tick(1, RowId(2 * rows), LAG);
        for (seq, row) in [(2, 0), (3, rows)] {
            (row..row + rows).step_by(2).for_each(|row| gone.add(RowId(row + 1), None, seq));
            gone.end_tick(seq, RowId(2 * rows), LAG);
            assert!(gone.runs.len() <= KEEP_RUNS, "{}", gone.runs.len());
        }
        assert_eq!((since(&gone, 1), gone.since(2).unwrap().count()), (None, KEEP_RUNS));
    }
}
