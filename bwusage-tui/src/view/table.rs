//! The table of processes or applications.

use bwusage_proto::{
    format::{Units, bytes, duration, percent, rate},
    table::Grouping,
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, BorderType, Widget as _},
};

use super::{
    columns::{self, Column, Placed},
    graph,
    hits::Hits,
    theme::{DIM, NOTE, Role, STRONG, TITLE, Theme},
};
use crate::{
    app::{App, DrawnTable, Overlay},
    rows::{Line as Row, Speed},
};

/// Graphs of a row never magnify less than this to full height.
const QUIET: u64 = 1024;
/// With fewer rows in view, the line of traffic without a process gives its place to another row.
const PINNED_FROM: u16 = 6;

/// Draws the table and says what came where.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> (DrawnTable, Hits) {
    let inner = frame(buffer, area, app, theme);
    let columns = columns::plan(inner.width, app.by(), app.figure());
    let painter = Painter { units: app.units(), theme, inner, columns: &columns };
    painter.headings(buffer, app);

    let pinned = app.line_without_process().filter(|_| inner.height > PINNED_FROM);
    let viewport = inner.height.saturating_sub(1 + u16::from(pinned.is_some()));
    let (_, matched) = app.counts();
    let first = app.cursor().first_visible(matched, usize::from(viewport));
    let graph_width =
        columns.iter().find(|placed| placed.column == Column::Graph).map_or(0, |graph| graph.width);
    let lines = app.lines(first, usize::from(viewport), graph::values_in(graph_width));
    for (at, (y, line)) in (inner.y + 1..).zip(lines).enumerate() {
        painter.line(buffer, y, &line);
        if first + at == app.cursor().index() {
            buffer.set_style(Rect { y, height: 1, ..inner }, theme.selected());
        }
    }
    if let Some(line) = pinned {
        painter.line(buffer, inner.bottom() - 1, &line);
    }
    if matched == 0 && inner.height > 1 {
        empty(buffer, inner, app);
    }
    position(buffer, area, first, usize::from(viewport).min(matched - first), matched);

    let rows =
        Rect { y: inner.y + 1, height: viewport.min((matched - first).min(u16::MAX.into()) as u16), ..inner };
    let hits = Hits::new(inner, rows, first, &columns);
    let sortable = columns.iter().filter_map(|placed| placed.column.sort_key()).collect();
    (DrawnTable { first, viewport: viewport.into(), columns: sortable }, hits)
}

