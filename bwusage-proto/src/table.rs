//! From a [`Mirror`] to the rows of a table: grouped, filtered, sorted, cut.
//!
//! Everything is decided on borrowed state and only the rows within the limit are built, so that a screenful out of
//! 50,000 processes costs little more than looking at each of them once.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    filter::{Filter, NumberField, Subject, TextField},
    message::Retired,
    mirror::{Mirror, Process},
    process::{Pid, UserId},
    snapshot::{Resources, RowId},
    units::{Counters, Rates, Wire},
    users::Users,
};

mod order;
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

/// A row before it is built: the sums that it is judged by, and who is in it.
struct Group<'a> {
    by: Grouping,
    processes: &'a [(RowId, &'a Process)],
    retired: &'a [&'a Retired],
    users: &'a Users,
    app: &'a str,
    moved_bytes: bool,
    wire: Wire,
    rates: Rates,
    resources: Sums,
}

/// Processor, memory and disk of the living processes that were measured.
#[derive(Default)]
struct Sums {
    cpu_centipercent: Option<u32>,
    rss_bytes: Option<u64>,
    disk_read_bytes_per_s: Option<u64>,
    disk_write_bytes_per_s: Option<u64>,
}

impl Sums {
    fn add(&mut self, resources: &Resources) {
        let add = |sum: &mut Option<u64>, part: Option<u64>| {
            if let Some(part) = part {
                *sum = Some(sum.unwrap_or(0).saturating_add(part));
            }
        };
        if let Some(part) = resources.cpu_centipercent {
            self.cpu_centipercent = Some(self.cpu_centipercent.unwrap_or(0).saturating_add(part));
        }
        add(&mut self.rss_bytes, Some(resources.rss_bytes));
        add(&mut self.disk_read_bytes_per_s, resources.disk_read_bytes_per_s);
        add(&mut self.disk_write_bytes_per_s, resources.disk_write_bytes_per_s);
    }
}

impl<'a> Group<'a> {
    fn new(
        processes: &'a [(RowId, &'a Process)],
        retired: &'a [&'a Retired],
        users: &'a Users,
        by: Grouping,
    ) -> Self {
        let app = processes.first().map(|(_, process)| process.info.app.as_str());
        let app = app.or_else(|| retired.first().map(|retired| retired.app.as_str())).unwrap_or_default();
        let (mut rates, mut resources) = (Rates::default(), Sums::default());
        for (_, process) in processes {
            rates += process.rates;
            // An ended process may still carry its last measurement.
            if let (Some(measured), None) = (&process.resources, process.exited_at_unix_ms) {
                resources.add(measured);
            }
        }
        let mut group = Self {
            by,
            processes,
            retired,
            users,
            app,
            moved_bytes: false,
            wire: Wire::default(),
            rates,
            resources,
        };
        let counters = group.counters();
        group.moved_bytes = !counters.is_zero();
        group.wire = counters.total().wire;
        group
    }

    fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        let processes = self.processes.iter().map(|(_, process)| process.counters);
        for counters in processes.chain(self.retired.iter().map(|retired| retired.counters)) {
            sum += counters;
        }
        sum
    }

    fn key(&self) -> RowKey {
        match (self.by, self.processes) {
            (Grouping::Process, [(row, _), ..]) => RowKey::Process(*row),
            _ => RowKey::App(self.app.into()),
        }
    }

    fn name(&self) -> &str {
        match (self.by, self.processes) {
            (Grouping::Process, [(_, process), ..]) => &process.info.name,
            _ => self.app,
        }
    }

    /// The process, where the row is one.
    fn process(&self) -> Option<&'a Process> {
        match (self.by, self.processes) {
            (Grouping::Process, [(_, process), ..]) => Some(process),
            _ => None,
        }
    }

    fn pid(&self) -> Option<Pid> {
        self.process()?.info.id.map(|id| id.pid)
    }

    fn pids(&self) -> impl Iterator<Item = Pid> {
        let listed = |process: &&Process| self.by == Grouping::Process || process.exited_at_unix_ms.is_none();
        self.processes
            .iter()
            .map(|&(_, process)| process)
            .filter(listed)
            .filter_map(|process| Some(process.info.id?.pid))
    }

    fn user_ids(&self) -> BTreeSet<&'a UserId> {
        let processes = self.processes.iter().filter_map(|(_, process)| process.info.user.as_ref());
        processes.chain(self.retired.iter().filter_map(|retired| retired.user.as_ref())).collect()
    }

    fn user_names(&self) -> BTreeSet<Arc<str>> {
        self.user_ids().into_iter().map(|user| self.users.name(user)).collect()
    }

    fn exe(&self) -> Option<&'a str> {
        let (_, first) = self.processes.first()?;
        let exe = first.info.exe.as_deref()?;
        self.processes.iter().all(|(_, process)| process.info.exe.as_deref() == Some(exe)).then_some(exe)
    }

    fn command_line(&self) -> Option<&'a [String]> {
        self.process()?.info.command_line.as_deref()
    }

    /// What `order` says, and where it says nothing, always the same.
    fn compare(&self, other: &Self, order: Order) -> Ordering {
        let amounts = |amount: fn(&Self) -> Option<u64>| order.amounts(amount(self), amount(other));
        let by_key = match order.key {
            SortKey::RxTotal => amounts(|group| Some(group.wire.rx_bytes)),
            SortKey::TxTotal => amounts(|group| Some(group.wire.tx_bytes)),
            SortKey::RxRate => amounts(|group| Some(group.rates.rx_bytes_per_s)),
            SortKey::TxRate => amounts(|group| Some(group.rates.tx_bytes_per_s)),
            SortKey::Cpu => amounts(|group| group.resources.cpu_centipercent.map(u64::from)),
            SortKey::Memory => amounts(|group| group.resources.rss_bytes),
            SortKey::DiskRead => amounts(|group| group.resources.disk_read_bytes_per_s),
            SortKey::DiskWrite => amounts(|group| group.resources.disk_write_bytes_per_s),
            SortKey::Name => order.texts(Some(self.name()), Some(other.name())),
            SortKey::App => order.texts(Some(self.app), Some(other.app)),
            SortKey::User => {
                let (a, b) = (self.user_names(), other.user_names());
                order.texts(a.first().map(|name| &**name), b.first().map(|name| &**name))
            }
            SortKey::Pid => {
                let lowest = |group: &Self| group.pids().min().map(std::cmp::Reverse);
                order.amounts(lowest(self), lowest(other))
            }
        };
        by_key.then_with(|| match (self.processes, other.processes) {
            ([(a, _), ..], [(b, _), ..]) if self.by == Grouping::Process => a.cmp(b),
            _ => self.app.cmp(other.app),
        })
    }

    fn row(&self) -> Row {
        let mut pids: Vec<Pid> = self.pids().collect();
        pids.sort_unstable();
        let exits = || self.processes.iter().map(|(_, process)| process.exited_at_unix_ms);
        Row {
            key: self.key(),
            pid: self.pid(),
            pids,
            name: self.name().into(),
            app: self.app.into(),
            users: self.user_names().iter().map(|name| String::from(&**name)).collect(),
            counters: self.counters(),
            rates: self.rates,
            cpu_centipercent: self.resources.cpu_centipercent,
            rss_bytes: self.resources.rss_bytes,
            disk_read_bytes_per_s: self.resources.disk_read_bytes_per_s,
            disk_write_bytes_per_s: self.resources.disk_write_bytes_per_s,
            exe: self.exe().map(Into::into),
            command_line: self.command_line().map(Into::into),
            started_at_unix_ms: self
                .processes
                .iter()
                .filter_map(|(_, process)| process.info.started_at_unix_ms)
                .min(),
            exited_at_unix_ms: if exits().all(|at| at.is_some()) { exits().flatten().max() } else { None },
            processes: self
                .retired
                .iter()
                .fold(self.processes.len() as u64, |sum, retired| sum.saturating_add(retired.processes)),
        }
    }
}

