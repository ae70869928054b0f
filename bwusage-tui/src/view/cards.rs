//! The machine in boxes: network, processor, memory, storage, each with its past minutes.

use bwusage_proto::format::{Units, bytes, duration, percent, rate, rate_with_unit};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::{Block, BorderType, Widget as _},
};

use super::{
    graph,
    segments::{self, Segment},
    theme::{DIM, NOTE, Role, STRONG, TITLE, Theme},
};
use crate::rows::{Host, Trend};

/// Graphs of speeds never magnify less than this to full height, so that background noise stays low.
const QUIET_NETWORK: u64 = 8 * 1024;
const QUIET_STORAGE: u64 = 64 * 1024;
/// Full height of a graph of processor use: hundredths of a percent.
const FULL: u64 = 10_000;
/// A processor card at least this wide shows every core too.
const CORES_FROM: u16 = 24;

/// How high the cards are on a screen of this size; `None` where one line must do.
pub(super) fn height(width: u16, height: u16) -> Option<u16> {
    match height {
        _ if width < 80 => None,
        0..20 => None,
        20..30 => Some(6),
        30..45 => Some(8),
        _ => Some(10),
    }
}

/// Draws as many cards as the width has room for.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, host: &Host, units: Units, theme: Theme) {
    let count = match area.width {
        0..110 => 3,
        110..160 => 4,
        _ => 5,
    };
    let areas = Layout::horizontal(vec![Constraint::Fill(1); count]).split(area);
    let cards = Cards { host, units, theme };
    for (at, &area) in areas.iter().enumerate() {
        match at {
            0 => cards.network(buffer, area, "▼ received", &host.rx, Role::Rx),
            1 => cards.network(buffer, area, "▲ sent", &host.tx, Role::Tx),
            2 => cards.processor(buffer, area),
            3 => cards.memory(buffer, area),
            _ => cards.storage(buffer, area),
        }
    }
}

/// The same in one line, for small screens.
pub(super) fn summary(host: &Host, units: Units, theme: Theme, width: usize) -> Line<'static> {
    let speed = |trend: &Trend| trend.now.map_or_else(|| "     –".into(), |now| rate(now, units));
    let mut parts = vec![
        Segment::new(0, "▼ ", theme.colour(Role::Rx)).and(speed(&host.rx), STRONG),
        Segment::new(0, "▲ ", theme.colour(Role::Tx)).and(speed(&host.tx), STRONG),
    ];
    if let Some(cpu) = processor(host) {
        parts.push(Segment::new(1, "cpu ", DIM).and(format!("{cpu}%"), Style::new()));
    }
    if let Some(memory) = memory(host, units) {
        parts.push(Segment::new(2, "mem ", DIM).and(memory, Style::new()));
    }
    segments::fit(parts, width, 2)
}

struct Cards<'a> {
    host: &'a Host,
    units: Units,
    theme: Theme,
}

