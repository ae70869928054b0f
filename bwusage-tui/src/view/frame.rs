//! The box around a table: tabs, filter, complaints, and which rows are in view.

use bwusage_proto::text;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Widget as _},
};

use super::theme::{NOTE, Role, STRONG, TITLE, Theme};
use crate::app::{App, Overlay, Screen};

/// From this width on, the frame names the other screens too.
const TABS_FROM: u16 = 60;

/// Draws the box around `what` the rows are and how many there are. Returns what is inside.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    theme: Theme,
    what: &str,
    count: &str,
) -> Rect {
    let error = app.filter().error();
    let typing = matches!(app.overlay(), Overlay::Filter);
    let border = match error {
        Some(_) => theme.colour(Role::Bad),
        None if typing => theme.colour(Role::Rx),
        None => theme.colour(Role::Frame),
    };
    let mut block = Block::bordered().border_type(BorderType::Rounded).border_style(border);
    for screen in Screen::ALL {
        if screen == app.screen() {
            block = block.title_top(Line::from(vec![
                Span::styled(format!(" {} ", screen.key()), NOTE),
                Span::styled(what.to_owned(), TITLE),
                Span::styled(format!(" {count} "), NOTE),
            ]));
        } else if area.width >= TABS_FROM {
            block = block.title_top(Line::styled(format!(" {} {} ", screen.key(), name(screen)), NOTE));
        }
    }
    if typing || !app.filter().is_empty() {
        block = block.title_top(filter(app, typing, usize::from(area.width / 2), border).right_aligned());
    }
    let room = usize::from(area.width.saturating_sub(4));
    if let Some(error) = error {
        let text = text::truncate(&format!(" {error}; the last good filter stays "), room).into_owned();
        block = block.title_bottom(Line::styled(text, border.patch(STRONG)));
    } else if let Some(notice) = app.notice() {
        block = block.title_bottom(Line::styled(format!(" {notice} "), theme.colour(Role::Good)));
    }
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

const fn name(screen: Screen) -> &'static str {
    match screen {
        Screen::Processes => "processes",
        Screen::Connections => "connections",
    }
}

/// ` /fire▏ `, from the right end where it is too long.
fn filter(app: &App, typing: bool, room: usize, style: Style) -> Line<'static> {
    let (before, after) = app.filter().field().split();
    let (before, after) = (text::escape(before), text::escape(after));
    let shown = if typing { format!("{before}▏{after}") } else { format!("{before}{after}") };
    let mut shown = shown.as_str();
    while text::width(shown) > room.saturating_sub(3) && !shown.is_empty() {
        shown = &shown[shown.chars().next().map_or(0, char::len_utf8)..];
    }
    Line::from(vec![Span::styled(" /", style), Span::styled(format!("{shown} "), TITLE)])
}

/// `1-26/38` in the lower border.
pub(super) fn position(buffer: &mut Buffer, area: Rect, first: usize, count: usize, matched: usize) {
    if matched == 0 || area.height == 0 {
        return;
    }
    let text = format!(" {}-{}/{matched} ", first + 1, first + count);
    let width = text.len() as u16;
    if area.width > width + 24 {
        buffer.set_string(area.right() - width - 1, area.bottom() - 1, text, NOTE);
    }
}

/// Behind the heading of the column that is sorted by: whether its values fall from top to bottom.
pub(super) const fn order_mark(sorted: bool, falling: bool) -> &'static str {
    match (sorted, falling) {
        (false, _) => "",
        (true, true) => "▾",
        (true, false) => "▴",
    }
}

/// What to say where the filter matches none of `what`.
pub(super) fn no_match(app: &App, what: &str) -> String {
    let filter = text::escape(app.filter().field().text()).into_owned();
    format!("no {what} matches “{}” – Esc clears", text::truncate(&filter, 40))
}

/// Words in the middle of an empty table.
pub(super) fn notice(buffer: &mut Buffer, inner: Rect, words: &str, style: Style) {
    if inner.height < 2 {
        return;
    }
    let y = (inner.y + 1 + (inner.height - 1) / 2).min(inner.bottom() - 1);
    let words = text::truncate(words, usize::from(inner.width)).into_owned();
    Line::styled(words, style).centered().render(Rect { y, height: 1, ..inner }, buffer);
}
