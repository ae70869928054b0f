//! The last line: the keys that do something now, out of the one table.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    segments::{self, Segment},
    theme::STRONG,
};
use crate::{
    app::App,
    keys::{Action, BINDINGS},
};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let context = app.context();
    let offered = BINDINGS
        .iter()
        .filter(|binding| context.includes(binding.context))
        .filter(|binding| app.offers(binding.action))
        .filter(|binding| context.is_screen() || binding.action != Action::Help);
    let segments = offered.enumerate().filter_map(|(at, binding)| {
        let word = match (binding.action, context) {
            (Action::Pause, _) if app.paused_for().is_some() => "Resume",
            (Action::Back, context) if context.is_screen() && !app.detail_open() => "Clear filter",
            _ => binding.footer?,
        };
        let never_dropped = matches!(binding.action, Action::Quit | Action::Retry | Action::Back);
        let rank = if never_dropped { 0 } else { at as u8 + 1 };
        let key = binding.keys.first()?.to_string();
        Some(Segment::new(rank, key, STRONG).and(format!(" {word}"), Style::new()))
    });
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = segments::fit(segments.collect(), usize::from(inner.width), 2);
    buffer.set_line(inner.x, inner.y, &line, inner.width);
}
