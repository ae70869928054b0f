//! The table of connections, or of what they have in common.

use bwusage_proto::{
    format::{Units, bytes, duration},
    talk::Grouping,
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::{
    columns::Placed,
    flow_columns::{self, Column},
    frame,
    hits::Hits,
    theme::{DIM, NOTE, Role, STRONG, Theme},
};
use crate::{
    app::{App, DrawnTable, Screen, SortBy},
    rows::{Flow, Flows},
};

/// With fewer rows in view, the sum gives its place to another row.
const SUM_FROM: u16 = 6;

/// Draws the table and says what came where.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> (DrawnTable, Hits) {
    let by = app.flows_by();
    let (total, matched) = app.flow_counts();
    let count = match by {
        Grouping::Connection if app.filter().in_force().is_some() => format!("{matched} of {total}"),
        _ => matched.to_string(),
    };
    let inner = frame::draw(buffer, area, app, theme, rows_are(by), &count);
    let estimated = app.estimate().is_some();
    let columns = flow_columns::plan(inner.width, by, estimated);
    let painter = Painter { units: app.units(), theme, inner, by, columns: &columns, estimated };
    painter.headings(buffer, Some(app.sorted()));

    let has_sum = inner.height > SUM_FROM && matched > 0;
    let viewport = inner.height.saturating_sub(1 + u16::from(has_sum));
    let first = app.flow_cursor().first_visible(matched, usize::from(viewport));
    let flows = app.flows(first, viewport.into());
    match &flows {
        Some(flows) => {
            for (at, (y, flow)) in (inner.y + 1..).zip(&flows.flows).enumerate() {
                painter.line(buffer, y, flow);
                if first + at == app.flow_cursor().index() {
                    buffer.set_style(Rect { y, height: 1, ..inner }, theme.selected());
                }
            }
            if has_sum {
                painter.line(buffer, inner.bottom() - 1, &sum(flows));
            }
            if matched == 0 {
                frame::notice(buffer, inner, &empty(app, flows), DIM);
            }
            hidden(buffer, area, flows.hidden);
        }
        None => frame::notice(buffer, inner, app.trouble().unwrap_or("asking the daemon…"), DIM),
    }
    frame::position(buffer, area, first, usize::from(viewport).min(matched - first), matched);

    let rows =
        Rect { y: inner.y + 1, height: viewport.min((matched - first).min(u16::MAX.into()) as u16), ..inner };
    let sortable = |placed: &Placed<Column>| Some((*placed, SortBy::Connection(placed.column.sort_key(by)?)));
    let headings: Vec<_> = columns.iter().filter_map(sortable).collect();
    let hits = Hits::new(inner, rows, first, &headings);
    let mut sortable: Vec<SortBy> = Vec::new();
    for (_, key) in headings {
        if !sortable.contains(&key) {
            sortable.push(key);
        }
    }
    (DrawnTable { first, viewport: viewport.into(), columns: sortable }, hits)
}

/// Draws the connections of the row under the cursor without a frame: those of one process without its name.
pub(super) fn list(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let room = area.height.saturating_sub(2);
    let flows = app.flows_of_selected(room.into());
    let heading = match &flows {
        Some(flows) if flows.matched > flows.flows.len() => {
            format!("connections, {} of {}", flows.flows.len(), flows.matched)
        }
        Some(flows) => format!("connections {}", flows.matched),
        None => format!("connections: {}", app.trouble().unwrap_or("asking the daemon…")),
    };
    let heading = match &flows {
        Some(Flows { hidden, .. }) if *hidden > 0 => format!("{heading}, {hidden} of others hidden"),
        _ => heading,
    };
    buffer.set_stringn(area.x, area.y, heading, area.width.into(), STRONG);
    let Some(flows) = flows.filter(|flows| !flows.flows.is_empty()) else { return };
    let estimated = app.estimate().is_some();
    let columns = match app.screen() {
        Screen::Processes => flow_columns::plan_of_process(area.width, estimated),
        Screen::Connections => flow_columns::plan(area.width, Grouping::Connection, estimated),
    };
    let inner = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let by = Grouping::Connection;
    let painter = Painter { units: app.units(), theme, inner, by, columns: &columns, estimated };
    painter.headings(buffer, None);
    for (y, flow) in (inner.y + 1..inner.bottom()).zip(&flows.flows) {
        painter.line(buffer, y, flow);
    }
}

/// What the rows are, in the frame.
fn rows_are(by: Grouping) -> &'static str {
    match by {
        Grouping::Connection => "connections",
        Grouping::Remote => "remote hosts",
        Grouping::Port => "services",
        Grouping::Interface => "interfaces",
        Grouping::Process => "processes",
        Grouping::App => "applications",
    }
}

fn sum(flows: &Flows) -> Flow {
    Flow { title: "(sum)".into(), rx_total: flows.rx_total, tx_total: flows.tx_total, ..Flow::default() }
}

