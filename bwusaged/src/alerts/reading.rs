//! What rules look at: one pass over the table for all of them.

use std::collections::HashMap;

use bwusage_proto::{
    alert::Scope,
    ledger::{InterfaceLedger, Reason, Side},
    process::{Category, Container, UserId},
    units::{Counters, Scope as Reach},
};

use crate::{server::access::Viewer, usage::store::Store};

/// Whose use is read, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Whose.
    pub scope: &'a Scope,
    /// The user whom the scope names.
    pub user: Option<&'a UserId>,
    /// What may be seen.
    pub viewer: &'a Viewer,
}

/// Bytes each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// What was read of one target. Totals run since the daemon, or the interface, began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes on the wire. `None` of an interface that is not there.
    pub moved: Option<Moved>,
    /// Bytes that could not be attributed. `None` where the engine does not see what passes the interfaces.
    pub lost: Option<u64>,
    /// Hundredths of a percent: of the machine of all processors, else of one.
    pub cpu_centipercent: Option<u64>,
    /// Memory in use.
    pub memory_bytes: Option<u64>,
    /// Installed memory.
    pub installed_bytes: Option<u64>,
}

/// One user's processes of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moving {
    /// Bytes that left the machine or entered it.
    pub bytes: u64,
    /// The part of them that programs moved that nobody sees run.
    pub background_bytes: u64,
}

/// Applications that moved data, each with its user.
pub type Applications<'a> = HashMap<(&'a str, Option<&'a UserId>), Moving>;

/// Reads every target.
#[must_use]
pub fn read(store: &Store, targets: &[Target<'_>]) -> Vec<Reading> {
    let asked = targets.iter().any(|target| matches!(target.scope, Scope::Interface(_)));
    let ledgers = if asked { store.interface_ledgers() } else { Vec::new() };
    let mut readings: Vec<Reading> =
        targets.iter().map(|target| of_machine(store, target, &ledgers)).collect();
    let index = Index::of(targets);
    if index.is_empty() {
        return readings;
    }
    for row in store.rows() {
        let (info, activity) = (&row.info.value, &row.activity.value);
        index.each(&info.app, info.user.as_ref(), info.unit.as_deref(), info.container.as_ref(), |at| {
            let reading = &mut readings[at];
            if activity.counters != Counters::default() {
                add_moved(reading, &activity.counters);
            }
            if let Some(resources) = &activity.resources {
                let cpu = resources.cpu_centipercent.map(u64::from);
                reading.cpu_centipercent = cpu.map_or(reading.cpu_centipercent, |cpu| {
                    Some(reading.cpu_centipercent.unwrap_or(0) + cpu)
                });
                reading.memory_bytes = Some(reading.memory_bytes.unwrap_or(0) + resources.rss_bytes);
            }
        });
    }
    for retired in store.retired().map(|retired| &retired.value) {
        let (unit, container) = (retired.unit.as_deref(), retired.container.as_ref());
        index.each(&retired.app, retired.user.as_ref(), unit, container, |at| {
            add_moved(&mut readings[at], &retired.counters);
        });
    }
    readings
}

/// What of a target needs no look at processes.
fn of_machine(store: &Store, target: &Target<'_>, ledgers: &[InterfaceLedger]) -> Reading {
    let host = store.host();
    let installed_bytes = host.memory.map(|memory| memory.total_bytes);
    match target.scope {
        Scope::Host => Reading {
            moved: Some(machine_moved(store)),
            lost: store.ledger().map(|ledger| lost(&ledger.rx, &ledger.tx)),
            cpu_centipercent: host.cpu_centipercent.map(u64::from),
            memory_bytes: host.memory.map(|memory| memory.used_bytes),
            installed_bytes,
        },
        Scope::Interface(name) => {
            let interface = host.interfaces.iter().find(|interface| interface.name == *name);
            let ledger = ledgers.iter().find(|ledger| ledger.name == *name);
            Reading {
                moved: interface
                    .map(|interface| Moved { rx: interface.rx_bytes_total, tx: interface.tx_bytes_total }),
                lost: ledger.map(|ledger| lost(&ledger.rx, &ledger.tx)),
                ..Reading::default()
            }
        }
        // One that does not run moved nothing: every process is seen.
        Scope::App(_) | Scope::User(_) | Scope::Unit(_) | Scope::Container(_) => {
            Reading { moved: Some(Moved::default()), installed_bytes, ..Reading::default() }
        }
    }
}

/// What the interfaces that lead out of the machine counted since the daemon started; where nobody tells which those are,
/// all but loopback, since they exist.
fn machine_moved(store: &Store) -> Moved {
    if let Some(ledger) = store.ledger() {
        // Interfaces come and go, and each brings what it counted before anybody looked.
        let since_start = |side: &Side| side.counter.saturating_sub(bytes(side, Reason::BeforeStart));
        return Moved { rx: since_start(&ledger.rx), tx: since_start(&ledger.tx) };
    }
    let interfaces = store.host().interfaces.iter().filter(|interface| !interface.loopback);
    interfaces.fold(Moved::default(), |sum, interface| Moved {
        rx: sum.rx.saturating_add(interface.rx_bytes_total),
        tx: sum.tx.saturating_add(interface.tx_bytes_total),
    })
}

fn lost(rx: &Side, tx: &Side) -> u64 {
    bytes(rx, Reason::Lost).saturating_add(bytes(tx, Reason::Lost))
}

fn bytes(side: &Side, reason: Reason) -> u64 {
    u64::try_from(side.bytes(reason)).unwrap_or(0)
}

/// What left the machine or entered it.
fn outside(counters: &Counters) -> Moved {
    let (lan, internet) = (counters[Reach::Lan].wire, counters[Reach::Internet].wire);
    Moved {
        rx: lan.rx_bytes.saturating_add(internet.rx_bytes),
        tx: lan.tx_bytes.saturating_add(internet.tx_bytes),
    }
}

fn add_moved(reading: &mut Reading, counters: &Counters) {
    let (sum, more) = (reading.moved.get_or_insert_default(), outside(counters));
    *sum = Moved { rx: sum.rx.saturating_add(more.rx), tx: sum.tx.saturating_add(more.tx) };
}

/// Every application that moved data.
#[must_use]
pub fn applications(store: &Store) -> Applications<'_> {
    let mut found = Applications::new();
    let mut add = |app, user, category, counters: &Counters| {
        let Moved { rx, tx } = outside(counters);
        let bytes = rx.saturating_add(tx);
        if bytes > 0 {
            let moving: &mut Moving = found.entry((app, user)).or_default();
            moving.bytes = moving.bytes.saturating_add(bytes);
            if category == Some(Category::Background) {
                moving.background_bytes = moving.background_bytes.saturating_add(bytes);
            }
        }
    };
    for row in store.rows() {
        let info = &row.info.value;
        add(info.app.as_str(), info.user.as_ref(), info.category, &row.activity.value.counters);
    }
    for retired in store.retired().map(|retired| &retired.value) {
        add(retired.app.as_str(), retired.user.as_ref(), retired.category, &retired.counters);
    }
    found
}