impl Subject for Group<'_> {
    fn any_text(&self, field: TextField, test: &dyn Fn(&str) -> bool) -> bool {
        match field {
            TextField::Name => test(self.name()),
            TextField::App => test(self.app),
            TextField::Exe => self.exe().is_some_and(test),
            TextField::User => self.user_ids().into_iter().any(|user| test(&self.users.name(user))),
            TextField::CommandLine => {
                self.command_line().is_some_and(|words| words.iter().any(|word| test(word)))
            }
        }
    }

    fn has_pid(&self, pid: Pid) -> bool {
        self.pids().any(|own| own == pid)
    }

    fn number(&self, field: NumberField) -> Option<u64> {
        number(field, self.wire, self.rates, self.resources.cpu_centipercent, self.resources.rss_bytes)
    }
}

impl Subject for Row {
    fn any_text(&self, field: TextField, test: &dyn Fn(&str) -> bool) -> bool {
        match field {
            TextField::Name => test(&self.name),
            TextField::App => test(&self.app),
            TextField::Exe => self.exe.as_deref().is_some_and(test),
            TextField::User => self.users.iter().any(|user| test(user)),
            TextField::CommandLine => {
                self.command_line.as_ref().is_some_and(|words| words.iter().any(|word| test(word)))
            }
        }
    }

    fn has_pid(&self, pid: Pid) -> bool {
        self.pids.contains(&pid)
    }

    fn number(&self, field: NumberField) -> Option<u64> {
        number(field, self.counters.total().wire, self.rates, self.cpu_centipercent, self.rss_bytes)
    }
}

fn number(field: NumberField, wire: Wire, rates: Rates, cpu: Option<u32>, rss: Option<u64>) -> Option<u64> {
    match field {
        NumberField::RxRate => Some(rates.rx_bytes_per_s),
        NumberField::TxRate => Some(rates.tx_bytes_per_s),
        NumberField::RxTotal => Some(wire.rx_bytes),
        NumberField::TxTotal => Some(wire.tx_bytes),
        NumberField::Cpu => cpu.map(u64::from),
        NumberField::Memory => rss,
    }
}

#[cfg(test)]
mod tests;
