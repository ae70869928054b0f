//! The model: everything the screen shows, and what each event changes about it.
//!
//! Pure. Time is an argument, counted from the start of the program; what has to be done outside comes back as
//! [`Effect`]s. It knows neither the terminal nor the socket.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bwusage_proto::{
    format::Units,
    mirror::Mirror,
    snapshot::RowId,
    table::{self, Grouping, Order, Query, Row, RowKey, SortKey, Table},
    users::Users,
};

mod act;
mod cursor;
mod link;
mod overlay;

pub use cursor::Cursor;
pub use link::{Link, Lost, Trouble};
pub use overlay::{Help, Overlay};

use crate::{
    filter_bar::FilterBar,
    keys::{Action, Context, Key},
    rows::{History, Host, Line, ScopeTotals, scopes},
};

/// Rows that are built below the cursor, of however many there are: more than any screen shows.
const BUILT_BELOW: usize = 500;

/// What the user asked for: on the command line first, and later by keys.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What one row stands for.
    pub by: Grouping,
    /// What comes first.
    pub order: Order,
    /// How numbers are written.
    pub units: Units,
    /// Time between two refreshes.
    pub interval: Duration,
    /// The filter to begin with.
    pub filter: String,
    /// Whether clicks and the wheel come to the program.
    pub mouse: bool,
    /// Whether this system can suspend a program.
    pub can_suspend: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            by: Grouping::default(),
            order: Order::default(),
            units: Units::default(),
            interval: Duration::from_secs(1),
            filter: String::new(),
            mouse: true,
            can_suspend: true,
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Pointer(Pointer),
    /// The terminal has another size, or came back.
    Resized,
    /// A second went by.
    Clock,
    /// The daemon answers. `restarted` when all its totals began anew.
    Up {
        /// Its whole state.
        mirror: Arc<Mirror>,
        /// Whether it is another run of the daemon.
        restarted: bool,
    },
    /// The state moved on.
    Tick(Arc<Mirror>),
    /// The daemon does not answer.
    Down(Trouble),
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// A click on a column's heading.
    Column(SortKey),
    /// A click on the row at this place of the table.
    Row(usize),
    /// The wheel was turned up.
    WheelUp,
    /// The wheel was turned down.
    WheelDown,
}

/// What has to be done outside of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Draw: something visible changed.
    Draw,
    /// Draw every cell, whatever the terminal shows now.
    DrawAnew,
    /// End the program.
    Quit,
    /// Stop until the shell continues the program.
    Suspend,
    /// Connect now.
    RetryNow,
    /// Subscribe with this interval.
    Interval(Duration),
    /// Take the mouse, or give it back.
    CaptureMouse(bool),
    /// Put this text into the clipboard.
    Copy(String),
}

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
    table: Table,
    settings: Settings,
    figure: Figure,
    idle_rows: bool,
    frozen: Option<HashMap<RowKey, usize>>,
    filter: FilterBar,
    cursor: Cursor,
    detail: Detail,
    cards: bool,
    overlay: Overlay,
    notice: Option<&'static str>,
    last_click: Option<(usize, Duration)>,
    columns: Vec<SortKey>,
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
            table: Table::default(),
            filter: FilterBar::new(&settings.filter),
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
            columns: SortKey::ALL.to_vec(),
        }
    }

    /// Applies one event at time `now`, and says what to do about it.
    pub fn update(&mut self, msg: Msg, now: Duration) -> Vec<Effect> {
        self.now = now;
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
                self.receive(mirror)
            }
            Msg::Tick(mirror) => self.receive(mirror),
            Msg::Down(trouble) => {
                self.link.down(trouble, now);
                vec![Effect::Draw]
            }
        }
    }

    fn receive(&mut self, mirror: Arc<Mirror>) -> Vec<Effect> {
        self.live.history.push(&mirror);
        self.live.mirror = Some(mirror);
        if self.pause.is_some() {
            return Vec::new();
        }
        self.rebuild();
        vec![Effect::Draw]
    }

    /// Another run of the daemon numbers its rows anew: keeps the cursor on its process and begins new graphs.
    fn rebase(&mut self, new: &Mirror) {
        self.live.history = History::default();
        if let Some(&RowKey::Process(row)) = self.cursor.chosen() {
            let id = self.live.mirror.as_ref().and_then(|old| old.processes.get(&row)?.info.id);
            let same = |process: &&bwusage_proto::mirror::Process| id.is_some() && process.info.id == id;
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
            self.cursor.drawn(table.first, table.viewport);
            self.columns.clone_from(&table.columns);
        }
        if let (Some((first, viewport)), Overlay::Help(help)) = (drawn.help, &mut self.overlay) {
            help.drawn(first, viewport);
        }
    }
}

/// What the view tells the model about the last frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The table, where one was drawn.
    pub table: Option<DrawnTable>,
    /// First line and number of lines of the help overlay.
    pub help: Option<(usize, usize)>,
}

