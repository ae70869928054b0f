//! What a monitoring system collects: the text that `/metrics` answers. Pure but for [`own`], which looks at this process.
//!
//! - One quantity a name: what went over the wire (`wire`, IP headers included), what programs themselves moved (`payload`) and
//!   what interfaces count (link headers included) are never labels of one metric, so that a sum over labels means something.
//! - Base units: bytes, seconds, ratios from 0 to 1. What only grows ends in `_total` and counts since the daemon started.
//! - No process numbers, command lines or remote addresses. Applications, users and units are limited: see [`share`].
//! - What is unknown has no sample.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bwusage_proto::{
    bounds::{Bounds, TableFill},
    ledger::{InterfaceLedger, Ledger, Side},
    message::Status,
    mirror::Mirror,
    table::{self, Grouping, Query, Row},
    units::{Counters, Scope, Traffic},
    users::Users,
    version::PACKAGE_VERSION,
};
use serde::{Deserialize, Serialize};

mod exposition;
mod host;
mod own;
mod share;

use exposition::{Exposition, Kind};
use share::{Kept, Shares};

/// The kind of text that is answered.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Every answer, from scrape to scrape.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// At most so many applications, users and units have series of their own.
    top: usize,
    shares: Mutex<[Shares; 3]>,
}

/// What the next server must know, so that its counters go on where these end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    app: Kept,
    user: Kept,
    unit: Kept,
}

/// What the daemon said of itself when it was asked for this scrape.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) status: Status,
    pub(crate) ledger: Ledger,
    /// `None` from a daemon that does not tell.
    pub(crate) bounds: Option<Bounds>,
}

