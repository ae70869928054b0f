//! Lines made of parts, of which the least important ones give way when there is little room.

use bwusage_proto::text;
use ratatui::{
    style::Style,
    text::{Line, Span},
};

/// A part of a line.
pub(super) struct Segment {
    spans: Vec<Span<'static>>,
    /// Parts with a higher number give way first.
    rank: u8,
}

impl Segment {
    pub(super) fn new(rank: u8, text: impl Into<String>, style: Style) -> Self {
        Self { spans: vec![Span::styled(text.into(), style)], rank }
    }

    pub(super) fn and(mut self, text: impl Into<String>, style: Style) -> Self {
        self.spans.push(Span::styled(text.into(), style));
        self
    }

    fn width(&self) -> usize {
        self.spans.iter().map(|span| text::width(&span.content)).sum()
    }
}

/// The most important of `segments` that fit into `width` cells, in their order, `gap` cells apart.
pub(super) fn fit(mut segments: Vec<Segment>, width: usize, gap: usize) -> Line<'static> {
    let needed = |segments: &[Segment]| {
        segments.iter().map(Segment::width).sum::<usize>() + gap * segments.len().saturating_sub(1)
    };
    while segments.len() > 1 && needed(&segments) > width {
        let least = segments.iter().enumerate().max_by_key(|(at, segment)| (segment.rank, *at));
        let Some((at, _)) = least else { break };
        segments.remove(at);
    }
    let mut spans = Vec::new();
    for segment in segments {
        if !spans.is_empty() {
            spans.push(Span::raw(" ".repeat(gap)));
        }
        spans.extend(segment.spans);
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(width: usize) -> String {
        let parts = [(0, "host"), (2, "engine"), (1, "live")];
        let segments = parts.map(|(rank, text)| Segment::new(rank, text, Style::new())).into();
        fit(segments, width, 2).to_string()
    }

    #[test]
    fn the_least_important_part_gives_way_first() {
        assert_eq!(fitted(18), "host  engine  live");
        assert_eq!(fitted(17), "host  live");
        assert_eq!(fitted(9), "host");
        assert_eq!(fitted(0), "host");
    }
}
