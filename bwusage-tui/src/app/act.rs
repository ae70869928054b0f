//! What keys, paste and mouse do to the model.

use std::time::Duration;

use bwusage_proto::table::SortKey;

use super::{App, Cursor, Detail, Effect, Figure, Help, Overlay, Pause, Pointer, Screen, Scroll};
use crate::keys::{self, Action, Context, Key, Motion};

/// Two clicks on one row within this time are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);
/// Rows that one notch of the wheel moves.
const WHEEL_ROWS: usize = 3;
/// The intervals that the keys step through.
const INTERVALS: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

impl App {
    pub(super) fn key(&mut self, key: Key) -> Vec<Effect> {
        let had_notice = self.notice.take().is_some();
        match keys::action(self.context(), key) {
            Some(action) if self.offers(action) => self.act(action),
            None => match key {
                Key::Char(character) => self.insert(character.encode_utf8(&mut [0; 4])),
                _ if had_notice => vec![Effect::Draw],
                _ => Vec::new(),
            },
            Some(_) if had_notice => vec![Effect::Draw],
            Some(_) => Vec::new(),
        }
    }

    /// Pasted text is text: it goes into what is being typed, or opens the filter.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        match self.context() {
            context if context.is_screen() && self.offers(Action::OpenFilter) => {
                self.overlay = Overlay::Filter;
            }
            Context::Help => {
                self.act(Action::SearchHelp);
            }
            _ => {}
        }
        self.insert(text)
    }

    fn insert(&mut self, text: &str) -> Vec<Effect> {
        match &mut self.overlay {
            Overlay::Filter => {
                self.filter_mut().insert(text);
                self.refresh();
            }
            Overlay::Help(help) if help.searching => help.search.insert(text),
            _ => return Vec::new(),
        }
        vec![Effect::Draw]
    }

    pub(super) fn pointer(&mut self, pointer: Pointer) -> Vec<Effect> {
        match (pointer, &mut self.overlay) {
            (Pointer::WheelUp | Pointer::WheelDown, Overlay::Help(_) | Overlay::Ledger(_)) => {
                for _ in 0..WHEEL_ROWS {
                    self.step(if pointer == Pointer::WheelUp { Motion::Up } else { Motion::Down });
                }
            }
            (Pointer::WheelUp, _) => {
                self.choose(self.position().saturating_sub(WHEEL_ROWS));
            }
            (Pointer::WheelDown, _) => self.choose(self.position() + WHEEL_ROWS),
            (_, Overlay::Help(_) | Overlay::Ledger(_) | Overlay::Sort { .. }) => return Vec::new(),
            (Pointer::Column(key), _) => self.sort_by(key),
            (Pointer::Row(index), _) => {
                let twice = self
                    .last_click
                    .is_some_and(|(row, at)| row == index && self.now.saturating_sub(at) <= DOUBLE_CLICK);
                self.last_click = (!twice).then_some((index, self.now));
                self.choose(index);
                if twice {
                    self.detail = Detail::Beside;
                }
            }
        }
        vec![Effect::Draw]
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit => return vec![Effect::Quit],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Redraw => return vec![Effect::DrawAnew],
            Action::Retry => return vec![Effect::RetryNow],
            Action::Slower | Action::Faster => return self.change_interval(action == Action::Slower),
            Action::Mouse => {
                self.settings.mouse = !self.settings.mouse;
                self.notice =
                    Some(if self.settings.mouse { "mouse on" } else { "mouse off: select text with it" });
                return vec![Effect::CaptureMouse(self.settings.mouse), Effect::Draw];
            }
            Action::Copy => {
                let Some(text) = self.as_text() else { return Vec::new() };
                self.notice = Some("row copied");
                return vec![Effect::Copy(text), Effect::Draw];
            }
            Action::Help => self.overlay = Overlay::Help(Help::default()),
            Action::Ledger => self.overlay = Overlay::Ledger(Scroll::default()),
            Action::Move(motion) => self.step(motion),
            Action::SortLeft => self.sort_beside(|at, _| at.checked_sub(1)),
            Action::SortRight => self.sort_beside(|at, count| Some(at + 1).filter(|&next| next < count)),
            Action::OpenSort => {
                let present = self.sorted().0;
                let index = self.sort_keys().iter().position(|&key| key == present).unwrap_or(0);
                self.overlay = Overlay::Sort { index };
            }
            Action::Reverse => self.sort_by(self.sorted().0),
            Action::OpenFilter => self.overlay = Overlay::Filter,
            Action::OpenDetail => {
                self.choose(self.position());
                self.detail = Detail::Beside;
            }
            Action::GroupBy => self.group_by_next(),
            Action::Pause => self.toggle_pause(),
            Action::Units => self.settings.units = self.settings.units.next(),
            Action::Figure => self.swap_figure(),
            Action::Idle => {
                match self.screen {
                    Screen::Processes => self.idle_rows = !self.idle_rows,
                    Screen::Connections => {
                        self.talk.closed = !self.talk.closed;
                        self.notice =
                            Some(if self.talk.closed { "closed ones too" } else { "only open ones" });
                    }
                }
                self.refresh();
            }
            Action::Names => {
                self.talk.names = !self.talk.names;
                self.notice = Some(if self.talk.names { "hosts by name" } else { "hosts by address" });
                self.refresh();
            }
            Action::Show(screen) => self.show(screen),
            Action::NextScreen => {
                let at = Screen::ALL.iter().position(|&screen| screen == self.screen).map_or(0, |at| at + 1);
                self.show(Screen::ALL[at % Screen::ALL.len()]);
            }
            Action::Freeze => self.toggle_freeze(),
            Action::Cards => self.cards = !self.cards,
            Action::Accept => self.accept(),
            Action::Back => self.back(),
            Action::SearchHelp => {
                if let Overlay::Help(help) = &mut self.overlay {
                    help.searching = true;
                }
            }
            Action::Edit(edit) => {
                if let Overlay::Help(help) = &mut self.overlay {
                    help.search.edit(edit);
                } else {
                    self.filter_mut().edit(edit);
                    self.refresh();
                }
            }
        }
        vec![Effect::Draw]
    }

    fn step(&mut self, motion: Motion) {
        if let Some(scroll) = self.overlay.scroll() {
            scroll.step(motion);
            return;
        }
        let count = self.sort_keys().len();
        match &mut self.overlay {
            Overlay::Sort { index } => {
                let last = count - 1;
                *index = match motion {
                    Motion::Up => index.saturating_sub(1),
                    Motion::Down => (*index + 1).min(last),
                    Motion::First | Motion::PageUp => 0,
                    Motion::Last | Motion::PageDown => last,
                };
            }
            _ => self.step_row(motion),
        }
    }

    fn accept(&mut self) {
        let keys = self.sort_keys();
        match &mut self.overlay {
            Overlay::Sort { index } => {
                let key = keys[*index];
                self.overlay = Overlay::None;
                self.sort_by(key);
            }
            Overlay::Help(help) => help.searching = false,
            Overlay::Filter | Overlay::Ledger(_) | Overlay::None => self.overlay = Overlay::None,
        }
    }

    fn back(&mut self) {
        let detail_open = self.detail_open();
        match &mut self.overlay {
            Overlay::Help(help) if help.searching => {
                help.search.clear();
                help.searching = false;
            }
            Overlay::Help(_) | Overlay::Ledger(_) | Overlay::Sort { .. } => self.overlay = Overlay::None,
            Overlay::None if detail_open => self.detail = Detail::Closed,
            Overlay::Filter | Overlay::None => {
                self.overlay = Overlay::None;
                self.filter_mut().clear();
                self.refresh();
            }
        }
    }

    /// Swaps totals and speeds, also in the order when it is by one of them.
    fn swap_figure(&mut self) {
        let (figure, keys) = match self.figure {
            Figure::Total => {
                (Figure::Rate, [(SortKey::RxTotal, SortKey::RxRate), (SortKey::TxTotal, SortKey::TxRate)])
            }
            Figure::Rate => {
                (Figure::Total, [(SortKey::RxRate, SortKey::RxTotal), (SortKey::TxRate, SortKey::TxTotal)])
            }
        };
        self.figure = figure;
        if let Some((_, key)) = keys.into_iter().find(|(from, _)| *from == self.settings.order.key) {
            self.settings.order.key = key;
            self.frozen = None;
        }
        self.rebuild();
    }

    fn group_by_next(&mut self) {
        match self.screen {
            Screen::Processes => {
                self.settings.by = self.settings.by.next();
                self.frozen = None;
                self.cursor = Cursor::default();
            }
            Screen::Connections => {
                self.talk.by = self.talk.by.next();
                self.talk.cursor = Cursor::default();
            }
        }
        self.refresh();
    }

    fn toggle_pause(&mut self) {
        self.pause = match self.pause.take() {
            Some(_) => None,
            None => Some(Pause { since: self.now, moment: self.live.clone() }),
        };
        self.refresh();
    }

    fn toggle_freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(self.table.rows.iter().enumerate().map(|(at, row)| (row.key.clone(), at)).collect()),
        };
        self.rebuild();
    }

    fn change_interval(&mut self, slower: bool) -> Vec<Effect> {
        let next = if slower {
            INTERVALS.into_iter().find(|&step| step > self.settings.interval)
        } else {
            INTERVALS.into_iter().rev().find(|&step| step < self.settings.interval)
        };
        let Some(interval) = next else { return Vec::new() };
        self.settings.interval = interval;
        vec![Effect::Interval(interval), Effect::Draw]
    }

    /// The row under the cursor for the clipboard: names, then plain numbers, separated by tabs.
    fn as_text(&self) -> Option<String> {
        match self.screen {
            Screen::Processes => self.selected(0).map(|row| row.line.as_text()),
            Screen::Connections => self.selected_flow().map(|flow| flow.as_text()),
        }
    }
}
