//! Messages that take the whole screen: no daemon, another version, a terminal that is too small.

use bwusage_proto::text;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::Line,
    widgets::{Block, BorderType, Paragraph, Widget as _},
};

use super::{
    header,
    theme::{DIM, Role, STRONG, Theme},
    wrap::wrap,
};
use crate::app::{App, Lost};

const WIDEST: u16 = 88;

/// What stands in the way, what to type, and when the next try is made.
pub(super) fn obstacle(buffer: &mut Buffer, screen: Rect, app: &App, lost: &Lost, theme: Theme) {
    let trouble = &lost.trouble;
    let safe = |text: &str| text::escape(text).into_owned();
    let width = screen.width.min(WIDEST);
    let room = usize::from(width).saturating_sub(4);
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(wrap(text, room).into_iter().map(|line| Line::styled(line, style)));
    };
    add(&safe(&trouble.sentence), STRONG);
    add("", Style::new());
    for hint in &trouble.hints {
        add(&safe(hint), Style::new());
    }
    if !trouble.hints.is_empty() {
        add("", Style::new());
    }
    add(&format!("{}; R tries now, q quits", header::retry(app, lost)), DIM);

    let needed = lines.len() as u16 + 4;
    let height = needed.min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Bad))
        .title_top(Line::styled(" no connection to the daemon ", theme.colour(Role::Bad).patch(STRONG)));
    let inner = block.inner(area);
    block.render(area, buffer);
    // Air around the text, as far as there is room for it.
    let air = u16::from(height == needed);
    let inner = Rect {
        x: inner.x + 1,
        y: inner.y + air,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(air),
    };
    Paragraph::new(lines).render(inner, buffer);
}

/// Nothing was received yet.
pub(super) fn waiting(buffer: &mut Buffer, screen: Rect) {
    let line = Line::styled("connecting to bwusaged …", DIM).centered();
    line.render(Rect { y: screen.y + screen.height / 2, height: 1, ..screen }, buffer);
}

/// The terminal is too small for anything else.
pub(super) fn too_small(buffer: &mut Buffer, screen: Rect, needed: (u16, u16)) {
    let lines = [
        format!("bwusage needs {}x{}", needed.0, needed.1),
        format!("this is {}x{}", screen.width, screen.height),
    ];
    for (y, line) in (screen.y..screen.bottom()).zip(lines) {
        let line = text::truncate(&line, usize::from(screen.width)).into_owned();
        buffer.set_line(screen.x, y, &Line::raw(line), screen.width);
    }
}
