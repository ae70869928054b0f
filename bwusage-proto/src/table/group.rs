//! A row before it is built: the sums that it is judged by, and who is in it.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet, sync::Arc};

use super::{Grouping, Order, Row, RowKey, SortKey};
use crate::{
    filter::{NumberField, Subject, TextField},
    message::Retired,
    mirror::Process,
    process::{Category, Container, Pid, UserId},
    snapshot::{ProcessInfo, Resources, RowId},
    units::{Counters, Rates, Wire},
    users::Users,
};

/// What the processes of a row have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Common<'a> {
    Process(RowId),
    App(&'a str),
    User(Option<&'a UserId>),
    Unit(Option<&'a str>),
    Container(Option<&'a Container>),
    Category(Option<Category>),
}

impl<'a> Common<'a> {
    pub(super) fn of_process(by: Grouping, row: RowId, process: &'a Process) -> Self {
        let info = &process.info;
        match by {
            Grouping::Process => Self::Process(row),
            Grouping::App => Self::App(&info.app),
            Grouping::User => Self::User(info.user.as_ref()),
            Grouping::Unit => Self::Unit(info.unit.as_deref()),
            Grouping::Container => Self::Container(info.container.as_ref()),
            Grouping::Category => Self::Category(info.category),
        }
    }

    /// `None` by process: what was given up has no row then.
    pub(super) fn of_retired(by: Grouping, retired: &'a Retired) -> Option<Self> {
        Some(match by {
            Grouping::Process => return None,
            Grouping::App => Self::App(&retired.app),
            Grouping::User => Self::User(retired.user.as_ref()),
            Grouping::Unit => Self::Unit(retired.unit.as_deref()),
            Grouping::Container => Self::Container(retired.container.as_ref()),
            Grouping::Category => Self::Category(retired.category),
        })
    }

    pub(super) fn key(self) -> RowKey {
        match self {
            Self::Process(row) => RowKey::Process(row),
            Self::App(app) => RowKey::App(app.into()),
            Self::User(user) => RowKey::User(user.cloned()),
            Self::Unit(unit) => RowKey::Unit(unit.map(Into::into)),
            Self::Container(container) => RowKey::Container(container.cloned()),
            Self::Category(category) => RowKey::Category(category),
        }
    }

    fn name(self, processes: &[(RowId, &'a Process)], users: &Users) -> Cow<'a, str> {
        match self {
            Self::Process(_) => processes.first().map_or("", |(_, process)| &process.info.name).into(),
            Self::App(app) => app.into(),
            Self::User(user) => {
                user.map_or("(unknown user)".into(), |user| users.name(user).to_string().into())
            }
            Self::Unit(unit) => unit.unwrap_or("(no unit)").into(),
            Self::Container(container) => {
                container.map_or("(no container)".into(), |it| it.to_string().into())
            }
            Self::Category(category) => category.map_or("(no category)", Category::name).into(),
        }
    }
}

/// One process, or all that have something in common.
pub(super) struct Group<'a> {
    common: Common<'a>,
    name: Cow<'a, str>,
    processes: &'a [(RowId, &'a Process)],
    retired: &'a [&'a Retired],
    users: &'a Users,
    /// Empty where they do not agree.
    app: &'a str,
    /// Whether anything was ever counted.
    pub(super) moved_bytes: bool,
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
    pub(super) fn new(
        common: Common<'a>,
        processes: &'a [(RowId, &'a Process)],
        retired: &'a [&'a Retired],
        users: &'a Users,
    ) -> Self {
        let app = match common {
            Common::App(app) => app,
            _ => agreed(processes, retired, |info| &*info.app, |retired| &*retired.app).unwrap_or_default(),
        };
        let (mut rates, mut resources) = (Rates::default(), Sums::default());
        for (_, process) in processes {
            rates += process.rates;
            // An ended process may still carry its last measurement.
            if let (Some(measured), None) = (&process.resources, process.exited_at_unix_ms) {
                resources.add(measured);
            }
        }
        let mut group = Self {
            common,
            name: common.name(processes, users),
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

    fn is_process(&self) -> bool {
        matches!(self.common, Common::Process(_))
    }

    /// The process, where the row is one.
    fn process(&self) -> Option<&'a Process> {
        self.processes.first().filter(|_| self.is_process()).map(|&(_, process)| process)
    }

    fn pid(&self) -> Option<Pid> {
        self.process()?.info.id.map(|id| id.pid)
    }

    fn pids(&self) -> impl Iterator<Item = Pid> {
        let listed = |process: &&Process| self.is_process() || process.exited_at_unix_ms.is_none();
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

    fn unit(&self) -> Option<&'a str> {
        agreed(self.processes, self.retired, |info| info.unit.as_deref(), |retired| retired.unit.as_deref())?
    }

    fn container(&self) -> Option<&'a Container> {
        agreed(
            self.processes,
            self.retired,
            |info| info.container.as_ref(),
            |retired| retired.container.as_ref(),
        )?
    }

    fn category(&self) -> Option<Category> {
        agreed(self.processes, self.retired, |info| info.category, |retired| retired.category)?
    }

    /// Those that were given up had the same one, where they were of the same application.
    fn title(&self) -> Option<&'a str> {
        agreed(self.processes, &[], |info| info.title.as_deref(), |_| None)?
    }

    fn command_line(&self) -> Option<&'a [String]> {
        self.process()?.info.command_line.as_deref()
    }

    /// What `order` says, and where it says nothing, always the same.
    pub(super) fn compare(&self, other: &Self, order: Order) -> Ordering {
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
            SortKey::Name => order.texts(Some(&self.name), Some(&other.name)),
            SortKey::App => order.texts(some_text(self.app), some_text(other.app)),
            SortKey::User => {
                let (a, b) = (self.user_names(), other.user_names());
                order.texts(a.first().map(|name| &**name), b.first().map(|name| &**name))
            }
            SortKey::Pid => {
                let lowest = |group: &Self| group.pids().min().map(std::cmp::Reverse);
                order.amounts(lowest(self), lowest(other))
            }
        };
        by_key.then_with(|| self.common.cmp(&other.common))
    }

    pub(super) fn row(&self) -> Row {
        let mut pids: Vec<Pid> = self.pids().collect();
        pids.sort_unstable();
        let exits = || self.processes.iter().map(|(_, process)| process.exited_at_unix_ms);
        Row {
            key: self.common.key(),
            pid: self.pid(),
            pids,
            name: self.name.to_string(),
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
            unit: self.unit().map(Into::into),
            container: self.container().cloned(),
            title: self.title().map(Into::into),
            category: self.category(),
            first_traffic_at_unix_ms: self
                .processes
                .iter()
                .map(|(_, process)| process.info.first_traffic_at_unix_ms)
                .chain(self.retired.iter().map(|retired| retired.first_traffic_at_unix_ms))
                .flatten()
                .min(),
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
            TextField::Name => test(&self.name),
            TextField::App => test(self.app),
            TextField::Exe => self.exe().is_some_and(test),
            TextField::Unit => self.unit().is_some_and(test),
            TextField::Container => self.container().is_some_and(|container| in_container(container, test)),
            TextField::Title => self.title().is_some_and(test),
            TextField::Category => self.category().is_some_and(|category| test(category.name())),
            TextField::User => self.user_ids().into_iter().any(|user| test(&self.users.name(user))),
            TextField::CommandLine => {
                self.command_line().is_some_and(|words| words.iter().any(|word| test(word)))
            }
            TextField::Remote
            | TextField::Protocol
            | TextField::State
            | TextField::Interface
            | TextField::Service => false,
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
            TextField::Unit => self.unit.as_deref().is_some_and(test),
            TextField::Container => {
                self.container.as_ref().is_some_and(|container| in_container(container, test))
            }
            TextField::Title => self.title.as_deref().is_some_and(test),
            TextField::Category => self.category.is_some_and(|category| test(category.name())),
            TextField::User => self.users.iter().any(|user| test(user)),
            TextField::CommandLine => {
                self.command_line.as_ref().is_some_and(|words| words.iter().any(|word| test(word)))
            }
            TextField::Remote
            | TextField::Protocol
            | TextField::State
            | TextField::Interface
            | TextField::Service => false,
        }
    }

    fn has_pid(&self, pid: Pid) -> bool {
        self.pids.contains(&pid)
    }

    fn number(&self, field: NumberField) -> Option<u64> {
        number(field, self.counters.total().wire, self.rates, self.cpu_centipercent, self.rss_bytes)
    }
}

/// What `in_process` and `in_retired` give for every member, where that is the same.
fn agreed<'a, T: PartialEq>(
    processes: &[(RowId, &'a Process)],
    retired: &[&'a Retired],
    in_process: impl Fn(&'a ProcessInfo) -> T,
    in_retired: impl Fn(&'a Retired) -> T,
) -> Option<T> {
    let processes = processes.iter().map(|&(_, process)| in_process(&process.info));
    let mut all = processes.chain(retired.iter().map(|&retired| in_retired(retired)));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// As it is shown, and by its whole id.
fn in_container(container: &Container, test: &dyn Fn(&str) -> bool) -> bool {
    test(&container.to_string()) || test(&container.id)
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
