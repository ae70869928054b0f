//! The help overlay: the key table as it is, the filter language, and what the engine cannot see.

use bwusage_proto::{format::bytes_with_unit, text};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Paragraph, Widget as _},
};

use super::{
    theme::{DIM, Role, STRONG, TITLE, Theme},
    wrap::wrap,
};
use crate::{
    app::{App, Help},
    keys::{Action, BINDINGS, Context},
    rows::Host,
};

/// Width of the column of keys.
const KEYS: usize = 20;
const WIDEST: u16 = 86;

/// The filter language in short; `bwusage_proto::filter` is the whole of it.
const FILTER: [(&str, &str); 10] = [
    ("fire fox", "both words, in name, application, path, user, command line or pid"),
    ("fire | fox", "either; parentheses group"),
    ("!fire", "not"),
    ("\"two words\"", "exactly these characters"),
    ("/fire.*x/", "a regular expression"),
    ("user:alice", "only there; also name: app: title: exe: pid: unit: ct:"),
    ("category:background", "app, terminal, service, container, kernel or background"),
    ("port:ssh remote:host", "of connections; also remote:10.0.0.0/8 proto: state: iface:"),
    ("rx>1M tx>=100k", "speeds; rx_total and tx_total are totals, mem is memory"),
    ("cpu>5", "percent of one core"),
];

/// What the words on the screen mean.
const WORDS: [(&str, &str); 8] = [
    ("▼ ▲", "received and sent, as the process sees it"),
    ("TOTAL", "bytes on the wire since the daemon started, headers and repeats included"),
    ("RATE", "the same, a second, over the last refresh"),
    ("†", "ended; stays for a moment, then only its application keeps the bytes"),
    ("◦bg", "moved bytes in the background: no window, no terminal, no service, no container"),
    ("→ ←", "begun by this machine, or by the other side"),
    ("(not itemised)", "bytes of a process beyond the hosts that the daemon remembers of it"),
    ("(no process)", "traffic of the kernel itself, so that the columns add up"),
];

/// Draws the overlay; returns the first line in view and how many there is room for.
pub(super) fn draw(
    buffer: &mut Buffer,
    screen: Rect,
    app: &App,
    help: &Help,
    host: Option<&Host>,
    theme: Theme,
) -> (usize, usize) {
    let width = screen.width.min(WIDEST);
    let area = Rect { x: screen.x + (screen.width - width) / 2, width, ..screen };
    let search = help.search.text();
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Rx))
        .title_top(Line::styled(" help ", TITLE));
    if help.searching || !search.is_empty() {
        let (before, after) = help.search.split();
        let cursor = if help.searching { "▏" } else { "" };
        let typed = text::escape(before).into_owned() + cursor + &text::escape(after);
        block = block.title_top(Line::from(format!(" /{typed} ")).right_aligned());
    }
    let inner = block.inner(area);
    Clear.render(area, buffer);
    block.render(area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };

    let mut lines = content(app, host, search, theme, usize::from(inner.width));
    if lines.is_empty() {
        lines.push(Line::styled(format!("nothing about “{}”", text::escape(search)), DIM));
    }
    let viewport = usize::from(inner.height);
    let first = help.scroll.first().min(lines.len().saturating_sub(viewport));
    let shown: Vec<Line> = lines.into_iter().skip(first).take(viewport).collect();
    Paragraph::new(shown).render(inner, buffer);
    (first, viewport)
}

/// What becomes of entries that are longer than a line.
#[derive(Clone, Copy)]
enum Length {
    /// They are cut.
    Line,
    /// They go on in the next one.
    Whole,
}

fn content(app: &App, host: Option<&Host>, search: &str, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let room = width.saturating_sub(KEYS + 1).max(1);
    let mut section = |heading: &str, length: Length, entries: Vec<(String, String)>| {
        let wanted = search.to_lowercase();
        let found = |(keys, does): &(String, String)| {
            wanted.is_empty()
                || does.to_lowercase().contains(&wanted)
                || keys.to_lowercase().contains(&wanted)
        };
        let mut entries = entries.into_iter().filter(found).peekable();
        if entries.peek().is_none() {
            return;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(heading.to_owned(), STRONG));
        for (keys, does) in entries {
            let does = match length {
                Length::Line => vec![text::truncate(&does, room).into_owned()],
                Length::Whole => wrap(&does, room),
            };
            for (at, does) in does.into_iter().enumerate() {
                let keys = text::fit(if at == 0 { &keys } else { "" }, KEYS);
                let keys = Span::styled(format!("{keys} "), theme.colour(Role::Rx));
                lines.push(Line::from(vec![keys, Span::raw(does)]));
            }
        }
    };
    for (context, heading) in Context::LISTED {
        let listed = BINDINGS.iter().filter(|binding| binding.context == context);
        let works = listed.filter(|binding| binding.action != Action::Suspend || app.offers(Action::Suspend));
        section(
            heading,
            Length::Line,
            works.map(|binding| (binding.keys_shown(), binding.does.to_owned())).collect(),
        );
    }
    let owned = |entries: &[(&str, &str)]| {
        entries.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect::<Vec<_>>()
    };
    section("Filter language", Length::Line, owned(&FILTER));
    let mut words = owned(&WORDS);
    if app.estimate().is_some() {
        words.push(("~".into(), "an estimate, see “How it is counted”".into()));
    }
    section("Words", Length::Line, words);
    if let Some(host) = host {
        let mut seen =
            vec![("engine".to_owned(), host.engine.clone()), ("quality".to_owned(), host.quality.clone())];
        seen.extend(host.estimate.map(|how| ("~".to_owned(), how.to_owned())));
        seen.extend(host.rungs.iter().map(|(name, words)| (format!("--engine {name}"), words.clone())));
        seen.extend(host.blind_spots.iter().map(|spot| ("cannot see".to_owned(), spot.clone())));
        section("How it is counted", Length::Whole, seen);
        let amount = |amount| bytes_with_unit(amount, app.units());
        let reason = |&(reason, rx, tx): &(&str, u64, u64)| {
            (reason.to_owned(), format!("▼ {}  ▲ {}", amount(rx), amount(tx)))
        };
        section(
            "Traffic without a process, since the daemon started",
            Length::Line,
            host.residuals.iter().map(reason).collect(),
        );
    }
    lines
}
