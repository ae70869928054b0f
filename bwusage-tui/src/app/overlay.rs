//! What can lie over the table.

use crate::{field::Field, keys::Motion};

/// At most one thing at a time.
#[derive(Debug, Default)]
pub enum Overlay {
    /// Only the table.
    #[default]
    None,
    /// The filter is being typed.
    Filter,
    /// The list of sort keys, with its own cursor.
    Sort {
        /// The entry under the cursor.
        index: usize,
    },
    /// The help.
    Help(Help),
    /// Where the bytes of the interfaces went.
    Ledger(Scroll),
}

/// The help overlay.
#[derive(Debug, Default)]
pub struct Help {
    /// What is looked for in it.
    pub search: Field,
    /// True while that is being typed.
    pub searching: bool,
    /// Which part of it is in view.
    pub scroll: Scroll,
}

/// The part of a long text that is in view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scroll {
    first: usize,
    viewport: usize,
}

impl Scroll {
    /// The first line to show. The view knows how many there are and stops earlier.
    #[must_use]
    pub fn first(&self) -> usize {
        self.first
    }

    /// Scrolls.
    pub fn step(&mut self, motion: Motion) {
        let page = self.viewport.saturating_sub(1).max(1);
        self.first = match motion {
            Motion::Up => self.first.saturating_sub(1),
            Motion::Down => self.first.saturating_add(1),
            Motion::PageUp => self.first.saturating_sub(page),
            Motion::PageDown => self.first.saturating_add(page),
            Motion::First => 0,
            Motion::Last => usize::MAX,
        };
    }

    /// Remembers what was drawn, so that pages have the right size and scrolling back begins at the real end.
    pub fn drawn(&mut self, first: usize, viewport: usize) {
        (self.first, self.viewport) = (first, viewport);
    }
}

impl Overlay {
    /// What the overlay scrolls, where it is a text.
    pub(super) fn scroll(&mut self) -> Option<&mut Scroll> {
        match self {
            Self::Help(help) => Some(&mut help.scroll),
            Self::Ledger(scroll) => Some(scroll),
            Self::None | Self::Filter | Self::Sort { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_back_from_beyond_the_end_moves_at_once() {
        let mut scroll = Scroll::default();
        scroll.step(Motion::Last);
        scroll.drawn(12, 10);
        scroll.step(Motion::Up);
        assert_eq!(scroll.first(), 11);
        scroll.step(Motion::PageUp);
        assert_eq!(scroll.first(), 2);
    }
}