fn empty(app: &App, flows: &Flows) -> String {
    if app.filter().in_force().is_some() {
        frame::no_match(app, "connection")
    } else if flows.hidden > 0 {
        "you may not see the connections of others".into()
    } else if app.closed_shown() {
        "no connections".into()
    } else {
        "no open connections – a shows closed ones too".into()
    }
}

/// ` 12 of others hidden ` in the lower border.
fn hidden(buffer: &mut Buffer, area: Rect, hidden: u64) {
    let text = format!(" {hidden} of others hidden ");
    if hidden > 0 && usize::from(area.width) > text.len() + 24 && area.height > 0 {
        buffer.set_string(area.x + 2, area.bottom() - 1, text, NOTE);
    }
}

struct Painter<'a> {
    units: Units,
    theme: Theme,
    inner: Rect,
    by: Grouping,
    columns: &'a [Placed<Column>],
    /// Whether wire bytes are not the count of each packet.
    estimated: bool,
}

impl Painter<'_> {
    /// The headings, with a mark at what the rows are sorted by.
    fn headings(&self, buffer: &mut Buffer, sorted_by: Option<(SortBy, bool)>) {
        if self.inner.height == 0 {
            return;
        }
        for &placed in self.columns {
            let key = placed.column.sort_key(self.by).map(SortBy::Connection);
            let sorted = sorted_by.filter(|(by, _)| key == Some(*by));
            let falling = sorted.is_some_and(|(_, reversed)| is_amount(placed.column) != reversed);
            let mark = frame::order_mark(sorted.is_some(), falling);
            let style = STRONG.patch(self.colour(placed.column));
            let style = if sorted.is_some() { style.add_modifier(Modifier::UNDERLINED) } else { style };
            let title = format!("{}{mark}", placed.column.title(self.by, self.estimated));
            self.put(buffer, self.inner.y, placed, &title, style);
        }
    }

    fn line(&self, buffer: &mut Buffer, y: u16, flow: &Flow) {
        let faded = if flow.is_past { DIM } else { Style::new() };
        for &placed in self.columns {
            let Some(text) = self.text(placed.column, flow) else { continue };
            let zero = is_zero(placed.column, flow);
            let style = if zero { DIM } else { self.colour(placed.column).patch(faded) };
            self.put(buffer, y, placed, &text, style);
        }
    }

    /// What stands in a column; `None` for what is not known.
    fn text(&self, column: Column, flow: &Flow) -> Option<String> {
        let amount = |amount: u64| bytes(amount, self.units);
        let count = |count: u64| Some(count).filter(|_| flow.open + flow.closed > 0).map(|it| it.to_string());
        match column {
            Column::Pid => flow.pid.map(|pid| pid.to_string()),
            Column::Name => flow.name.clone(),
            Column::User => flow.user.clone(),
            Column::App => flow.app.clone(),
            Column::Protocol => flow.protocol.clone(),
            Column::Local => flow.local.clone(),
            Column::Title => Some(self.title(flow)),
            Column::Service => flow.service.clone(),
            Column::State => flow.state.clone(),
            Column::Interface => flow.interface.clone(),
            Column::Open => count(flow.open),
            Column::Closed => count(flow.closed),
            Column::Processes => Some(flow.processes).filter(|&count| count > 0).map(|it| it.to_string()),
            Column::Rx => Some(amount(flow.rx_total)),
            Column::Tx => Some(amount(flow.tx_total)),
            Column::Age => {
                flow.age.map(duration).or_else(|| flow.last.map(|last| format!("†{}", duration(last))))
            }
        }
    }

    /// The other end, with an arrow from whom began.
    fn title(&self, flow: &Flow) -> String {
        match (self.by, flow.inbound) {
            (Grouping::Connection, Some(true)) => format!("← {}", flow.title),
            (Grouping::Connection, Some(false)) => format!("→ {}", flow.title),
            (Grouping::Connection, None) => format!("  {}", flow.title),
            _ => flow.title.clone(),
        }
    }

    fn colour(&self, column: Column) -> Style {
        match column {
            Column::Rx => self.theme.colour(Role::Rx),
            Column::Tx => self.theme.colour(Role::Tx),
            _ => Style::new(),
        }
    }

    fn put(&self, buffer: &mut Buffer, y: u16, placed: Placed<Column>, text: &str, style: Style) {
        let width = usize::from(placed.width);
        let text = text::truncate(text, width);
        let indent = if placed.column.is_number() { width - text::width(&text) } else { 0 };
        buffer.set_stringn(self.inner.x + placed.x + indent as u16, y, text, width, style);
    }
}

/// Amounts begin with the largest, names and numbers of things with the lowest.
const fn is_amount(column: Column) -> bool {
    matches!(column, Column::Rx | Column::Tx | Column::Open | Column::Closed | Column::Age)
}

/// True for a number that is known to be nothing: it steps back so that the others stand out.
const fn is_zero(column: Column, flow: &Flow) -> bool {
    match column {
        Column::Rx => flow.rx_total == 0,
        Column::Tx => flow.tx_total == 0,
        Column::Open => flow.open == 0,
        Column::Closed => flow.closed == 0,
        _ => false,
    }
}
