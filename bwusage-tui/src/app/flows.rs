//! What the view may know of connections.

use std::{collections::HashMap, net::IpAddr};

use bwusage_proto::{
    connection::Moved,
    table::RowKey,
    talk::{Grouping, Row},
};

use super::{App, Cursor, Screen};
use crate::rows::{Flow, FlowDetail, Flows};

/// More connections than the detail pane of a process shows.
const NAMED_IN_DETAIL: usize = 100;

impl App {
    /// How many connections there are in all, and how many rows of the table.
    #[must_use]
    pub fn flow_counts(&self) -> (usize, usize) {
        (self.connections().len(), self.talk.table.matched)
    }

    /// What connections are grouped by.
    #[must_use]
    pub fn flows_by(&self) -> Grouping {
        self.talk.by
    }

    /// Whether remote hosts are shown by name.
    #[must_use]
    pub fn host_names(&self) -> bool {
        self.talk.names
    }

    /// Whether closed connections are shown too.
    #[must_use]
    pub fn closed_shown(&self) -> bool {
        self.talk.closed
    }

    /// Where the cursor is among connections and what is in view.
    #[must_use]
    pub fn flow_cursor(&self) -> &Cursor<Row> {
        &self.talk.cursor
    }

    /// The connections from `first` on, at most `count`. `None` before the daemon answered.
    #[must_use]
    pub fn flows(&self, first: usize, count: usize) -> Option<Flows> {
        let talk = self.talk_in_view()?;
        let table = &self.talk.table;
        let rows = table.rows.iter().skip(first).take(count);
        Some(self.shown(rows, talk.taken_at_unix_ms, table.matched, table.moved, talk.hidden))
    }

    /// The connection, or group of connections, under the cursor.
    #[must_use]
    pub fn selected_flow(&self) -> Option<FlowDetail> {
        let taken_at_unix_ms = self.talk_in_view()?.taken_at_unix_ms;
        let row = self.talk.selected()?;
        Some(FlowDetail::new(row, self.flow(row, taken_at_unix_ms)))
    }

    /// The connections of the row under the cursor, those that moved most first, at most `count`. `None` before the daemon
    /// answered, and for a row that is a connection itself.
    #[must_use]
    pub fn flows_of_selected(&self, count: usize) -> Option<Flows> {
        let talk = self.talk_in_view()?;
        match self.screen {
            Screen::Processes => {
                let mut rows = self.of_selected_process(&talk.rows)?;
                let (matched, moved) = (rows.len(), sum(&rows));
                busiest(&mut rows, count);
                Some(self.shown(rows.into_iter(), talk.taken_at_unix_ms, matched, moved, talk.hidden))
            }
            Screen::Connections => {
                let table = self.talk.members(&talk.rows, count)?;
                Some(self.shown(
                    table.rows.iter(),
                    talk.taken_at_unix_ms,
                    table.matched,
                    table.moved,
                    talk.hidden,
                ))
            }
        }
    }

    /// Those of `rows` whose process is in the row under the cursor.
    fn of_selected_process<'a>(&self, rows: &'a [Row]) -> Option<Vec<&'a Row>> {
        let selected = self.selected_row()?;
        let mirror = self.moment().mirror.as_deref()?;
        let mut known = HashMap::new();
        let mut belongs = |id| {
            *known.entry(id).or_insert_with(|| {
                let process = mirror.processes.get(&id);
                process.is_some_and(|process| RowKey::of(self.settings.by, id, process) == selected.key)
            })
        };
        Some(rows.iter().filter(|row| row.process.is_some_and(&mut belongs)).collect())
    }

    /// Addresses without a name in the detail pane of a process, as far as it can be in view.
    pub(super) fn nameless_of_selected(&self) -> Vec<IpAddr> {
        let of_selected = self.talk_in_view().and_then(|talk| self.of_selected_process(&talk.rows));
        let mut rows = of_selected.unwrap_or_default();
        busiest(&mut rows, NAMED_IN_DETAIL);
        rows.into_iter().filter(|row| row.remote_name.is_none()).filter_map(|row| row.remote).collect()
    }

    fn shown<'a>(
        &self,
        rows: impl Iterator<Item = &'a Row>,
        taken_at_unix_ms: u64,
        matched: usize,
        moved: Moved,
        hidden: u64,
    ) -> Flows {
        Flows {
            flows: rows.map(|row| self.flow(row, taken_at_unix_ms)).collect(),
            matched,
            rx_total: moved.rx_bytes,
            tx_total: moved.tx_bytes,
            hidden,
        }
    }

    fn flow(&self, row: &Row, taken_at_unix_ms: u64) -> Flow {
        Flow::new(row, taken_at_unix_ms, !self.talk.names)
    }
}

/// Those that moved most, at most `count`, in order.
fn busiest(rows: &mut Vec<&Row>, count: usize) {
    rows.sort_by_key(|row| std::cmp::Reverse(total(row)));
    rows.truncate(count);
}

fn total(row: &Row) -> u64 {
    row.moved.rx_bytes.saturating_add(row.moved.tx_bytes)
}

fn sum(rows: &[&Row]) -> Moved {
    rows.iter().fold(Moved::default(), |mut sum, row| {
        sum += row.moved;
        sum
    })
}