impl Cards<'_> {
    fn network(&self, buffer: &mut Buffer, area: Rect, title: &'static str, trend: &Trend, role: Role) {
        // In a field of fixed width, so that the frame around it stands still.
        let value = trend.now.map(|now| format!("{:>10}", rate_with_unit(now, self.units)));
        let peak = self.peak(trend, area, |peak| rate(peak, self.units));
        let inner = self.card(buffer, area, role, title, value, peak);
        self.trend(buffer, inner, trend, role, QUIET_NETWORK);
    }

    fn processor(&self, buffer: &mut Buffer, area: Rect) {
        let trend = &self.host.cpu;
        let value = processor(self.host).map(|cpu| format!("{cpu}%"));
        let below = self.host.load.map(|[one, ..]| format!("load {}.{:02}", one / 100, one % 100));
        let below = below.or_else(|| self.peak(trend, area, |peak| format!("{}%", percent(peak as u32))));
        let inner = self.card(buffer, area, Role::Good, "cpu", value, below);
        let bars = if inner.width >= CORES_FROM { self.cores(buffer, inner) } else { 0 };
        let graph = Rect { width: inner.width - bars, ..inner };
        self.scaled(buffer, graph, trend, Role::Good, FULL);
    }

    /// A bar for each core, or for a few cores together, at the right edge. Returns the width that they took.
    fn cores(&self, buffer: &mut Buffer, inner: Rect) -> u16 {
        let cores = &self.host.cores;
        let room = usize::from(inner.width / 3);
        if cores.len() < 2 || inner.height == 0 {
            return 0;
        }
        let together = cores.len().div_ceil(room);
        let bars: Vec<f32> = cores
            .chunks(together)
            .map(|part| part.iter().map(|&core| core as f32).sum::<f32>() / part.len() as f32 / FULL as f32)
            .collect();
        let step = if bars.len() * 2 <= room { 2 } else { 1 };
        let width = (bars.len() * step) as u16;
        for (at, share) in bars.into_iter().enumerate() {
            let x = inner.right() - width + (at * step) as u16 + (step as u16 - 1);
            let area = Rect { x, width: 1, ..inner };
            graph::bar(buffer, area, share, |height| self.theme.at_height(Role::Good, height));
        }
        width + 1
    }

    fn memory(&self, buffer: &mut Buffer, area: Rect) {
        let value = memory(self.host, self.units);
        let swap = self.host.memory_use.filter(|memory| memory.swap_total > 0).map(|memory| {
            let part = |amount| bytes(amount, self.units);
            format!("swap {} / {}", part(memory.swap_used), part(memory.swap_total))
        });
        let inner = self.card(buffer, area, Role::Memory, "memory", value, swap);
        let top = self.host.memory_use.map_or(1, |memory| memory.total);
        self.scaled(buffer, inner, &self.host.memory, Role::Memory, top);
    }

    fn storage(&self, buffer: &mut Buffer, area: Rect) {
        let (read, write) = (&self.host.disk_read, &self.host.disk_write);
        let side =
            |letter: char, trend: &Trend| trend.now.map(|now| format!("{letter} {}", bytes(now, self.units)));
        let value = side('r', read).zip(side('w', write)).map(|(read, write)| format!("{read}  {write}"));
        let peak =
            [read, write].into_iter().filter_map(|trend| trend.peak(graph::values_in(area.width))).max();
        let below = peak.map(|peak| format!("peak {}", bytes(peak, self.units)));
        let inner = self.card(buffer, area, Role::Disk, "disk", value, below);
        let halves = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).split(inner);
        for (half, trend) in halves.iter().zip([read, write]) {
            self.trend(buffer, *half, trend, Role::Disk, QUIET_STORAGE);
        }
    }

    /// The box. Returns what is inside.
    fn card(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        role: Role,
        title: &'static str,
        value: Option<String>,
        below: Option<String>,
    ) -> Rect {
        let value = value.unwrap_or_else(|| "–".into());
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(self.theme.colour(Role::Frame))
            .title_top(Line::styled(format!(" {title} "), self.theme.colour(role)))
            .title_top(Line::styled(format!(" {value} "), TITLE).right_aligned());
        let block = match below {
            Some(below) => block.title_bottom(Line::styled(format!(" {below} "), NOTE).right_aligned()),
            None => block,
        };
        let inner = block.inner(area);
        block.render(area, buffer);
        inner
    }

    /// `peak 9.10 M / 44s`: the largest value in view and how long that is.
    fn peak(&self, trend: &Trend, area: Rect, shown: impl Fn(u64) -> String) -> Option<String> {
        let values = graph::values_in(area.width.saturating_sub(2));
        let span = self.host.interval * trend.last(values).len() as u32;
        trend.peak(values).map(|peak| format!("peak {} / {}", shown(peak), duration(span)))
    }

    fn trend(&self, buffer: &mut Buffer, area: Rect, trend: &Trend, role: Role, quiet: u64) {
        let top = trend.peak(graph::values_in(area.width)).unwrap_or(0).max(quiet);
        self.scaled(buffer, area, trend, role, top);
    }

    fn scaled(&self, buffer: &mut Buffer, area: Rect, trend: &Trend, role: Role, top: u64) {
        let style = |height, _| self.theme.at_height(role, height);
        graph::area(buffer, area, &trend.past, top, style, self.theme.colour(Role::Frame));
    }
}

fn processor(host: &Host) -> Option<String> {
    host.cpu.now.map(|now| percent(u32::try_from(now).unwrap_or(u32::MAX)))
}

fn memory(host: &Host, units: Units) -> Option<String> {
    let memory = host.memory_use?;
    Some(format!("{} / {}", bytes(memory.used, units), bytes(memory.total, units)))
}
