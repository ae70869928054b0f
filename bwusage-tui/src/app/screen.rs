//! The screens, and what they have in common: a table with a cursor, an order and a filter.

use bwusage_proto::{table, talk};

use super::{App, Detail};
use crate::{filter_bar::FilterBar, keys::Motion};

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Who moves bytes.
    Processes,
    /// Who talks to whom.
    Connections,
}

impl Screen {
    /// Every screen, in the order of the tabs.
    pub const ALL: [Self; 2] = [Self::Processes, Self::Connections];

    /// The key that leads there. The ones between belong to screens to come.
    #[must_use]
    pub const fn key(self) -> char {
        match self {
            Self::Processes => '1',
            Self::Connections => '3',
        }
    }
}

/// A column of one of the screens that can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Of processes.
    Process(table::SortKey),
    /// Of connections.
    Connection(talk::SortKey),
}

impl App {
    /// The screen that is shown.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.screen
    }

    pub(super) fn show(&mut self, screen: Screen) {
        if self.screen != screen {
            self.screen = screen;
            self.detail = Detail::Closed;
            self.columns = self.sort_keys();
            self.refresh();
        }
    }

    /// What this screen can be sorted by.
    #[must_use]
    pub fn sort_keys(&self) -> Vec<SortBy> {
        match self.screen {
            Screen::Processes => table::SortKey::ALL.map(SortBy::Process).into(),
            Screen::Connections => talk::SortKey::ALL.map(SortBy::Connection).into(),
        }
    }

    /// What this screen is sorted by, and whether the order is turned around.
    #[must_use]
    pub fn sorted(&self) -> (SortBy, bool) {
        match self.screen {
            Screen::Processes => (SortBy::Process(self.settings.order.key), self.settings.order.reversed),
            Screen::Connections => (SortBy::Connection(self.talk.order.key), self.talk.order.reversed),
        }
    }

    /// Sorts by `key`, or turns the order around when it is the present one.
    pub(super) fn sort_by(&mut self, key: SortBy) {
        let (present, reversed) = self.sorted();
        let reversed = present == key && !reversed;
        match key {
            SortBy::Process(key) => self.settings.order = table::Order { key, reversed },
            SortBy::Connection(key) => self.talk.order = talk::Order { key, reversed },
        }
        self.frozen = None;
        self.refresh();
    }

    /// Sorts by a neighbour of the present column.
    pub(super) fn sort_beside(&mut self, beside: impl Fn(usize, usize) -> Option<usize>) {
        let at = self.columns.iter().position(|&key| key == self.sorted().0);
        let next = at.map_or(Some(0), |at| beside(at, self.columns.len()));
        if let Some(&key) = next.and_then(|next| self.columns.get(next)) {
            self.sort_by(key);
        }
    }

    /// The filter of this screen as it is typed.
    #[must_use]
    pub fn filter(&self) -> &FilterBar {
        match self.screen {
            Screen::Processes => &self.filter,
            Screen::Connections => &self.talk.filter,
        }
    }

    pub(super) fn filter_mut(&mut self) -> &mut FilterBar {
        match self.screen {
            Screen::Processes => &mut self.filter,
            Screen::Connections => &mut self.talk.filter,
        }
    }

    /// The place of the row under the cursor.
    pub(super) fn position(&self) -> usize {
        match self.screen {
            Screen::Processes => self.cursor.index(),
            Screen::Connections => self.talk.cursor.index(),
        }
    }

    pub(super) fn choose(&mut self, index: usize) {
        match self.screen {
            Screen::Processes => {
                self.reach(index);
                self.cursor.choose(index, &self.table.rows);
            }
            Screen::Connections => {
                let rows = self.connections();
                self.talk.choose(&rows, index);
            }
        }
    }

    pub(super) fn step_row(&mut self, motion: Motion) {
        self.choose(match self.screen {
            Screen::Processes => self.cursor.after(motion, self.table.matched),
            Screen::Connections => self.talk.cursor.after(motion, self.talk.table.matched),
        });
    }

    /// True when there is no row to do anything with.
    pub(super) fn has_no_row(&self) -> bool {
        match self.screen {
            Screen::Processes => self.table.rows.is_empty(),
            Screen::Connections => self.talk.table.rows.is_empty(),
        }
    }

    /// Builds the table of this screen again.
    pub(super) fn refresh(&mut self) {
        match self.screen {
            Screen::Processes => self.rebuild(),
            Screen::Connections => {
                let rows = self.connections();
                self.talk.rebuild(&rows);
            }
        }
    }

    pub(super) fn drawn_table(&mut self, first: usize, viewport: usize) {
        match self.screen {
            Screen::Processes => self.cursor.drawn(first, viewport),
            Screen::Connections => self.talk.cursor.drawn(first, viewport),
        }
    }
}
