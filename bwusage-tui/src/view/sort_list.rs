//! The list of sort keys.

use bwusage_proto::table::SortKey;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Clear, Widget as _},
};

use super::theme::{Role, TITLE, Theme};
use crate::app::App;

const WIDTH: u16 = 28;

/// Draws the list over the right end of the table, `index` being the entry under the cursor.
pub(super) fn draw(buffer: &mut Buffer, screen: Rect, app: &App, index: usize, theme: Theme) {
    let width = WIDTH.min(screen.width);
    let height = (SortKey::ALL.len() as u16 + 2).min(screen.height);
    let area = Rect { x: screen.right() - width, y: screen.bottom() - height, width, height };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Rx))
        .title_top(Line::styled(" sort by ", TITLE));
    let inner = block.inner(area);
    Clear.render(area, buffer);
    block.render(area, buffer);

    let order = app.order();
    let viewport = usize::from(inner.height);
    let first = (index + 1).saturating_sub(viewport);
    for (y, (at, key)) in (inner.y..inner.bottom()).zip(SortKey::ALL.into_iter().enumerate().skip(first)) {
        let mark = match (key == order.key, order.reversed) {
            (false, _) => " ",
            (true, false) => "●",
            (true, true) => "○",
        };
        let turned = if key == order.key && order.reversed { ", reversed" } else { "" };
        let text = format!(" {mark} {}{turned}", title(key));
        buffer.set_stringn(inner.x, y, text, usize::from(inner.width), ratatui::style::Style::new());
        if at == index {
            buffer.set_style(Rect { y, height: 1, ..inner }, theme.selected());
        }
    }
}

fn title(key: SortKey) -> &'static str {
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
