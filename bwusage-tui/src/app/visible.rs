//! What the view may know of the model.

use std::time::Duration;

use bwusage_proto::{
    format::Units,
    quality::Estimate,
    table::{Grouping, Order, Row},
};

use super::{App, Cursor, Detail, Figure, Link, Lost, Moment, Overlay, Screen};
use crate::{
    keys::{Action, Context},
    rows::{Book, Host, Line, Selected},
};

impl App {
    /// The connection.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The machine; `None` before the first connection.
    #[must_use]
    pub fn host(&self) -> Option<Host> {
        self.moment().mirror.as_deref().map(Host::new)
    }

    /// What the wire bytes are, where they are not the count of each packet.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate<'_>> {
        self.moment().mirror.as_deref()?.coverage.estimate()
    }

    /// True once anything was received.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.moment().mirror.is_some()
    }

    /// The trouble that deserves the whole screen: nothing to show yet, or nothing that waiting would mend.
    #[must_use]
    pub fn obstacle(&self) -> Option<&Lost> {
        self.link.lost().filter(|lost| lost.trouble.needs_user || !self.has_data())
    }

    /// How many rows there are in all and how many of them match the filter.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.table.total, self.table.matched)
    }

    /// The lines from `first` on, at most `count`, each with the speeds of the last `ticks` ticks.
    pub fn lines(&self, first: usize, count: usize, ticks: usize) -> impl Iterator<Item = Line> {
        let rows = self.table.rows.iter().skip(first).take(count);
        rows.filter_map(move |row| self.line(row, ticks))
    }

    /// Traffic without a process, which completes the sum of the columns.
    #[must_use]
    pub fn line_without_process(&self) -> Option<Line> {
        Line::without_process(self.moment().mirror.as_deref()?)
    }

    /// Where the bytes of the interfaces went; `None` where nothing tells.
    #[must_use]
    pub fn book(&self) -> Option<Book> {
        let moment = self.moment();
        Book::new(moment.mirror.as_deref()?, moment.answers.ledger.as_deref())
    }

    /// Why the last question had no answer.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.moment().answers.trouble.as_deref()
    }

    /// The row under the cursor in full.
    #[must_use]
    pub fn selected(&self, ticks: usize) -> Option<Selected> {
        let row = self.selected_row()?;
        Some(Selected::new(self.line(row, ticks)?, row, self.moment().mirror.as_deref()?))
    }

    pub(super) fn selected_row(&self) -> Option<&Row> {
        self.table.rows.get(self.cursor.index())
    }

    fn line(&self, row: &Row, ticks: usize) -> Option<Line> {
        let moment = self.moment();
        Some(Line::new(row, moment.mirror.as_deref()?, &moment.history, ticks))
    }

    pub(super) fn moment(&self) -> &Moment {
        self.pause.as_ref().map_or(&self.live, |pause| &pause.moment)
    }

    /// Where the cursor is and what is in view.
    #[must_use]
    pub fn cursor(&self) -> &Cursor<Row> {
        &self.cursor
    }

    /// What lies over the table.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// True while the detail pane is open.
    #[must_use]
    pub fn detail_open(&self) -> bool {
        self.detail != Detail::Closed && !self.has_no_row()
    }

    /// True while the cards are wanted.
    #[must_use]
    pub fn cards_wanted(&self) -> bool {
        self.cards
    }

    /// What one row stands for.
    #[must_use]
    pub fn by(&self) -> Grouping {
        self.settings.by
    }

    /// What the rows are sorted by.
    #[must_use]
    pub fn order(&self) -> Order {
        self.settings.order
    }

    /// True while the rows keep their places.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Which network figures come first.
    #[must_use]
    pub fn figure(&self) -> Figure {
        self.figure
    }

    /// How numbers are written.
    #[must_use]
    pub fn units(&self) -> Units {
        self.settings.units
    }

    /// How long the screen has been stopped.
    #[must_use]
    pub fn paused_for(&self) -> Option<Duration> {
        self.pause.as_ref().map(|pause| self.now.saturating_sub(pause.since))
    }

    /// Time between two refreshes.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.settings.interval
    }

    /// A short answer to the last key.
    #[must_use]
    pub fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// The present time, as [`App::update`] was told.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// True while the screen shows a running time.
    #[must_use]
    pub fn wants_clock(&self) -> bool {
        self.pause.is_some() || self.link.lost().is_some()
    }

    /// Where the keyboard is.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.overlay {
            Overlay::None => match self.screen {
                Screen::Processes => Context::Processes,
                Screen::Connections => Context::Connections,
            },
            Overlay::Filter => Context::Filter,
            Overlay::Sort { .. } => Context::Sort,
            Overlay::Ledger(_) => Context::Ledger,
            Overlay::Help(help) if help.searching => Context::HelpSearch,
            Overlay::Help(_) => Context::Help,
        }
    }

    fn is_working(&self) -> bool {
        self.has_data() && self.obstacle().is_none()
    }

    /// Whether `action` would do something now.
    #[must_use]
    pub fn offers(&self, action: Action) -> bool {
        match action {
            Action::Suspend => self.settings.can_suspend,
            Action::Retry => self.link.lost().is_some(),
            Action::Quit | Action::Redraw | Action::Help | Action::Mouse => true,
            _ if !self.context().is_screen() => true,
            Action::Back => self.detail_open() || !self.filter().is_empty(),
            Action::OpenDetail => self.is_working() && self.detail == Detail::Closed && !self.has_no_row(),
            Action::Move(_)
            | Action::Pause
            | Action::Units
            | Action::Copy
            | Action::Cards
            | Action::Slower
            | Action::Faster
            | Action::Ledger
            | Action::Show(_)
            | Action::NextScreen => self.is_working(),
            Action::Names => self.is_working() && (self.screen == Screen::Connections || self.detail_open()),
            // What is left acts on the table.
            _ => self.is_working() && self.detail != Detail::Alone,
        }
    }
}
