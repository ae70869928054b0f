//! A row before it is built: the sums that it is judged by, and who is in it.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use super::{Grouping, Order, Row, RowKey, SortKey};
use crate::{
    filter::{NumberField, Subject, TextField},
    message::Retired,
    mirror::Process,
    process::{Pid, UserId},
    snapshot::{Resources, RowId},
    units::{Counters, Rates, Wire},
    users::Users,
};

/// One process, or all of one application.
pub(super) struct Group<'a> {
    by: Grouping,
    processes: &'a [(RowId, &'a Process)],
    retired: &'a [&'a Retired],
    users: &'a Users,
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

    pub(super) fn row(&self) -> Row {
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