/// The names of a label's metrics: wire received and sent, payload received and sent.
struct Names {
    by: Grouping,
    label: &'static str,
    of: &'static str,
    metrics: [&'static str; 4],
}

const NAMES: [Names; 3] = [
    Names {
        by: Grouping::App,
        label: "app",
        of: "applications",
        metrics: [
            "bwusage_app_wire_receive_bytes_total",
            "bwusage_app_wire_transmit_bytes_total",
            "bwusage_app_payload_receive_bytes_total",
            "bwusage_app_payload_transmit_bytes_total",
        ],
    },
    Names {
        by: Grouping::User,
        label: "user",
        of: "users",
        metrics: [
            "bwusage_user_wire_receive_bytes_total",
            "bwusage_user_wire_transmit_bytes_total",
            "bwusage_user_payload_receive_bytes_total",
            "bwusage_user_payload_transmit_bytes_total",
        ],
    },
    Names {
        by: Grouping::Unit,
        label: "unit",
        of: "systemd units",
        metrics: [
            "bwusage_unit_wire_receive_bytes_total",
            "bwusage_unit_wire_transmit_bytes_total",
            "bwusage_unit_payload_receive_bytes_total",
            "bwusage_unit_payload_transmit_bytes_total",
        ],
    },
];

/// What a metric counts, in words and in fact.
type Meaning = (&'static str, fn(&Traffic) -> u64);

/// What those four count.
const MEANINGS: [Meaning; 4] = [
    ("Bytes received on the wire, IP headers included", |traffic| traffic.wire.rx_bytes),
    ("Bytes sent on the wire, IP headers included", |traffic| traffic.wire.tx_bytes),
    ("Bytes taken from sockets", |traffic| traffic.payload.rx_bytes),
    ("Bytes handed to sockets", |traffic| traffic.payload.tx_bytes),
];

impl Metrics {
    /// With at most `top` series of each sort beside `other`, going on where an earlier server ended.
    pub(crate) fn new(top: usize, memory: Memory) -> Self {
        let shares = [memory.app, memory.user, memory.unit].map(Shares::inherit);
        Self { top, shares: Mutex::new(shares) }
    }

    /// What the next server must know.
    pub(crate) fn memory(&self) -> Memory {
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let [app, user, unit] = std::array::from_fn(|at| shares[at].kept().clone());
        Memory { app, user, unit }
    }

    /// The answer while the daemon is away.
    pub(crate) fn away() -> String {
        let mut text = Exposition::default();
        up(&mut text, false);
        build(&mut text, None);
        own::write(&mut text);
        text.finish()
    }

    /// The answer to a scrape.
    pub(crate) fn scrape(
        &self,
        mirror: &Mirror,
        daemon_version: &str,
        answers: Option<&Answers>,
        users: &Users,
    ) -> String {
        let mut text = Exposition::default();
        up(&mut text, true);
        build(&mut text, Some(daemon_version));
        let mut folded = [0; NAMES.len()];
        {
            let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            for ((names, shares), folded) in NAMES.iter().zip(shares.iter_mut()).zip(&mut folded) {
                let told =
                    shares.account(mirror.started_at_unix_ms, &totals(mirror, users, names.by), self.top);
                moved(&mut text, names, told);
                *folded = shares.folded();
            }
        }
        let mut family = text.family(
            "bwusage_folded_owners",
            Kind::Gauge,
            "How many of a sort have no series of their own and are summed up in other.",
        );
        for (names, folded) in NAMES.iter().zip(folded) {
            family.sample(&[("sort", names.label)], folded);
        }
        unattributed(&mut text, mirror);
        if let Some(Answers { status, ledger, bounds }) = answers {
            residuals(&mut text, ledger);
            daemon(&mut text, status);
            if let Some(Bounds { tables, .. }) = bounds {
                kernel_tables(&mut text, tables);
            }
        }
        engine(&mut text, mirror);
        host::write(&mut text, mirror);
        own::write(&mut text);
        text.finish()
    }
}

fn up(text: &mut Exposition, is_up: bool) {
    text.gauge("bwusage_up", "Whether the daemon bwusaged answers.", Some(u8::from(is_up)));
}

fn build(text: &mut Exposition, daemon_version: Option<&str>) {
    let mut family = text.family("bwusage_build_info", Kind::Gauge, "The versions that run.");
    family.sample(&[("component", "bwusage-web"), ("version", PACKAGE_VERSION)], 1);
    if let Some(version) = daemon_version {
        family.sample(&[("component", "bwusaged"), ("version", version)], 1);
    }
}

/// Totals by the label of the row. Several rows of one label (two users of one name) are one.
fn totals(mirror: &Mirror, users: &Users, by: Grouping) -> BTreeMap<String, Counters> {
    let query = Query { by, idle: true, limit: None, ..Query::default() };
    let mut totals: BTreeMap<String, Counters> = BTreeMap::new();
    for row in table::table(mirror, users, &query).rows {
        *totals.entry(label(&row, by)).or_default() += row.counters;
    }
    totals
}

/// What nobody knows, and what is in no unit, has an empty label.
fn label(row: &Row, by: Grouping) -> String {
    match by {
        Grouping::Unit => row.unit.clone().unwrap_or_default(),
        Grouping::User => row.users.first().cloned().unwrap_or_default(),
        _ => row.app.clone(),
    }
}

fn moved(text: &mut Exposition, names: &Names, told: &BTreeMap<String, Counters>) {
    for (name, (meaning, of)) in names.metrics.into_iter().zip(MEANINGS) {
        let help = format!("{meaning}, of {} by scope.", names.of);
        let mut family = text.family(name, Kind::Counter, &help);
        for (label, counters) in told {
            for scope in Scope::ALL {
                // A scope in which nothing was moved yet has no series, except that of the rest.
                let bytes = of(&counters[scope]);
                if bytes > 0 || label == share::OTHER {
                    family.sample(&[(names.label, label), ("scope", scope.name())], bytes);
                }
            }
        }
    }
}

fn unattributed(text: &mut Exposition, mirror: &Mirror) {
    let mut family = text.family(
        "bwusage_unattributed_wire_bytes_total",
        Kind::Counter,
        "Bytes on the wire that have a reason instead of a process.",
    );
    for residual in &mirror.residuals {
        let wire = residual.counters.total().wire;
        for (direction, bytes) in [("receive", wire.rx_bytes), ("transmit", wire.tx_bytes)] {
            family.sample(&[("reason", residual.reason.name()), ("direction", direction)], bytes);
        }
    }
}

fn residuals(text: &mut Exposition, ledger: &Ledger) {
    if ledger.missing.is_some() {
        return;
    }
    let sides = |interface: &'_ InterfaceLedger| -> [(&'static str, Side); 2] {
        [("receive", interface.rx.clone()), ("transmit", interface.tx.clone())]
    };
    let mut family = text.family(
        "bwusage_ledger_residual_bytes",
        Kind::Gauge,
        "Bytes of an interface's counter that no reason explains: 0 whenever the ledger is true.",
    );
    for interface in &ledger.interfaces {
        for (direction, side) in sides(interface) {
            family.sample(&[("device", &interface.name), ("direction", direction)], side.unnamed());
        }
    }
    let mut family = text.family(
        "bwusage_ledger_bytes",
        Kind::Gauge,
        "Bytes of an interface's counter by the reason for which they are in it; some reasons are negative.",
    );
    for interface in &ledger.interfaces {
        for (direction, side) in sides(interface) {
            for line in &side.lines {
                let labels = [
                    ("device", interface.name.as_str()),
                    ("direction", direction),
                    ("reason", line.reason.name()),
                ];
                family.sample(&labels, line.bytes);
            }
        }
    }
    let attributed = ledger.summary.attributed().map(|hundredths| f64::from(hundredths) / 10_000.0);
    text.gauge(
        "bwusage_ledger_attributed_ratio",
        "Share of this machine's bytes that have a process.",
        attributed,
    );
}

