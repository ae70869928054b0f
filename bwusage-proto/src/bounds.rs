//! How much the daemon has room for, and how much of it is taken.

use crate::codec::{Decode, Encode};

/// What the daemon keeps within bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Bounds {
    /// The tables in the kernel of which it is known how full they are, as of the last tick. Empty from an engine that has none.
    pub tables: Vec<TableFill>,
    /// How long the past is kept. `None` when it is not remembered, and of a recording.
    pub retention: Option<Retention>,
}

/// How full a table in the kernel is. What finds no room there is lost, or has no name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize)]
pub struct TableFill {
    /// Its name, that of the map in the object file.
    pub table: String,
    /// How many entries it has.
    pub entries: u64,
    /// How many there is room for.
    pub capacity: u64,
}

impl TableFill {
    /// The table `name` with `entries` of `capacity`.
    #[must_use]
    pub fn new(name: &str, entries: usize, capacity: usize) -> Self {
        Self { table: name.into(), entries: entries as u64, capacity: capacity as u64 }
    }
}

/// How long the history keeps what, in seconds. Months are made of days and go with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct Retention {
    /// Figures by the minute.
    pub minutes_s: u64,
    /// Figures by the hour.
    pub hours_s: u64,
    /// Figures by the day; `None` for ever.
    pub days_s: Option<u64>,
}