/// The box with its titles. Returns what is inside.
fn frame(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> Rect {
    let error = app.filter().error();
    let typing = matches!(app.overlay(), Overlay::Filter);
    let border = match error {
        Some(_) => theme.colour(Role::Bad),
        None if typing => theme.colour(Role::Rx),
        None => theme.colour(Role::Frame),
    };
    let (total, matched) = app.counts();
    let what = match app.by() {
        Grouping::App => "applications",
        Grouping::Process => "processes",
        Grouping::User => "users",
        Grouping::Unit => "units",
        Grouping::Container => "containers",
        Grouping::Category => "categories",
    };
    let count =
        if app.filter().in_force().is_some() { format!("{matched} of {total}") } else { total.to_string() };
    let mut block =
        Block::bordered().border_type(BorderType::Rounded).border_style(border).title_top(Line::from(vec![
            Span::raw(" "),
            Span::styled(what, TITLE),
            Span::styled(format!(" {count} "), NOTE),
        ]));
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
fn position(buffer: &mut Buffer, area: Rect, first: usize, count: usize, matched: usize) {
    if matched == 0 || area.height == 0 {
        return;
    }
    let text = format!(" {}-{}/{matched} ", first + 1, first + count);
    let width = text.len() as u16;
    if area.width > width + 24 {
        buffer.set_string(area.right() - width - 1, area.bottom() - 1, text, NOTE);
    }
}

fn empty(buffer: &mut Buffer, inner: Rect, app: &App) {
    let what = super::header::grouping(app.by());
    let words = if app.filter().in_force().is_some() {
        let filter = text::escape(app.filter().field().text()).into_owned();
        format!("no {what} matches “{}” – Esc clears", text::truncate(&filter, 40))
    } else {
        "no traffic yet – a shows every process".into()
    };
    let y = (inner.y + 1 + (inner.height - 1) / 2).min(inner.bottom() - 1);
    let words = text::truncate(&words, usize::from(inner.width)).into_owned();
    Line::styled(words, DIM).centered().render(Rect { y, height: 1, ..inner }, buffer);
}

struct Painter<'a> {
    units: Units,
    theme: Theme,
    inner: Rect,
    columns: &'a [Placed],
}

impl Painter<'_> {
    fn headings(&self, buffer: &mut Buffer, app: &App) {
        if self.inner.height == 0 {
            return;
        }
        for &placed in self.columns {
            let sorted = placed.column.sort_key() == Some(app.order().key);
            // Amounts begin with the largest, names with A: the mark points to where the large ones are.
            let falling = placed.column.is_number() != app.order().reversed;
            let mark = if !sorted {
                ""
            } else if falling {
                "▾"
            } else {
                "▴"
            };
            let style = STRONG.patch(self.colour(placed.column));
            let style = if sorted { style.add_modifier(Modifier::UNDERLINED) } else { style };
            self.put(buffer, self.inner.y, placed, &format!("{}{mark}", placed.column.title()), style);
        }
    }

    fn line(&self, buffer: &mut Buffer, y: u16, line: &Row) {
        let faded = if line.is_idle() || line.ended.is_some() { DIM } else { Style::new() };
        for &placed in self.columns {
            if placed.column == Column::Graph {
                self.graph(buffer, y, placed, &line.recent);
                continue;
            }
            let Some(text) = self.text(placed, line) else {
                if placed.column.is_number() && line.processes > 0 {
                    self.put(buffer, y, placed, "–", DIM);
                }
                continue;
            };
            let zero = is_zero(placed.column, line);
            let style = if zero { DIM } else { self.colour(placed.column).patch(faded) };
            self.put(buffer, y, placed, &text, style);
        }
    }

    /// What stands in a column; `None` for what is not known.
    fn text(&self, placed: Placed, line: &Row) -> Option<String> {
        let amount = |amount: u64| bytes(amount, self.units);
        let speed = |amount: u64| rate(amount, self.units);
        Some(match placed.column {
            Column::Pid => line.pid?.to_string(),
            Column::Processes => Some(line.processes).filter(|&count| count > 0)?.to_string(),
            Column::Name if line.ended.is_some() => {
                format!("{} †", text::truncate(&line.name, usize::from(placed.width).saturating_sub(2)))
            }
            Column::Name => line.name.clone(),
            Column::User => line.user.clone(),
            Column::RxRate => speed(line.rx_rate),
            Column::TxRate => speed(line.tx_rate),
            Column::RxTotal => amount(line.rx_total),
            Column::TxTotal => amount(line.tx_total),
            Column::Cpu => percent(line.cpu_centipercent?),
            Column::Memory => amount(line.memory?),
            Column::DiskRead => amount(line.disk_read?),
            Column::DiskWrite => amount(line.disk_write?),
            Column::Age => duration(line.age?),
            Column::App => line.app.clone(),
            Column::Command => line.command_line.as_ref().or(line.exe.as_ref())?.clone(),
            Column::Graph => return None,
        })
    }

    fn colour(&self, column: Column) -> Style {
        match column {
            Column::RxRate | Column::RxTotal => self.theme.colour(Role::Rx),
            Column::TxRate | Column::TxTotal => self.theme.colour(Role::Tx),
            _ => Style::new(),
        }
    }

    fn put(&self, buffer: &mut Buffer, y: u16, placed: Placed, text: &str, style: Style) {
        let width = usize::from(placed.width);
        let text = text::truncate(text, width);
        let indent = if placed.column.is_number() { width - text::width(&text) } else { 0 };
        let x = self.inner.x + placed.x + indent as u16;
        buffer.set_stringn(x, y, text, width, style);
    }

    /// The recent speeds, each cell in the colour of the direction that moved more.
    fn graph(&self, buffer: &mut Buffer, y: u16, placed: Placed, recent: &[Speed]) {
        let values: Vec<_> = recent.iter().map(|speed| Some(speed.rx.saturating_add(speed.tx))).collect();
        let top = values.iter().flatten().max().copied().unwrap_or(0);
        if top == 0 {
            return;
        }
        let style = |_, at: usize| {
            let cell = recent.get(at..recent.len().min(at + 2)).unwrap_or_default();
            let (rx, tx) = cell.iter().fold((0_u64, 0_u64), |(rx, tx), speed| {
                (rx.saturating_add(speed.rx), tx.saturating_add(speed.tx))
            });
            self.theme.colour(if rx >= tx { Role::Rx } else { Role::Tx })
        };
        let area = Rect { x: self.inner.x + placed.x, y, width: placed.width, height: 1 };
        graph::area(buffer, area, &values, top.max(QUIET), style, self.theme.colour(Role::Frame));
    }
}

/// True for a number that is known to be nothing: it steps back so that the others stand out.
fn is_zero(column: Column, line: &Row) -> bool {
    match column {
        Column::RxRate => line.rx_rate == 0,
        Column::TxRate => line.tx_rate == 0,
        Column::RxTotal => line.rx_total == 0,
        Column::TxTotal => line.tx_total == 0,
        Column::Cpu => line.cpu_centipercent == Some(0),
        Column::Memory => line.memory == Some(0),
        Column::DiskRead => line.disk_read == Some(0),
        Column::DiskWrite => line.disk_write == Some(0),
        _ => false,
    }
}
