//! What goes into the model and what comes out of it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bwusage_proto::{
    format::Units,
    mirror::Mirror,
    table::{Grouping, Order},
};

use super::{Answer, Questions, SortBy, Trouble};
use crate::keys::Key;

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
    /// What an address is called; `None` for one without a name.
    Named(IpAddr, Option<String>),
    /// The daemon answered a question, or did not.
    Answer(Answer),
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// A click on a column's heading.
    Column(SortBy),
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
    /// Ask this, again and again, and nothing else any more.
    Ask(Questions),
    /// Look up the names of these addresses, and tell them as [`Msg::Named`].
    LookUp(Vec<IpAddr>),
    /// Take the mouse, or give it back.
    CaptureMouse(bool),
    /// Put this text into the clipboard.
    Copy(String),
}

/// What the view tells the model about the last frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The table, where one was drawn.
    pub table: Option<DrawnTable>,
    /// First line and number of lines of an overlay that scrolls.
    pub overlay: Option<(usize, usize)>,
}

/// The table as it was drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrawnTable {
    /// The first row in view.
    pub first: usize,
    /// How many rows fit.
    pub viewport: usize,
    /// The columns that can be sorted by, from left to right.
    pub columns: Vec<SortBy>,
}
