//! What lies under the mouse.

use std::ops::Range;

use ratatui::layout::{Position, Rect};

use super::columns::Placed;
use crate::app::{Pointer, SortBy};

/// Where the table's headings and rows were drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    headings: Vec<(Range<u16>, SortBy)>,
    heading_y: u16,
    rows: Rect,
    first: usize,
}

impl Hits {
    pub(super) fn new<C>(inner: Rect, rows: Rect, first: usize, headings: &[(Placed<C>, SortBy)]) -> Self {
        let cells = |(placed, key): &(Placed<C>, SortBy)| {
            let x = inner.x + placed.x;
            (x..x + placed.width, *key)
        };
        Self { headings: headings.iter().map(cells).collect(), heading_y: inner.y, rows, first }
    }

    /// What a click at this cell means.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<Pointer> {
        if self.rows.contains(Position { x, y }) {
            return Some(Pointer::Row(self.first + usize::from(y - self.rows.y)));
        }
        let heading = self.headings.iter().find(|(cells, _)| y == self.heading_y && cells.contains(&x));
        heading.map(|&(_, key)| Pointer::Column(key))
    }
}
