//! The table of processes, or of what they have in common.

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
};

use super::{
    columns::{self, Column, Placed},
    frame, graph,
    hits::Hits,
    theme::{DIM, Role, STRONG, Theme},
};
use crate::{
    app::{App, DrawnTable, SortBy},
    rows::{Line as Row, Speed},
};

/// Graphs of a row never magnify less than this to full height.
const QUIET: u64 = 1024;
/// Behind the name of a program that moved bytes although nobody sees it run.
pub(super) const BACKGROUND: &str = "◦bg";
/// With fewer rows in view, the line of traffic without a process gives its place to another row.
const PINNED_FROM: u16 = 6;

/// Draws the table and says what came where.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> (DrawnTable, Hits) {
    let (total, matched) = app.counts();
    let count =
        if app.filter().in_force().is_some() { format!("{matched} of {total}") } else { total.to_string() };
    let inner = frame::draw(buffer, area, app, theme, rows_are(app.by()), &count);
    let columns = columns::plan(inner.width, app.by(), app.figure(), app.estimate().is_some());
    let painter = Painter { units: app.units(), theme, inner, columns: &columns };
    painter.headings(buffer, app);

    let pinned = app.line_without_process().filter(|_| inner.height > PINNED_FROM);
    let viewport = inner.height.saturating_sub(1 + u16::from(pinned.is_some()));
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
    frame::position(buffer, area, first, usize::from(viewport).min(matched - first), matched);

    let rows =
        Rect { y: inner.y + 1, height: viewport.min((matched - first).min(u16::MAX.into()) as u16), ..inner };
    let sortable = |placed: &Placed<Column>| Some((*placed, SortBy::Process(placed.column.sort_key()?)));
    let headings: Vec<_> = columns.iter().filter_map(sortable).collect();
    let hits = Hits::new(inner, rows, first, &headings);
    let sortable = headings.into_iter().map(|(_, key)| key).collect();
    (DrawnTable { first, viewport: viewport.into(), columns: sortable }, hits)
}

/// What the rows are, in the frame.
fn rows_are(by: Grouping) -> &'static str {
    match by {
        Grouping::App => "applications",
        Grouping::Process => "processes",
        Grouping::User => "users",
        Grouping::Unit => "units",
        Grouping::Container => "containers",
        Grouping::Category => "categories",
    }
}

fn empty(buffer: &mut Buffer, inner: Rect, app: &App) {
    let words = if app.filter().in_force().is_some() {
        frame::no_match(app, super::header::grouping(app.by()))
    } else {
        "no traffic yet – a shows every process".into()
    };
    frame::notice(buffer, inner, &words, DIM);
}

struct Painter<'a> {
    units: Units,
    theme: Theme,
    inner: Rect,
    columns: &'a [Placed<Column>],
}

impl Painter<'_> {
    fn headings(&self, buffer: &mut Buffer, app: &App) {
        if self.inner.height == 0 {
            return;
        }
        for &placed in self.columns {
            let sorted = placed.column.sort_key() == Some(app.order().key);
            let mark = frame::order_mark(sorted, placed.column.is_number() != app.order().reversed);
            let style = STRONG.patch(self.colour(placed.column));
            let style = if sorted { style.add_modifier(Modifier::UNDERLINED) } else { style };
            let title = placed.column.title(app.estimate().is_some());
            self.put(buffer, self.inner.y, placed, &format!("{title}{mark}"), style);
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
            if placed.column == Column::Name {
                self.name(buffer, y, placed, line, style);
            } else {
                self.put(buffer, y, placed, &text, style);
            }
        }
    }

    /// What stands in a column; `None` for what is not known.
    fn text(&self, placed: Placed<Column>, line: &Row) -> Option<String> {
        let amount = |amount: u64| bytes(amount, self.units);
        let speed = |amount: u64| rate(amount, self.units);
        Some(match placed.column {
            Column::Pid => line.pid?.to_string(),
            Column::Processes => Some(line.processes).filter(|&count| count > 0)?.to_string(),
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

    /// The name and its marks, which stay when the name is cut.
    fn name(&self, buffer: &mut Buffer, y: u16, placed: Placed<Column>, line: &Row, style: Style) {
        let mut marks = Vec::new();
        marks.extend(line.ended.is_some().then_some(("†", style)));
        marks.extend(line.in_background.then(|| (BACKGROUND, self.theme.colour(Role::Warning))));
        let taken: usize = marks.iter().map(|(mark, _)| 1 + text::width(mark)).sum();
        let room = usize::from(placed.width).saturating_sub(taken);
        let name = text::truncate(&line.name, room).into_owned();
        let mut spans = vec![Span::styled(name, style)];
        spans.extend(marks.into_iter().flat_map(|(mark, style)| [Span::raw(" "), Span::styled(mark, style)]));
        buffer.set_line(self.inner.x + placed.x, y, &Line::from(spans), placed.width);
    }

    fn colour(&self, column: Column) -> Style {
        match column {
            Column::RxRate | Column::RxTotal => self.theme.colour(Role::Rx),
            Column::TxRate | Column::TxTotal => self.theme.colour(Role::Tx),
            _ => Style::new(),
        }
    }

    fn put(&self, buffer: &mut Buffer, y: u16, placed: Placed<Column>, text: &str, style: Style) {
        let width = usize::from(placed.width);
        let text = text::truncate(text, width);
        let indent = if placed.column.is_number() { width - text::width(&text) } else { 0 };
        let x = self.inner.x + placed.x + indent as u16;
        buffer.set_stringn(x, y, text, width, style);
    }

    /// The recent speeds, each cell in the colour of the direction that moved more.
    fn graph(&self, buffer: &mut Buffer, y: u16, placed: Placed<Column>, recent: &[Speed]) {
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
