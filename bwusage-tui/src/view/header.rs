//! The first line: which machine, how fresh, how counted. A lost connection takes the whole line.

use bwusage_proto::{
    format::{Units, bytes_with_unit, duration, percent},
    table::Grouping,
    talk,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Line};

use super::{
    ledger,
    segments::{self, Segment},
    theme::{DIM, Role, STRONG, Theme},
};
use crate::{
    app::{App, Link, Lost, Screen},
    rows::Host,
};

/// Less than this many hundredths of a percent of the bytes with a process is worth a warning.
const ATTRIBUTED: u32 = 9_900;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, host: Option<&Host>, theme: Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(lost) = app.link().lost() {
        buffer.set_style(area, theme.alarm());
        let line = lost_line(app, host, lost, usize::from(inner.width));
        buffer.set_line(inner.x, inner.y, &line, inner.width);
        return;
    }
    let plain = Style::new();
    let mut left = vec![Segment::new(5, "bwusage", STRONG)];
    if let Some(host) = host {
        left.push(Segment::new(2, host.name.clone(), STRONG));
    }
    left.push(state(app, host, theme));
    if let Some(host) = host.filter(|host| host.quality != "exact") {
        left.push(Segment::new(2, host.quality.clone(), theme.colour(Role::Warning)));
    }
    left.push(Segment::new(3, "by ", DIM).and(by(app), plain));
    left.push(Segment::new(4, units(app.units()), plain));
    if let Some(host) = host {
        left.extend(attribution(host, app.units(), theme));
    }
    if let Some(fault) = host.and_then(|host| host.fault.as_deref()) {
        let (what, _) = fault.split_once(':').unwrap_or((fault, ""));
        left.push(Segment::new(0, format!("⚠ not stored: {what}"), theme.colour(Role::Warning)));
    }
    if app.is_frozen() {
        left.push(Segment::new(0, "order frozen", theme.colour(Role::Warning)));
    }
    let left = segments::fit(left, usize::from(inner.width), 3);
    buffer.set_line(inner.x, inner.y, &left, inner.width);

    let Some(host) = host else { return };
    let right = Line::styled(host.engine.clone(), DIM);
    let room = usize::from(inner.width).saturating_sub(left.width() + 3);
    if right.width() <= room {
        let x = inner.right() - right.width() as u16;
        buffer.set_line(x, inner.y, &right, inner.width);
    }
}

/// Whose the bytes are: of what interfaces counted where that is known, else of what was counted at all.
fn attribution(host: &Host, units: Units, theme: Theme) -> Vec<Segment> {
    let warning = theme.colour(Role::Warning);
    let style = |fine: bool| if fine { Style::new() } else { warning };
    let mut parts = Vec::new();
    if let Some(share) = host.attributed_centipercent {
        let part =
            Segment::new(1, "attributed ", DIM).and(ledger::share(share.into()), style(share >= ATTRIBUTED));
        parts.push(if host.lost > 0 { part.and(" ⚠", warning) } else { part });
    } else if let Some(share) = host.unattributed_centipercent {
        let text = format!("{}%", percent(share).trim());
        parts.push(Segment::new(4, "no process ", DIM).and(text, style(share <= 10_000 - ATTRIBUTED)));
    }
    if host.lost > 0 {
        parts.push(Segment::new(
            4,
            format!("{} lost", bytes_with_unit(host.lost, units).trim_start()),
            warning,
        ));
    }
    parts
}

fn state(app: &App, host: Option<&Host>, theme: Theme) -> Segment {
    if let Some(paused) = app.paused_for() {
        let text = format!("‖ PAUSED {}", duration(paused));
        return Segment::new(0, text, theme.colour(Role::Warning).patch(STRONG));
    }
    match app.link() {
        Link::Live => {
            let interval = host.map_or(app.interval(), |host| host.interval.max(app.interval()));
            let seconds = interval.as_secs_f32();
            Segment::new(0, "●", theme.colour(Role::Good)).and(format!(" live {seconds}s"), Style::new())
        }
        Link::Connecting | Link::Lost(_) => Segment::new(0, "○ connecting", DIM),
    }
}

fn lost_line(app: &App, host: Option<&Host>, lost: &Lost, width: usize) -> Line<'static> {
    let ago = duration(app.now().saturating_sub(lost.since));
    let style = Style::new();
    let mut parts = vec![Segment::new(0, format!("✖ daemon lost {ago} ago"), style)];
    if let Some(host) = host {
        parts.insert(0, Segment::new(3, host.name.clone(), style));
    }
    parts.push(Segment::new(2, format!("({})", lost.trouble.headline), style));
    parts.extend(app.paused_for().map(|_| Segment::new(3, "PAUSED", style)));
    parts.push(Segment::new(1, retry(app, lost), style));
    parts.push(Segment::new(4, "R retries now", style));
    segments::fit(parts, width, 2)
}

/// When the next try is made.
pub(super) fn retry(app: &App, lost: &Lost) -> String {
    match lost.retry_at.saturating_sub(app.now()) {
        rest if rest.is_zero() => "connecting".into(),
        rest => format!("retry in {}s", rest.as_secs_f32().ceil()),
    }
}

/// What a row of this screen stands for.
fn by(app: &App) -> &'static str {
    match app.screen() {
        Screen::Processes => grouping(app.by()),
        Screen::Connections => match app.flows_by() {
            talk::Grouping::Connection => "connection",
            talk::Grouping::Remote => "remote host",
            talk::Grouping::Port => "port",
            talk::Grouping::Interface => "interface",
            talk::Grouping::Process => "process",
            talk::Grouping::App => "application",
        },
    }
}

pub(super) fn grouping(by: Grouping) -> &'static str {
    match by {
        Grouping::App => "application",
        Grouping::Process => "process",
        Grouping::User => "user",
        Grouping::Unit => "unit",
        Grouping::Container => "container",
        Grouping::Category => "category",
    }
}

fn units(units: Units) -> &'static str {
    match units {
        Units::Iec => "B/s IEC",
        Units::Si => "B/s SI",
        Units::Bits => "bit/s SI",
    }
}
