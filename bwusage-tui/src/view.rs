//! Draws the model. It decides nothing, and imports no wire type: what it shows comes ready from [`crate::rows`].

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

mod cards;
mod columns;
mod connections;
mod detail;
mod flow_columns;
mod flow_detail;
mod footer;
mod frame;
mod graph;
mod header;
mod help;
mod hits;
mod ledger;
mod message;
mod segments;
mod sort_list;
mod table;
mod theme;
mod wrap;

pub use hits::Hits;
use theme::DIM;
pub use theme::{Depth, Theme};

use crate::{
    app::{App, Drawn, Overlay, Screen},
    rows::Host,
};

/// The smallest screen that shows a table.
const SMALLEST: (u16, u16) = (40, 10);
/// From this width on, the detail pane stands beside the table.
const DETAIL_BESIDE: u16 = 180;
/// From this height on, it leaves the cards above it in place.
const DETAIL_UNDER_CARDS: u16 = 34;

/// Draws one frame; returns what the model should remember of it, and what lies under the mouse.
pub fn draw(frame: &mut Frame, app: &App, theme: Theme) -> (Drawn, Hits) {
    let area = frame.area();
    let seen = screen(frame.buffer_mut(), area, app, theme);
    theme.degrade(frame.buffer_mut());
    seen
}

fn screen(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> (Drawn, Hits) {
    let (mut drawn, mut hits) = (Drawn::default(), Hits::default());
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        message::too_small(buffer, area, SMALLEST);
        return (drawn, hits);
    }
    let host = app.host();
    let [top, body, bottom] =
        area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]));
    header::draw(buffer, top, app, host.as_ref(), theme);
    footer::draw(buffer, bottom, app);

    match (app.obstacle(), &host) {
        (Some(lost), _) => message::obstacle(buffer, body, app, lost, theme),
        (None, None) => message::waiting(buffer, body),
        (None, Some(host)) => (drawn, hits) = content(buffer, area, body, app, host, theme),
    }
    match app.overlay() {
        Overlay::Sort { index } => sort_list::draw(buffer, body, app, *index, theme),
        Overlay::Help(help) => {
            drawn.overlay = Some(help::draw(buffer, body, app, help, host.as_ref(), theme));
        }
        Overlay::Ledger(scroll) => drawn.overlay = Some(ledger::draw(buffer, body, app, scroll, theme)),
        Overlay::None | Overlay::Filter => {}
    }
    (drawn, hits)
}

/// Cards, table and detail pane.
fn content(
    buffer: &mut Buffer,
    screen: Rect,
    body: Rect,
    app: &App,
    host: &Host,
    theme: Theme,
) -> (Drawn, Hits) {
    let beside = screen.width >= DETAIL_BESIDE;
    let alone = app.detail_open() && !beside;
    let above = match cards::height(screen.width, screen.height) {
        _ if !app.cards_wanted() => 0,
        Some(_) if alone && screen.height < DETAIL_UNDER_CARDS => 0,
        cards => cards.unwrap_or(1),
    };
    let [above, mut below] = body.layout(&Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]));
    if above.height == 1 {
        let line = cards::summary(host, app.units(), theme, usize::from(above.width.saturating_sub(2)));
        buffer.set_line(above.x + 1, above.y, &line, above.width.saturating_sub(2));
    } else if above.height > 1 {
        cards::draw(buffer, above, host, app.units(), theme);
    }

    let (mut drawn, mut hits) = (Drawn::default(), Hits::default());
    if app.detail_open() {
        let pane = if beside {
            let [table, pane] = below.layout(&Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]));
            below = table;
            pane
        } else {
            below
        };
        match app.screen() {
            Screen::Processes => detail::draw(buffer, pane, app, theme),
            Screen::Connections => flow_detail::draw(buffer, pane, app, theme),
        }
    }
    if !alone {
        let (table, under_mouse) = match app.screen() {
            Screen::Processes => table::draw(buffer, below, app, theme),
            Screen::Connections => connections::draw(buffer, below, app, theme),
        };
        (drawn.table, hits) = (Some(table), under_mouse);
    }
    if app.link().lost().is_some() {
        buffer.set_style(body, DIM);
    }
    (drawn, hits)
}
