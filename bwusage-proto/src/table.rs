//! From a [`Mirror`] to the rows of a table: grouped, filtered, sorted, cut.
//!
//! Everything is decided on borrowed state and only the rows within the limit are built, so that a screenful out of
//! 50,000 processes costs little more than looking at each of them once.

use std::collections::HashMap;

use crate::{
    filter::Filter,
    message::Retired,
    mirror::{Mirror, Process},
    order::{after, sort_and_cut},
    process::{Category, Container, Pid, UserId},
    snapshot::RowId,
    units::{Counters, Rates},
    users::Users,
};

mod group;
mod order;
use group::{Common, Group};
pub use order::{Order, SortKey};

/// What one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// All processes of an application, with those that ended.
    #[default]
    App,
    /// One process; those that ended stay as long as the daemon keeps their row.
    Process,
    /// All processes of a user.
    User,
    /// All processes of a systemd unit; those without one share a row.
    Unit,
    /// All processes in a container; those in none share a row.
    Container,
    /// All processes of one sort; those of which nothing tells it share a row.
    Category,
}

impl Grouping {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::App, Self::Process, Self::User, Self::Unit, Self::Container, Self::Category];

    /// The name on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Process => "pid",
            Self::User => "user",
            Self::Unit => "unit",
            Self::Container => "container",
            Self::Category => "category",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }

    /// The one after it, and after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        after(&Self::ALL, self)
    }
}

/// What a row is, from tick to tick: what a cursor follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// One process.
    Process(RowId),
    /// One application.
    App(String),
    /// One user, or all whose user is not known.
    User(Option<UserId>),
    /// One systemd unit, or all without one.
    Unit(Option<String>),
    /// One container, or all outside containers.
    Container(Option<Container>),
    /// One sort of programs, or all of which nothing tells it.
    Category(Option<Category>),
}

impl RowKey {
    /// The row that `process` is in.
    #[must_use]
    pub fn of(by: Grouping, row: RowId, process: &Process) -> Self {
        Common::of_process(by, row, process).key()
    }
}

/// One line of a table. What is unknown is `None`, never 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its identity.
    pub key: RowKey,
    /// The process number; `None` for a row of many processes and for the row of other users' processes.
    pub pid: Option<Pid>,
    /// Every living process in the row (an ended one's only in a row of its own), ascending.
    pub pids: Vec<Pid>,
    /// The process's short name, or what the processes have in common. Not escaped.
    pub name: String,
    /// The application; empty where the processes of the row do not agree on it. Not escaped.
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
    /// The systemd unit, where all processes of the row agree on it. Not escaped.
    pub unit: Option<String>,
    /// The container, where all processes of the row agree on it. Not escaped.
    pub container: Option<Container>,
    /// What a person calls the application, where all processes of the row agree on it. Not escaped.
    pub title: Option<String>,
    /// What sort of program it is, where all processes of the row agree on it.
    pub category: Option<Category>,
    /// When the row was first seen to move a byte, in milliseconds of Unix time; of those that the row still knows.
    pub first_traffic_at_unix_ms: Option<u64>,
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
    /// Only processes of this sort: others are not added up either.
    pub category: Option<Category>,
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
    let wanted = |category| query.category.is_none_or(|wanted| category == Some(wanted));
    let processes = mirror.processes.iter().filter(|(_, process)| wanted(process.info.category));
    let processes: Vec<(RowId, &Process)> = processes.map(|(&row, process)| (row, process)).collect();
    if query.by == Grouping::Process {
        let groups = processes
            .iter()
            .map(|process| Group::new(Common::Process(process.0), std::slice::from_ref(process), &[], users));
        return select(groups, query);
    }
    let retired = mirror.retired.values().filter(|retired| wanted(retired.category));
    let together = together(&processes, retired, query.by);
    select(
        together.iter().map(|(&common, (living, retired))| Group::new(common, living, retired, users)),
        query,
    )
}

type Members<'a> = (Vec<(RowId, &'a Process)>, Vec<&'a Retired>);

fn together<'a>(
    processes: &[(RowId, &'a Process)],
    retired: impl Iterator<Item = &'a Retired>,
    by: Grouping,
) -> HashMap<Common<'a>, Members<'a>> {
    let mut groups: HashMap<Common, Members> = HashMap::new();
    for &(row, process) in processes {
        groups.entry(Common::of_process(by, row, process)).or_default().0.push((row, process));
    }
    for retired in retired {
        if let Some(common) = Common::of_retired(by, retired) {
            groups.entry(common).or_default().1.push(retired);
        }
    }
    groups
}

fn select<'a>(groups: impl Iterator<Item = Group<'a>>, query: &Query) -> Table {
    let mut groups: Vec<Group> = groups.filter(|group| query.idle || group.moved_bytes).collect();
    let total = groups.len();
    if let Some(filter) = query.filter {
        groups.retain(|group| filter.accepts(group));
    }
    let matched = sort_and_cut(&mut groups, query.limit, |a, b| a.compare(b, query.order));
    Table { rows: groups.iter().map(Group::row).collect(), total, matched }
}

#[cfg(test)]
mod tests;
