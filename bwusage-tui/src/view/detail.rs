//! Everything about the process under the cursor, or about the processes that are its row.

use bwusage_proto::{
    format::{Units, bytes, bytes_with_unit, duration, percent, rate_with_unit},
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Widget as _},
};

use super::{
    connections, graph,
    segments::{self, Segment},
    table::BACKGROUND,
    theme::{DIM, NOTE, Role, STRONG, TITLE, Theme},
    wrap::wrap,
};
use crate::{
    app::App,
    rows::{Line as Row, REMEMBERED, ScopeTotals, Speed},
};

/// Lines of a path or a command line that are shown.
const VALUE_LINES: usize = 3;
/// Graphs below this height say nothing.
const GRAPHS_FROM: u16 = 3;
/// Lines that connections get before there are graphs: a heading, the columns, two rows.
const CONNECTIONS_AT_LEAST: u16 = 4;
/// From this height on, the two graphs stand one above the other.
const STACKED_FROM: u16 = 11;
/// Graphs never magnify less than this to full height.
const QUIET: u64 = 1024;
/// Width of a label in front of a value.
const LABEL: usize = 10;

/// A column of the table of scopes: its heading, its role, what stands in it.
type Field = (&'static str, Role, fn(&ScopeTotals, Units) -> String);

const FIELDS: [Field; 6] = [
    ("▼ wire", Role::Rx, |totals, units| bytes(totals.rx_wire, units)),
    ("▲ wire", Role::Tx, |totals, units| bytes(totals.tx_wire, units)),
    ("▼ payload", Role::Rx, |totals, units| bytes(totals.rx_payload, units)),
    ("▲ payload", Role::Tx, |totals, units| bytes(totals.tx_payload, units)),
    ("▼ packets", Role::Rx, |totals, _| totals.rx_packets.to_string()),
    ("▲ packets", Role::Tx, |totals, _| totals.tx_packets.to_string()),
];
const FIELD_WIDTH: u16 = 11;

/// One direction: its heading, its role, its speed.
type Side = (&'static str, Role, fn(&Speed) -> u64);

const SIDES: [Side; 2] = [("▼ received", Role::Rx, |speed| speed.rx), ("▲ sent", Role::Tx, |speed| speed.tx)];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let Some(selected) = app.selected(REMEMBERED) else { return };
    let row = &selected.line;
    let ended = if row.ended.is_some() { " †" } else { "" };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Frame))
        .title_top(Line::styled(
            format!(" {}{ended} ", text::truncate(&row.name, usize::from(area.width.saturating_sub(8)))),
            TITLE,
        ))
        .title_bottom(Line::styled(" Esc back ", NOTE).right_aligned());
    let inner = block.inner(area);
    block.render(area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };

    let pane = Pane { row, scopes: &selected.scopes, parents: &selected.parents, units: app.units(), theme };
    let mut y = inner.y;
    for line in pane.facts(usize::from(inner.width)) {
        if y < inner.bottom() {
            buffer.set_line(inner.x, y, &line, inner.width);
            y += 1;
        }
    }
    y += 1;
    y = pane
        .totals(buffer, Rect { y: y.min(inner.bottom()), height: inner.bottom().saturating_sub(y), ..inner });
    y += 1;
    let rest = Rect { y: y.min(inner.bottom()), height: inner.bottom().saturating_sub(y), ..inner };
    let wanted = app.flows_of_selected(0).map_or(1, |flows| 2 + flows.matched);
    let [graphs, connections] = divide(rest, u16::try_from(wanted).unwrap_or(u16::MAX));
    if graphs.height >= GRAPHS_FROM {
        pane.graphs(buffer, graphs);
    }
    if connections.height > 0 {
        connections::list(buffer, connections, app, theme);
    }
}

/// Room for the graphs and, below them, for as many lines of connections as are wanted: half of it where both are tall.
fn divide(area: Rect, wanted: u16) -> [Rect; 2] {
    let for_both = area.height > wanted.min(CONNECTIONS_AT_LEAST) + GRAPHS_FROM;
    let below = if for_both { wanted.min((area.height / 2).max(CONNECTIONS_AT_LEAST)) } else { area.height };
    let above = area.height.saturating_sub(below + 1);
    [
        Rect { height: above, ..area },
        Rect { y: area.bottom() - below.min(area.height), height: below.min(area.height), ..area },
    ]
}

struct Pane<'a> {
    row: &'a Row,
    scopes: &'a [ScopeTotals],
    parents: &'a [String],
    units: Units,
    theme: Theme,
}