fn daemon(text: &mut Exposition, status: &Status) {
    let mut family =
        text.family("bwusage_events_lost_total", Kind::Counter, "Updates that the daemon could not make.");
    for loss in &status.losses {
        family.sample(&[("source", &loss.what)], loss.events);
    }
    let seconds = |ms: u64| ms as f64 / 1000.0;
    text.counter("bwusage_daemon_ticks_total", "Readings of all counters.", Some(status.ticks));
    text.counter(
        "bwusage_daemon_late_ticks_total",
        "Readings that came late by more than an interval.",
        Some(status.late_ticks),
    );
    text.counter(
        "bwusage_daemon_cpu_seconds_total",
        "Processor time of the daemon.",
        status.self_cpu_ms.map(seconds),
    );
    text.gauge(
        "bwusage_daemon_resident_memory_bytes",
        "Resident memory of the daemon.",
        status.self_rss_bytes,
    );
    text.gauge(
        "bwusage_daemon_uptime_seconds",
        "Time since the daemon started.",
        Some(seconds(status.uptime_ms)),
    );
    text.gauge("bwusage_daemon_table_rows", "Rows in the daemon's table of processes.", Some(status.rows));
    let is_stored = status.history.as_ref().map(|history| u8::from(history.fault.is_none()));
    text.gauge("bwusage_history_stored", "Whether the daemon can store the history.", is_stored);
    let size = status.history.as_ref().and_then(|history| history.size_bytes);
    text.gauge("bwusage_history_size_bytes", "What the history takes on the disk.", size);
}

/// How full the maps are of which that is known. A kernel counts no evictions: what found no room is in
/// `bwusage_events_lost_total`.
fn kernel_tables(text: &mut Exposition, tables: &[TableFill]) {
    let mut gauge = |name, help, of: fn(&TableFill) -> u64| {
        let mut family = text.family(name, Kind::Gauge, help);
        for fill in tables {
            family.sample(&[("map", &fill.table)], of(fill));
        }
    };
    gauge("bwusage_bpf_map_entries", "Entries of a table in the kernel.", |fill| fill.entries);
    gauge("bwusage_bpf_map_max_entries", "How many entries that table has room for.", |fill| fill.capacity);
}

fn engine(text: &mut Exposition, mirror: &Mirror) {
    let coverage = &mirror.coverage;
    let labels = [("engine", coverage.engine.as_str()), ("quality", coverage.quality.as_str())];
    text.family("bwusage_engine_info", Kind::Gauge, "What counts, and how its wire bytes come about.")
        .sample(&labels, 1);
    let mut family = text.family(
        "bwusage_probe_info",
        Kind::Gauge,
        "Each hook of the engine: 1 where it is attached, 0 where it could not be.",
    );
    // The same hook can be tried more than once.
    let hooks: BTreeMap<&str, bool> = coverage.hooks.iter().fold(BTreeMap::new(), |mut hooks, hook| {
        *hooks.entry(hook.name.as_str()).or_default() |= hook.attached;
        hooks
    });
    for (hook, attached) in hooks {
        family.sample(&[("hook", hook), ("quality", &coverage.quality)], u8::from(attached));
    }
}

#[cfg(test)]
mod tests;
