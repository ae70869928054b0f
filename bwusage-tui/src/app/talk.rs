//! The screen of connections: its rows, and what is chosen about them.

use std::{net::IpAddr, sync::Arc};

use bwusage_proto::{
    connection::{Connections, ConnectionsQuery},
    mirror::Mirror,
    talk::{self, Grouping, Key, Kind, Order, Query, Row, Table},
    users::Users,
};

use super::{BUILT_BELOW, Cursor};
use crate::filter_bar::FilterBar;

/// An answer about connections.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    /// The question.
    pub(super) query: ConnectionsQuery,
    /// One row of each thing that has bytes.
    pub(super) rows: Arc<Vec<Row>>,
    /// When it was read, in milliseconds of Unix time.
    pub(super) taken_at_unix_ms: u64,
    /// How many this viewer may not see.
    pub(super) hidden: u64,
}

impl Talk {
    pub(super) fn new(
        query: ConnectionsQuery,
        connections: &Connections,
        mirror: &Mirror,
        users: &Users,
    ) -> Self {
        Self {
            query,
            rows: Arc::new(talk::rows(connections, mirror, users)),
            taken_at_unix_ms: connections.taken_at_unix_ms,
            hidden: connections.hidden,
        }
    }

    /// Gives names to remote hosts that have none.
    pub(super) fn name_hosts(&mut self, name: impl Fn(IpAddr) -> Option<Arc<str>>) {
        let nameless = |row: &Row| row.remote.filter(|_| row.remote_name.is_none());
        // The rows may be shared with a stopped screen: they are copied only when there is something to write.
        if !self.rows.iter().any(|row| nameless(row).and_then(&name).is_some()) {
            return;
        }
        for row in Arc::make_mut(&mut self.rows) {
            if let Some(name) = nameless(row).and_then(&name) {
                row.remote_name = Some(name.to_string());
            }
        }
    }
}

/// What the screen shows and how.
#[derive(Debug)]
pub(super) struct TalkScreen {
    pub(super) by: Grouping,
    pub(super) order: Order,
    /// Closed connections and what was not itemised too.
    pub(super) closed: bool,
    /// Remote hosts by name.
    pub(super) names: bool,
    pub(super) filter: FilterBar,
    pub(super) cursor: Cursor<Row>,
    pub(super) table: Table,
}

impl Default for TalkScreen {
    fn default() -> Self {
        Self {
            by: Grouping::default(),
            order: Order::default(),
            closed: true,
            names: true,
            filter: FilterBar::default(),
            cursor: Cursor::default(),
            table: Table::default(),
        }
    }
}

impl TalkScreen {
    /// Groups, filters and sorts again, and puts the cursor back on its row.
    pub(super) fn rebuild(&mut self, rows: &[Row]) {
        self.build(rows, Some(self.cursor.index() + BUILT_BELOW));
        let lost = |key: &Key| self.table.rows.iter().all(|row| row.key != *key);
        if self.table.truncated() && self.cursor.chosen().is_some_and(lost) {
            self.build(rows, None);
        }
        self.cursor.follow(&self.table.rows);
    }

    /// Chooses the row at `index`, which is built first where it was not in view so far.
    pub(super) fn choose(&mut self, rows: &[Row], index: usize) {
        if self.table.truncated() && index + BUILT_BELOW > self.table.rows.len() {
            self.build(rows, Some(index.saturating_add(BUILT_BELOW)));
        }
        self.cursor.choose(index, &self.table.rows);
    }

    fn build(&mut self, rows: &[Row], limit: Option<usize>) {
        self.table = talk::table(rows, &self.query(limit));
    }

    fn query(&self, limit: Option<usize>) -> Query<'_> {
        Query {
            by: self.by,
            closed: self.closed,
            numeric: !self.names,
            order: self.order,
            filter: self.filter.in_force(),
            limit,
        }
    }

    /// What the row under the cursor adds up, at most `count`. `None` for a row that is one connection.
    pub(super) fn members(&self, rows: &[Row], count: usize) -> Option<Table> {
        let selected = self.selected().filter(|row| row.kind == Kind::Group)?;
        Some(talk::members(rows, &self.query(Some(count)), &selected.key))
    }

    /// The row under the cursor.
    pub(super) fn selected(&self) -> Option<&Row> {
        self.table.rows.get(self.cursor.index())
    }

    /// Addresses in view that have no name.
    pub(super) fn nameless(&self) -> impl Iterator<Item = IpAddr> {
        let (first, count) = self.cursor.in_view();
        let rows = self.table.rows.iter().skip(first).take(count);
        rows.filter(|row| row.remote_name.is_none()).filter_map(|row| row.remote)
    }
}