impl Pane<'_> {
    /// What is known in words.
    fn facts(&self, width: usize) -> Vec<Line<'static>> {
        let row = self.row;
        let mut facts = vec![self.now(width)];
        facts.extend(self.uses(width));
        let mut who = Vec::new();
        match row.pid {
            Some(pid) => who.push(format!("pid {pid}")),
            None if row.processes == 1 => who.push("1 process".into()),
            None => who.push(format!("{} processes", row.processes)),
        }
        who.extend((!row.user.is_empty()).then(|| format!("user {}", row.user)));
        who.extend(row.age.map(|age| format!("started {} ago", duration(age))));
        who.extend(row.ended.map(|ended| format!("ended {} ago", duration(ended))));
        let mut add = |label, value: &str| facts.extend(fact(label, value, width));
        add("who", &who.join(", "));
        let first_seen = row.first_seen.map(|ago| format!("first seen moving bytes {} ago", duration(ago)));
        let sort: Vec<_> = self.sort().into_iter().chain(first_seen).collect();
        if !sort.is_empty() {
            add(if row.category.is_some() { "category" } else { "traffic" }, &sort.join(", "));
        }
        let app = Some(&row.app).filter(|app| row.pid.is_some() && **app != row.name);
        let names: Vec<_> = app.into_iter().chain(&row.title).map(String::as_str).collect();
        if !names.is_empty() {
            add("app", &names.join(", "));
        }
        if !self.parents.is_empty() {
            add("parents", &self.parents.join(" ← "));
        }
        if let Some(unit) = row.unit.as_ref().filter(|unit| **unit != row.name) {
            add("unit", unit);
        }
        if let Some(container) = row.container.as_ref().filter(|container| **container != row.name) {
            add("container", container);
        }
        if let Some(exe) = &row.exe {
            add("program", exe);
        }
        if let Some(command_line) = &row.command_line {
            add("command", command_line);
        }
        facts
    }

    /// What sort of program it is, with the mark of the table.
    fn sort(&self) -> Option<String> {
        let category = self.row.category?;
        Some(if self.row.in_background { format!("{category} {BACKGROUND}") } else { category.to_owned() })
    }

    fn now(&self, width: usize) -> Line<'static> {
        let speed = |rank, glyph, speed, role| {
            let segment = Segment::new(rank, glyph, self.theme.colour(role));
            segment.and(rate_with_unit(speed, self.units), STRONG)
        };
        let label = Segment::new(0, text::fit("now", LABEL - 2), DIM);
        let row = self.row;
        segments::fit(
            vec![label, speed(0, "▼ ", row.rx_rate, Role::Rx), speed(1, "▲ ", row.tx_rate, Role::Tx)],
            width,
            2,
        )
    }

    /// Processor, memory and storage, as far as they are known.
    fn uses(&self, width: usize) -> Option<Line<'static>> {
        let amount = |amount| bytes_with_unit(amount, self.units);
        let known = [
            ("cpu", self.row.cpu_centipercent.map(|cpu| format!("{}%", percent(cpu).trim_start()))),
            ("mem", self.row.memory.map(amount)),
            ("read", self.row.disk_read.map(|read| format!("{}/s", amount(read)))),
            ("write", self.row.disk_write.map(|write| format!("{}/s", amount(write)))),
        ];
        let mut parts = vec![Segment::new(0, text::fit("uses", LABEL - 2), DIM)];
        for (rank, (label, value)) in (1..).zip(known) {
            let Some(value) = value else { continue };
            parts.push(Segment::new(rank, format!("{label} "), DIM).and(value, Style::new()));
        }
        (parts.len() > 1).then(|| segments::fit(parts, width, 2))
    }

    /// The totals since the daemon started, a line for each scope. Returns the first line below.
    fn totals(&self, buffer: &mut Buffer, area: Rect) -> u16 {
        let room = area.width.saturating_sub(LABEL as u16);
        // A wire column without its opposite direction would mislead: pairs or nothing.
        let shown = usize::from(room / FIELD_WIDTH).min(FIELDS.len()) / 2 * 2;
        let mut put = |x: u16, y: u16, text: &str, style: Style| {
            let width = usize::from(area.right().saturating_sub(x));
            buffer.set_stringn(x, y, text, width, style);
        };
        for (line, y) in (area.y..area.bottom()).enumerate().take(1 + self.scopes.len()) {
            let scope = line.checked_sub(1).map(|at| &self.scopes[at]);
            put(area.x, y, scope.map_or("since start", |scope| scope.scope), DIM);
            for (at, (title, role, amount)) in FIELDS[..shown].iter().enumerate() {
                let text = scope.map_or_else(|| (*title).to_owned(), |scope| amount(scope, self.units));
                let x = area.x + LABEL as u16 + at as u16 * FIELD_WIDTH;
                let indent = FIELD_WIDTH.saturating_sub(text::width(&text) as u16);
                let style = self.theme.colour(*role);
                put(x + indent, y, &text, if scope.is_none() { style.patch(STRONG) } else { style });
            }
        }
        area.bottom().min(area.y + 1 + self.scopes.len() as u16)
    }

    /// Received and sent, each to its own scale: one above the other where there is height for both.
    fn graphs(&self, buffer: &mut Buffer, area: Rect) {
        let halves = [Constraint::Fill(1), Constraint::Fill(1)];
        let halves = if area.height >= STACKED_FROM {
            area.layout::<2>(&Layout::vertical(halves).spacing(1))
        } else {
            area.layout::<2>(&Layout::horizontal(halves).spacing(2))
        };
        for (half, (title, role, pick)) in halves.into_iter().zip(SIDES) {
            let values = graph::values_in(half.width);
            let recent = &self.row.recent[self.row.recent.len().saturating_sub(values)..];
            let peak = recent.iter().map(pick).max().unwrap_or(0);
            let title = format!("{title}, peak {}", rate_with_unit(peak, self.units));
            buffer.set_stringn(half.x, half.y, title, usize::from(half.width), self.theme.colour(role));
            let below = Rect { y: half.y + 1, height: half.height - 1, ..half };
            let values: Vec<_> = recent.iter().map(|speed| Some(pick(speed))).collect();
            let style = |height, _| self.theme.at_height(role, height);
            graph::area(buffer, below, &values, peak.max(QUIET), style, self.theme.colour(Role::Frame));
        }
    }
}

/// A label and its value, in as many lines as it needs and may take.
pub(super) fn fact(label: &str, value: &str, width: usize) -> Vec<Line<'static>> {
    let room = width.saturating_sub(LABEL).max(1);
    let lines = wrap(&text::truncate(value, room * VALUE_LINES), room);
    let line = |(at, value): (usize, String)| {
        let label = text::fit(if at == 0 { label } else { "" }, LABEL);
        Line::from(vec![Span::styled(label, DIM), Span::raw(value)])
    };
    lines.into_iter().take(VALUE_LINES).enumerate().map(line).collect()
}
