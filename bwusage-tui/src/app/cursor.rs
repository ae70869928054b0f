//! Which row is selected and which rows are in view.
//!
//! The cursor follows a row's identity, not its place: rows that overtake each other take the cursor along.

use bwusage_proto::{
    table::{Row, RowKey},
    talk,
};

use crate::keys::Motion;

/// A row that is recognised from tick to tick.
pub trait Keyed {
    /// What it is recognised by.
    type Key: Clone + PartialEq;

    /// Its identity.
    fn key(&self) -> &Self::Key;
}

impl Keyed for Row {
    type Key = RowKey;

    fn key(&self) -> &RowKey {
        &self.key
    }
}

impl Keyed for talk::Row {
    type Key = talk::Key;

    fn key(&self) -> &talk::Key {
        &self.key
    }
}

/// The selected row and the scrolled part of a table of `R`.
#[derive(Debug, Clone)]
pub struct Cursor<R: Keyed> {
    /// The row that was chosen; `None` until somebody moves, and then the cursor stays on top.
    key: Option<R::Key>,
    index: usize,
    first: usize,
    viewport: usize,
}

impl<R: Keyed> Default for Cursor<R> {
    fn default() -> Self {
        Self { key: None, index: 0, first: 0, viewport: 0 }
    }
}

impl<R: Keyed> Cursor<R> {
    /// The place of the selected row.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Finds the selected row again among `rows`. When it is gone, its neighbour takes its place.
    pub fn follow(&mut self, rows: &[R]) {
        let found = self.key.as_ref().and_then(|key| rows.iter().position(|row| row.key() == key));
        self.index = found.unwrap_or_else(|| self.index.min(rows.len().saturating_sub(1)));
        if found.is_none() && self.key.is_some() && !rows.is_empty() {
            self.key = Some(rows[self.index].key().clone());
        }
    }

    /// Chooses the row at `index`, as far as there is one.
    pub fn choose(&mut self, index: usize, rows: &[R]) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.key = rows.get(self.index).map(|row| row.key().clone());
    }

    /// Chooses the row called `key` once it appears, for instance after the daemon was started again.
    pub fn expect(&mut self, key: Option<R::Key>) {
        self.key = key;
    }

    /// The row that was chosen on purpose.
    #[must_use]
    pub fn chosen(&self) -> Option<&R::Key> {
        self.key.as_ref()
    }

    /// Where a movement by keyboard leads among `total` rows.
    #[must_use]
    pub fn after(&self, motion: Motion, total: usize) -> usize {
        let page = self.viewport.saturating_sub(1).max(1);
        let index = match motion {
            Motion::Up => self.index.saturating_sub(1),
            Motion::Down => self.index.saturating_add(1),
            Motion::PageUp => self.index.saturating_sub(page),
            Motion::PageDown => self.index.saturating_add(page),
            Motion::First => 0,
            Motion::Last => usize::MAX,
        };
        index.min(total.saturating_sub(1))
    }

    /// The rows in view when it was drawn last: the first one, and how many fit.
    #[must_use]
    pub fn in_view(&self) -> (usize, usize) {
        (self.first, self.viewport)
    }

    /// The first row to show, of `total`, where `viewport` rows fit: as little scrolling as possible.
    #[must_use]
    pub fn first_visible(&self, total: usize, viewport: usize) -> usize {
        let lowest = (self.index + 1).saturating_sub(viewport);
        self.first.clamp(lowest, self.index.max(lowest)).min(total.saturating_sub(viewport))
    }

    /// Remembers what was drawn, so that pages have the right size and scrolling goes on from there.
    pub fn drawn(&mut self, first: usize, viewport: usize) {
        (self.first, self.viewport) = (first, viewport);
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        mirror::{Mirror, Process},
        snapshot::{ProcessInfo, RowId},
        table::{Grouping, Query, table},
        units::{Counters, Rates},
        users::Users,
    };

    use super::*;

    /// Rows of processes with these numbers, built the way the program builds them.
    fn rows(ids: &[u64]) -> Vec<Row> {
        let mut mirror = Mirror::default();
        for &id in ids {
            let info = ProcessInfo { ..ProcessInfo::unknown(RowId(id)) };
            let (counters, rates) = (Counters::default(), Rates::default());
            let process = Process { info, counters, rates, resources: None, exited_at_unix_ms: None };
            mirror.processes.insert(RowId(id), process);
        }
        let query = Query { by: Grouping::Process, idle: true, ..Query::default() };
        let mut rows = table(&mirror, &Users::new(), &query).rows;
        rows.sort_by_key(|row| ids.iter().position(|&id| row.key == RowKey::Process(RowId(id))));
        rows
    }

    #[test]
    fn the_cursor_goes_where_its_row_goes() {
        let mut cursor = Cursor::<Row>::default();
        cursor.choose(1, &rows(&[7, 8, 9]));
        cursor.follow(&rows(&[9, 7, 8]));
        assert_eq!(cursor.index(), 2);
    }

    #[test]
    fn an_untouched_cursor_stays_on_top() {
        let mut cursor = Cursor::<Row>::default();
        cursor.follow(&rows(&[7, 8]));
        cursor.follow(&rows(&[8, 7]));
        assert_eq!(cursor.index(), 0);
    }

    #[test]
    fn the_neighbour_takes_the_place_of_a_row_that_is_gone() {
        let mut cursor = Cursor::<Row>::default();
        cursor.choose(1, &rows(&[7, 8, 9]));
        cursor.follow(&rows(&[7, 9]));
        assert_eq!((cursor.index(), cursor.chosen()), (1, Some(&RowKey::Process(RowId(9)))));
        cursor.follow(&rows(&[7]));
        assert_eq!(cursor.index(), 0);
    }

    #[test]
    fn the_view_scrolls_only_when_the_cursor_leaves_it() {
        let all = rows(&(0..100).collect::<Vec<_>>());
        let mut cursor = Cursor::<Row>::default();
        cursor.drawn(0, 10);
        cursor.choose(cursor.after(Motion::PageDown, all.len()), &all);
        assert_eq!((cursor.index(), cursor.first_visible(100, 10)), (9, 0));
        cursor.choose(cursor.after(Motion::Down, all.len()), &all);
        assert_eq!(cursor.first_visible(100, 10), 1);
        cursor.drawn(1, 10);
        cursor.choose(cursor.after(Motion::Up, all.len()), &all);
        assert_eq!(cursor.first_visible(100, 10), 1);
        cursor.choose(cursor.after(Motion::Last, all.len()), &all);
        assert_eq!((cursor.index(), cursor.first_visible(100, 10)), (99, 90));
    }

    #[test]
    fn a_smaller_window_keeps_the_cursor_in_view() {
        let mut cursor = Cursor::<Row>::default();
        cursor.choose(9, &rows(&(0..10).collect::<Vec<_>>()));
        cursor.drawn(0, 10);
        for viewport in 0..12 {
            let first = cursor.first_visible(10, viewport);
            assert!(viewport == 0 || (first..first + viewport).contains(&9), "{viewport}: {first}");
        }
    }

    #[test]
    fn an_empty_table_has_a_cursor_at_nothing() {
        let mut cursor = Cursor::<Row>::default();
        cursor.choose(cursor.after(Motion::Last, 0), &[]);
        cursor.follow(&[]);
        assert_eq!((cursor.index(), cursor.chosen(), cursor.first_visible(0, 5)), (0, None, 0));
    }
}
