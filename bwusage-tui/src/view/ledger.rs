//! The ledger overlay: where the bytes of every interface went.

use bwusage_proto::{
    format::{Units, bytes_with_unit, duration},
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Paragraph, Widget as _},
};

use super::{
    theme::{DIM, Role, STRONG, TITLE, Theme},
    wrap::wrap,
};
use crate::{
    app::{App, Scroll},
    rows::{Account, Book, Entry},
};

const WIDEST: u16 = 86;
/// From this width on, there is room for shares.
const SHARES_FROM: usize = 64;
/// From this width on, there is room for the start of counting beside the title.
const SINCE_FROM: u16 = 60;
/// `-1023 GiB`.
const AMOUNT: usize = 10;
/// `-100.00%`.
const SHARE: usize = 9;

const NOTHING_TOLD: &str = "The daemon tells nothing about the counters of interfaces here.";

/// Draws the overlay; returns the first line in view and how many there is room for.
pub(super) fn draw(
    buffer: &mut Buffer,
    screen: Rect,
    app: &App,
    scroll: &Scroll,
    theme: Theme,
) -> (usize, usize) {
    let width = screen.width.min(WIDEST);
    let area = Rect { x: screen.x + (screen.width - width) / 2, width, ..screen };
    let book = app.book();
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Rx))
        .title_top(Line::styled(" ledger ", TITLE));
    if let Some(since) = book.as_ref().and_then(|book| book.since).filter(|_| width >= SINCE_FROM) {
        let since = format!(" since the daemon started, {} ago ", duration(since));
        block = block.title_top(Line::from(since).right_aligned());
    }
    let inner = block.inner(area);
    Clear.render(area, buffer);
    block.render(area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };

    let page = Page { units: app.units(), theme, width: inner.width.into() };
    let without_ledger = app.estimate().map(|estimate| estimate.without_ledger);
    let lines = page.lines(book.as_ref(), app.trouble(), without_ledger);
    let viewport = usize::from(inner.height);
    let first = scroll.first().min(lines.len().saturating_sub(viewport));
    let shown: Vec<Line> = lines.into_iter().skip(first).take(viewport).collect();
    Paragraph::new(shown).render(inner, buffer);
    (first, viewport)
}

/// `99.97%`, rounded down: 100 % is every byte.
pub(super) fn share(centipercent: i64) -> String {
    let sign = if centipercent < 0 { "-" } else { "" };
    let share = centipercent.unsigned_abs();
    format!("{sign}{}.{:02}%", share / 100, share % 100)
}

struct Page {
    units: Units,
    theme: Theme,
    width: usize,
}

impl Page {
    /// `without_ledger` is what there would have to be for a ledger, where wire bytes are not the count of each packet.
    fn lines(
        &self,
        book: Option<&Book>,
        trouble: Option<&str>,
        without_ledger: Option<&str>,
    ) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        if let Some(trouble) = trouble {
            lines.extend(self.words(trouble, self.theme.colour(Role::Warning)));
        }
        let missing = book.map_or(Some(NOTHING_TOLD), |book| book.missing.as_deref());
        if let Some(missing) = missing {
            lines.push(Line::styled("There is no ledger here.", STRONG));
            lines.extend(self.words(missing, self.theme.colour(Role::Warning)));
            lines.extend(without_ledger.into_iter().flat_map(|words| self.words(words, DIM)));
        }
        let Some(book) = book else { return lines };
        match book.attributed_centipercent {
            _ if missing.is_some() => {}
            Some(attributed) => lines.push(Line::from(vec![
                Span::styled(format!("{} ", share(attributed.into())), STRONG),
                Span::raw("of this machine's own traffic has a process"),
            ])),
            None => lines.push(Line::styled("No traffic of this machine's own yet.", DIM)),
        }
        for account in &book.accounts {
            lines.push(Line::default());
            lines.extend(self.account(account));
        }
        if !book.carriers.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(
                "carries a tunnel: what goes through it is in this row once more",
                STRONG,
            ));
            let carrier = |(who, interface): &(String, String)| format!("  {who}: {interface}");
            lines.extend(book.carriers.iter().map(|it| self.cut(&carrier(it))));
        }
        if !book.losses.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled("⚠ updates that could not be made", self.theme.colour(Role::Warning)));
            lines.extend(book.losses.iter().map(|(what, events)| self.cut(&format!("  {events} × {what}"))));
        }
        lines
    }

    fn words(&self, words: &str, style: Style) -> impl Iterator<Item = Line<'static>> {
        wrap(words, self.width).into_iter().map(move |line| Line::styled(line, style))
    }

    fn cut(&self, line: &str) -> Line<'static> {
        Line::raw(text::truncate(line, self.width).into_owned())
    }

    fn account(&self, account: &Account) -> Vec<Line<'static>> {
        let heading = [("▼ received", Role::Rx), ("▲ sent", Role::Tx)].map(|(title, role)| {
            let width = AMOUNT + if self.has_shares() { SHARE } else { 0 };
            Span::styled(format!("{title:>width$}"), self.theme.colour(role).patch(STRONG))
        });
        let mut lines = vec![self.line(&account.title, STRONG, heading)];
        for entry in &account.entries {
            lines.push(self.entry(entry));
        }
        let unnamed = account.unnamed.map(|bytes| self.amount(bytes, None, self.good(bytes == 0)));
        lines.push(self.line("  without a reason", DIM, unnamed));
        let counter = account.counter.map(|counter| {
            let bytes = i64::try_from(counter).unwrap_or(i64::MAX);
            self.amount(bytes, None, STRONG)
        });
        lines.push(self.line("  = the interface's own counter", STRONG, counter));
        lines
    }

    fn entry(&self, entry: &Entry) -> Line<'static> {
        let mut at = 0..;
        let amounts = entry.bytes.map(|bytes| {
            let share = at.next().and_then(|at: usize| entry.share_centipercent[at]);
            let style = match bytes {
                0 => DIM,
                _ if entry.is_lost => self.theme.colour(Role::Warning),
                _ => Style::new(),
            };
            self.amount(bytes, share, style)
        });
        self.line(&format!("  {}", entry.reason), Style::new(), amounts)
    }

    fn good(&self, is_good: bool) -> Style {
        if is_good { DIM } else { self.theme.colour(Role::Bad) }
    }

    fn has_shares(&self) -> bool {
        self.width >= SHARES_FROM
    }

    fn amount(&self, bytes: i64, share_centipercent: Option<i64>, style: Style) -> Span<'static> {
        let sign = if bytes < 0 { "-" } else { "" };
        let amount = format!("{sign}{}", bytes_with_unit(bytes.unsigned_abs(), self.units).trim_start());
        let share = share_centipercent.map(share).unwrap_or_default();
        let share = if self.has_shares() { format!("{share:>SHARE$}") } else { String::new() };
        Span::styled(format!("{amount:>AMOUNT$}{share}"), style)
    }

    fn line(&self, label: &str, style: Style, sides: [Span<'static>; 2]) -> Line<'static> {
        let taken: usize = sides.iter().map(|span| text::width(&span.content)).sum();
        let label = text::fit(label, self.width.saturating_sub(taken));
        let [rx, tx] = sides;
        Line::from(vec![Span::styled(label, style), rx, tx])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up_to_everything() {
        assert_eq!([9_999, 10_000, -5, -10_001].map(share), ["99.99%", "100.00%", "-0.05%", "-100.01%"]);
    }
}
