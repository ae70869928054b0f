//! From a [`Mirror`] to the rows of a table: grouped, filtered, sorted, cut.
//!
//! Everything is decided on borrowed state and only the rows within the limit are built, so that a screenful out of
//! 50,000 processes costs little more than looking at each of them once.

use std::collections::HashMap;

use crate::{
    filter::Filter,
    message::Retired,
    mirror::{Mirror, Process},
    process::Pid,
    snapshot::RowId,
    units::{Counters, Rates},
    users::Users,
};

mod group;
mod order;
use group::Group;
pub use order::{Order, SortKey, UnknownColumn};

/// What one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// All processes of an application, with those that ended.
    #[default]
    App,
    /// One process; those that ended stay as long as the daemon keeps their row.
    Process,
}

impl Grouping {
    /// The name on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Process => "pid",
        }
    }
}

/// What a row is, from tick to tick: what a cursor follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// One process.
    Process(RowId),
    /// One application.
    App(String),
}

/// One line of a table. What is unknown is `None`, never 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its identity.
    pub key: RowKey,
    /// The process number; `None` for an application and for the row of other users' processes.
    pub pid: Option<Pid>,
    /// Every living process in the row (an ended one's only in a row of its own), ascending.
    pub pids: Vec<Pid>,
    /// The process's short name, or the application. Not escaped.
    pub name: String,
    /// The application. Not escaped.
    pub app: String,
    /// Login names, ascending.
    pub users: Vec<String>,
    /// Network totals since the daemon started.
    pub counters: Counters,
    /// Wire speed over the last tick.
    pub rates: Rates,
    /// Processor use in hundredths of a percent of one core.
    pub cpu_centipercent: Option<u32>,
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// Reads from storage.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Writes to storage.
    pub disk_write_bytes_per_s: Option<u64>,
    /// The executable, where all processes of the row agree on it. Not escaped.
    pub exe: Option<String>,
    /// Arguments; only of a process, and only where this viewer may see them. Not escaped.
    pub command_line: Option<Vec<String>>,
    /// Start, in milliseconds of Unix time; of the earliest process that the row still knows.
    pub started_at_unix_ms: Option<u64>,
    /// End of the last process, once all have ended.
    pub exited_at_unix_ms: Option<u64>,
    /// How many processes were added up, those that ended included.
    pub processes: u64,
}

/// Which rows are wanted, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<'a> {
    /// What one row stands for.
    pub by: Grouping,
    /// What comes first.
    pub order: Order,
    /// Only these.
    pub filter: Option<&'a Filter>,
    /// Rows without any traffic too.
    pub idle: bool,
    /// At most this many.
    pub limit: Option<usize>,
}

/// The rows that were asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// In the order that was asked for.
    pub rows: Vec<Row>,
    /// How many there are before filter and limit.
    pub total: usize,
    /// How many of them match the filter.
    pub matched: usize,
}

impl Table {
    /// Whether the limit left rows out.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.rows.len() < self.matched
    }
}

/// Groups, filters, sorts and cuts what `mirror` holds.
#[must_use]
pub fn table(mirror: &Mirror, users: &Users, query: &Query) -> Table {
    let processes: Vec<(RowId, &Process)> =
        mirror.processes.iter().map(|(&row, process)| (row, process)).collect();
    match query.by {
        Grouping::Process => {
            let groups = processes
                .iter()
                .map(|process| Group::new(std::slice::from_ref(process), &[], users, query.by));
            select(groups, query)
        }
        Grouping::App => {
            let apps = by_app(&processes, mirror);
            select(apps.values().map(|(living, retired)| Group::new(living, retired, users, query.by)), query)
        }
    }
}

type Members<'a> = (Vec<(RowId, &'a Process)>, Vec<&'a Retired>);

fn by_app<'a>(processes: &[(RowId, &'a Process)], mirror: &'a Mirror) -> HashMap<&'a str, Members<'a>> {
    let mut apps: HashMap<&str, Members> = HashMap::new();
    for &(row, process) in processes {
        apps.entry(&process.info.app).or_default().0.push((row, process));
    }
    for retired in mirror.retired.values() {
        apps.entry(&retired.app).or_default().1.push(retired);
    }
    apps
}

fn select<'a>(groups: impl Iterator<Item = Group<'a>>, query: &Query) -> Table {
    let mut groups: Vec<Group> = groups.filter(|group| query.idle || group.moved_bytes).collect();
    let total = groups.len();
    if let Some(filter) = query.filter {
        groups.retain(|group| filter.accepts(group));
    }
    let matched = groups.len();
    if let Some(limit) = query.limit.filter(|&limit| limit < matched) {
        groups.select_nth_unstable_by(limit, |a, b| a.compare(b, query.order));
        groups.truncate(limit);
    }
    groups.sort_unstable_by(|a, b| a.compare(b, query.order));
    Table { rows: groups.iter().map(Group::row).collect(), total, matched }
}

#[cfg(test)]
mod tests;
