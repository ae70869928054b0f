//! The model: everything the screen shows, and what each event changes about it.
//!
//! Pure. Time is an argument, counted from the start of the program; what has to be done outside comes back as
//! [`Effect`]s. It knows neither the terminal nor the socket.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bwusage_proto::{
    mirror::{Mirror, Process},
    snapshot::RowId,
    table::{self, Query, Row, RowKey, SortKey, Table},
    users::Users,
};

mod act;
mod asked;
mod cursor;
mod flows;
mod link;
mod message;
mod names;
mod overlay;
mod screen;
mod talk;
mod visible;

pub use asked::{Answer, Questions};
pub use cursor::{Cursor, Keyed};
pub use link::{Link, Lost, Trouble};
pub use message::{Drawn, DrawnTable, Effect, Msg, Pointer, Settings};
pub use overlay::{Help, Overlay, Scroll};
pub use screen::{Screen, SortBy};

use asked::Answers;
use names::Names;
use talk::TalkScreen;

use crate::{
    filter_bar::{FilterBar, Subject},
    rows::History,
};

/// Rows that are built below the cursor, of however many there are: more than any screen shows.
const BUILT_BELOW: usize = 500;

/// Which network figures come first, and are left when there is little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Bytes since the daemon started.
    Total,
    /// Bytes a second.
    Rate,
}

/// One state of the daemon with the speeds that led to it.
#[derive(Debug, Clone, Default)]
struct Moment {
    mirror: Option<Arc<Mirror>>,
    history: History,
    answers: Answers,
}

/// A stopped screen.
#[derive(Debug)]
struct Pause {
    since: Duration,
    moment: Moment,
}

/// The detail pane. How much room there is for it, the view says ([`App::drawn`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Closed,
    /// Open, and the table is in view too.
    Beside,
    /// In the place of the table.
    Alone,
}

/// The whole state of the program.
#[derive(Debug)]
pub struct App {
    now: Duration,
    link: Link,
    live: Moment,
    pause: Option<Pause>,
    users: Users,
    names: Names,
    screen: Screen,
    talk: TalkScreen,
    table: Table,
    settings: Settings,
    figure: Figure,
    idle_rows: bool,
    frozen: Option<HashMap<RowKey, usize>>,
    filter: FilterBar,
    cursor: Cursor<Row>,
    detail: Detail,
    cards: bool,
    overlay: Overlay,
    notice: Option<&'static str>,
    last_click: Option<(usize, Duration)>,
    columns: Vec<SortBy>,
    asked: Questions,
}

impl App {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings, users: Users) -> Self {
        let figure = match settings.order.key {
            SortKey::RxRate | SortKey::TxRate => Figure::Rate,
            _ => Figure::Total,
        };
        Self {
            now: Duration::ZERO,
            link: Link::Connecting,
            live: Moment::default(),
            pause: None,
            users,
            names: Names::default(),
            screen: Screen::Processes,
            talk: TalkScreen::default(),
            table: Table::default(),
            filter: FilterBar::new(Subject::Processes, &settings.filter),
            settings,
            figure,
            idle_rows: true,
            frozen: None,
            cursor: Cursor::default(),
            detail: Detail::Closed,
            cards: true,
            overlay: Overlay::None,
            notice: None,
            last_click: None,
            columns: SortKey::ALL.map(SortBy::Process).into(),
            asked: Questions::default(),
        }
    }

    /// Applies one event at time `now`, and says what to do about it.
    pub fn update(&mut self, msg: Msg, now: Duration) -> Vec<Effect> {
        self.now = now;
        let mut effects = self.apply(msg);
        effects.extend(self.ask());
        effects
    }

    fn apply(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Pointer(pointer) => self.pointer(pointer),
            Msg::Resized => vec![Effect::DrawAnew],
            Msg::Clock => vec![Effect::Draw],
            Msg::Up { mirror, restarted } => {
                self.link = Link::Live;
                if restarted {
                    self.rebase(&mirror);
                }
                self.receive(mirror);
                vec![Effect::Draw]
            }
            Msg::Tick(mirror) => self.receive(mirror),
            Msg::Down(trouble) => {
                self.link.down(trouble, self.now);
                vec![Effect::Draw]
            }
            Msg::Answer(answer) => self.answered(answer),
            Msg::Named(address, name) => self.named(address, name),
        }
    }

    fn receive(&mut self, mirror: Arc<Mirror>) -> Vec<Effect> {
        self.live.history.push(&mirror);
        self.live.mirror = Some(mirror);
        if self.pause.is_some() {
            return Vec::new();
        }
        if self.screen == Screen::Processes {
            self.rebuild();
        }
        vec![Effect::Draw]
    }

    /// Another run of the daemon numbers its rows anew: keeps the cursor on its process and begins new graphs.
    fn rebase(&mut self, new: &Mirror) {
        (self.live.history, self.live.answers) = (History::default(), Answers::default());
        self.frozen = None;
        if self.pause.is_some() {
            // The screen goes on showing the old rows, and the cursor stays on its own.
            return;
        }
        if let Some(&RowKey::Process(row)) = self.cursor.chosen() {
            let id = self.live.mirror.as_ref().and_then(|old| old.processes.get(&row)?.info.id);
            let same = |process: &&Process| id.is_some() && process.info.id == id;
            let found = new.processes.values().find(same).map(|process| RowKey::Process(process.info.row));
            self.cursor.expect(Some(found.unwrap_or(RowKey::Process(RowId(u64::MAX)))));
        }
    }

    /// Groups, filters and sorts again, and puts the cursor back on its row.
    fn rebuild(&mut self) {
        self.build(Some(self.cursor.index() + BUILT_BELOW));
        let lost = |key: &RowKey| self.table.rows.iter().all(|row| row.key != *key);
        if self.table.truncated() && self.cursor.chosen().is_some_and(lost) {
            self.build(None);
        }
        self.cursor.follow(&self.table.rows);
    }

    /// Makes sure that the row at `index` is built, as far as there is one, and what is in view below it.
    fn reach(&mut self, index: usize) {
        if self.table.truncated() && index + BUILT_BELOW > self.table.rows.len() {
            self.build(Some(index.saturating_add(BUILT_BELOW)));
        }
    }

    fn build(&mut self, limit: Option<usize>) {
        let moment = self.pause.as_ref().map_or(&self.live, |pause| &pause.moment);
        let Some(mirror) = &moment.mirror else { return };
        let query = Query {
            by: self.settings.by,
            order: self.settings.order,
            filter: self.filter.in_force(),
            idle: self.idle_rows,
            // Rows that keep their places are put there below, whatever their order says.
            limit: limit.filter(|_| self.frozen.is_none()),
            ..Query::default()
        };
        self.table = table::table(mirror, &self.users, &query);
        if let Some(places) = &self.frozen {
            self.table.rows.sort_by_key(|row| places.get(&row.key).copied().unwrap_or(usize::MAX));
        }
    }

    /// Remembers what was drawn: where the table was scrolled to, and which columns there was room for.
    pub fn drawn(&mut self, drawn: &Drawn) {
        if self.detail != Detail::Closed {
            self.detail = if drawn.table.is_some() { Detail::Beside } else { Detail::Alone };
        }
        if let Some(table) = &drawn.table {
            self.drawn_table(table.first, table.viewport);
            self.columns.clone_from(&table.columns);
        }
        if let (Some((first, viewport)), Some(scroll)) = (drawn.overlay, self.overlay.scroll()) {
            scroll.drawn(first, viewport);
        }
    }
}