/// The table as it was drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrawnTable {
    /// The first row in view.
    pub first: usize,
    /// How many rows fit.
    pub viewport: usize,
    /// The columns that can be sorted by, from left to right.
    pub columns: Vec<SortKey>,
}

/// What the view may know.
impl App {
    /// The connection.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The machine; `None` before the first connection.
    #[must_use]
    pub fn host(&self) -> Option<Host> {
        self.moment().mirror.as_deref().map(Host::new)
    }

    /// True once anything was received.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.moment().mirror.is_some()
    }

    /// The trouble that deserves the whole screen: nothing to show yet, or nothing that waiting would mend.
    #[must_use]
    pub fn obstacle(&self) -> Option<&Lost> {
        self.link.lost().filter(|lost| lost.trouble.needs_user || !self.has_data())
    }

    /// How many rows there are in all and how many of them match the filter.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.table.total, self.table.matched)
    }

    /// The lines from `first` on, at most `count`, each with the speeds of the last `ticks` ticks.
    pub fn lines(&self, first: usize, count: usize, ticks: usize) -> impl Iterator<Item = Line> {
        let rows = self.table.rows.iter().skip(first).take(count);
        rows.filter_map(move |row| self.line(row, ticks))
    }

    /// Traffic without a process, which completes the sum of the columns.
    #[must_use]
    pub fn line_without_process(&self) -> Option<Line> {
        Line::without_process(self.moment().mirror.as_deref()?)
    }

    /// The row under the cursor in full.
    #[must_use]
    pub fn selected(&self, ticks: usize) -> Option<(Line, [ScopeTotals; 4])> {
        let row = self.selected_row()?;
        Some((self.line(row, ticks)?, scopes(row)))
    }

    fn selected_row(&self) -> Option<&Row> {
        self.table.rows.get(self.cursor.index())
    }

    fn line(&self, row: &Row, ticks: usize) -> Option<Line> {
        let moment = self.moment();
        Some(Line::new(row, moment.mirror.as_deref()?, &moment.history, ticks))
    }

    fn moment(&self) -> &Moment {
        self.pause.as_ref().map_or(&self.live, |pause| &pause.moment)
    }

    /// Where the cursor is and what is in view.
    #[must_use]
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The filter as it is typed.
    #[must_use]
    pub fn filter(&self) -> &FilterBar {
        &self.filter
    }

    /// What lies over the table.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// True while the detail pane is open.
    #[must_use]
    pub fn detail_open(&self) -> bool {
        self.detail != Detail::Closed && !self.table.rows.is_empty()
    }

    /// True while the cards are wanted.
    #[must_use]
    pub fn cards_wanted(&self) -> bool {
        self.cards
    }

    /// What one row stands for.
    #[must_use]
    pub fn by(&self) -> Grouping {
        self.settings.by
    }

    /// What the rows are sorted by.
    #[must_use]
    pub fn order(&self) -> Order {
        self.settings.order
    }

    /// True while the rows keep their places.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Which network figures come first.
    #[must_use]
    pub fn figure(&self) -> Figure {
        self.figure
    }

    /// How numbers are written.
    #[must_use]
    pub fn units(&self) -> Units {
        self.settings.units
    }

    /// How long the screen has been stopped.
    #[must_use]
    pub fn paused_for(&self) -> Option<Duration> {
        self.pause.as_ref().map(|pause| self.now.saturating_sub(pause.since))
    }

    /// Time between two refreshes.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.settings.interval
    }

    /// A short answer to the last key.
    #[must_use]
    pub fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// The present time, as [`App::update`] was told.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// True while the screen shows a running time.
    #[must_use]
    pub fn wants_clock(&self) -> bool {
        self.pause.is_some() || self.link.lost().is_some()
    }

    /// Where the keyboard is.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.overlay {
            Overlay::None => Context::Table,
            Overlay::Filter => Context::Filter,
            Overlay::Sort { .. } => Context::Sort,
            Overlay::Help(help) if help.searching => Context::HelpSearch,
            Overlay::Help(_) => Context::Help,
        }
    }

    fn is_working(&self) -> bool {
        self.has_data() && self.obstacle().is_none()
    }

    /// Whether `action` would do something now.
    #[must_use]
    pub fn offers(&self, action: Action) -> bool {
        match action {
            Action::Suspend => self.settings.can_suspend,
            Action::Retry => self.link.lost().is_some(),
            Action::Quit | Action::Redraw | Action::Help | Action::Mouse => true,
            _ if self.context() != Context::Table => true,
            Action::Back => self.detail_open() || !self.filter.is_empty(),
            Action::OpenDetail => {
                self.is_working() && self.detail == Detail::Closed && !self.table.rows.is_empty()
            }
            Action::Move(_) | Action::Pause | Action::Units | Action::Copy | Action::Cards => {
                self.is_working()
            }
            Action::Slower | Action::Faster => self.is_working(),
            // What is left acts on the table.
            _ => self.is_working() && self.detail != Detail::Alone,
        }
    }
}
