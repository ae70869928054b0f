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
}

/// The help overlay.
#[derive(Debug, Default)]
pub struct Help {
    /// What is looked for in it.
    pub search: Field,
    /// True while that is being typed.
    pub searching: bool,
    first: usize,
    viewport: usize,
}

impl Help {
    /// The first line to show. The view knows how many there are and stops earlier.
    #[must_use]
    pub fn first(&self) -> usize {
        self.first
    }

    /// Scrolls.
    pub fn scroll(&mut self, motion: Motion) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_back_from_beyond_the_end_moves_at_once() {
        let mut help = Help::default();
        help.scroll(Motion::Last);
        help.drawn(12, 10);
        help.scroll(Motion::Up);
        assert_eq!(help.first(), 11);
        help.scroll(Motion::PageUp);
        assert_eq!(help.first(), 2);
    }
}