/// Targets by what they ask for, so that a row finds those that it belongs to.
struct Index<'a> {
    targets: &'a [Target<'a>],
    by_app: HashMap<&'a str, Vec<usize>>,
    by_user: HashMap<&'a UserId, Vec<usize>>,
    by_unit: HashMap<&'a str, Vec<usize>>,
    containers: Vec<(&'a str, usize)>,
}

impl<'a> Index<'a> {
    fn of(targets: &'a [Target<'a>]) -> Self {
        let mut index = Self {
            targets,
            by_app: HashMap::new(),
            by_user: HashMap::new(),
            by_unit: HashMap::new(),
            containers: Vec::new(),
        };
        for (at, target) in targets.iter().enumerate() {
            match target.scope {
                Scope::App(name) => index.by_app.entry(name).or_default().push(at),
                Scope::User(_) => {
                    if let Some(user) = target.user {
                        index.by_user.entry(user).or_default().push(at);
                    }
                }
                Scope::Unit(name) => index.by_unit.entry(name).or_default().push(at),
                Scope::Container(name) => index.containers.push((name, at)),
                Scope::Host | Scope::Interface(_) => {}
            }
        }
        index
    }

    fn is_empty(&self) -> bool {
        self.by_app.is_empty()
            && self.by_user.is_empty()
            && self.by_unit.is_empty()
            && self.containers.is_empty()
    }

    /// Each target that such a process is counted for.
    fn each(
        &self,
        app: &str,
        user: Option<&UserId>,
        unit: Option<&str>,
        container: Option<&Container>,
        mut found: impl FnMut(usize),
    ) {
        let by_app = self.by_app.get(app);
        let by_user = user.and_then(|user| self.by_user.get(user));
        let by_unit = unit.and_then(|unit| self.by_unit.get(unit));
        let listed = [by_app, by_user, by_unit].into_iter().flatten().flatten().copied();
        let named = container.into_iter().flat_map(|container| {
            self.containers.iter().filter(|(name, _)| is_called(container, name)).map(|(_, at)| *at)
        });
        for at in listed.chain(named).filter(|at| self.targets[*at].viewer.may_see_row(user)) {
            found(at);
        }
    }
}

/// By its name or id, or as the tables show it.
fn is_called(container: &Container, name: &str) -> bool {
    container.name.as_deref() == Some(name)
        || container.id == name
        || (name.len() >= 12 && container.id.starts_with(name))
        || container.to_string() == name
}

#[cfg(test)]
mod tests;
