//! The list of sort keys.

use bwusage_proto::{table, talk};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Clear, Widget as _},
};

use super::theme::{Role, TITLE, Theme};
use crate::app::{App, SortBy};

const WIDTH: u16 = 28;

/// Draws the list over the right end of the table, `index` being the entry under the cursor.
pub(super) fn draw(buffer: &mut Buffer, screen: Rect, app: &App, index: usize, theme: Theme) {
    let width = WIDTH.min(screen.width);
    let keys = app.sort_keys();
    let height = (keys.len() as u16 + 2).min(screen.height);
    let area = Rect { x: screen.right() - width, y: screen.bottom() - height, width, height };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Rx))
        .title_top(Line::styled(" sort by ", TITLE));
    let inner = block.inner(area);
    Clear.render(area, buffer);
    block.render(area, buffer);

    let (present, reversed) = app.sorted();
    let viewport = usize::from(inner.height);
    let first = (index + 1).saturating_sub(viewport);
    for (y, (at, key)) in (inner.y..inner.bottom()).zip(keys.into_iter().enumerate().skip(first)) {
        let mark = match (key == present, reversed) {
            (false, _) => " ",
            (true, false) => "●",
            (true, true) => "○",
        };
        let turned = if key == present && reversed { ", reversed" } else { "" };
        let text = format!(" {mark} {}{turned}", title(key));
        buffer.set_stringn(inner.x, y, text, usize::from(inner.width), ratatui::style::Style::new());
        if at == index {
            buffer.set_style(Rect { y, height: 1, ..inner }, theme.selected());
        }
    }
}

fn title(key: SortBy) -> &'static str {
    match key {
        SortBy::Process(key) => process(key),
        SortBy::Connection(key) => connection(key),
    }
}

fn process(key: table::SortKey) -> &'static str {
    use table::SortKey;
    match key {
        SortKey::RxTotal => "▼ total received",
        SortKey::TxTotal => "▲ total sent",
        SortKey::RxRate => "▼ receiving now",
        SortKey::TxRate => "▲ sending now",
        SortKey::Cpu => "processor",
        SortKey::Memory => "memory",
        SortKey::DiskRead => "disk reads",
        SortKey::DiskWrite => "disk writes",
        SortKey::Name => "name",
        SortKey::App => "application",
        SortKey::Pid => "process number",
        SortKey::User => "user",
    }
}

fn connection(key: talk::SortKey) -> &'static str {
    use talk::SortKey;
    match key {
        SortKey::Total => "▼▲ total",
        SortKey::Rx => "▼ received",
        SortKey::Tx => "▲ sent",
        SortKey::Age => "age",
        SortKey::Remote => "remote host",
        SortKey::Local => "local address",
        SortKey::Port => "service port",
        SortKey::Protocol => "protocol",
        SortKey::State => "state",
        SortKey::Interface => "interface",
        SortKey::Connections => "connections",
        SortKey::Name => "name",
        SortKey::App => "application",
        SortKey::Pid => "process number",
        SortKey::User => "user",
    }
}
