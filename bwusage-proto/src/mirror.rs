//! A client's copy of the daemon's table, kept true by applying what the daemon sends.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    message::{Retired, RetiredKey, SnapshotHead, Tick},
    snapshot::{
        Activity, Coverage, HostInfo, HostSample, ProcessInfo, Residual, Resources, RowId, WindowPoint,
    },
    units::{Counters, Rates},
};

/// How many points the rolling window of the machine holds, in the daemon and in clients.
pub const WINDOW_POINTS: usize = 600;

/// One process: what it is and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// What rarely changes.
    pub info: ProcessInfo,
    /// Network totals since the daemon started.
    pub counters: Counters,
    /// Wire speed over the last tick.
    pub rates: Rates,
    /// Processor, memory and disk; `None` when not measured.
    pub resources: Option<Resources>,
    /// When it was seen to have ended, in milliseconds of Unix time.
    pub exited_at_unix_ms: Option<u64>,
}

/// The whole state that a client sees: one consistent moment after every applied tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mirror {
    /// The machine.
    pub host: HostInfo,
    /// The machine at the last tick.
    pub sample: HostSample,
    /// The past minutes, oldest first, at most [`WINDOW_POINTS`].
    pub window: VecDeque<WindowPoint>,
    /// How much the engine can see.
    pub coverage: Coverage,
    /// Time between two ticks of the daemon.
    pub interval_ms: u32,
    /// The daemon's start, in milliseconds of Unix time.
    pub started_at_unix_ms: u64,
    /// The last tick.
    pub seq: u64,
    /// When the last tick was taken, in milliseconds of Unix time.
    pub taken_at_unix_ms: u64,
    /// The span over which the rates were measured.
    pub window_ms: u32,
    /// Every row, in the order in which the daemon met them.
    pub processes: BTreeMap<RowId, Process>,
    /// Traffic with a reason instead of a process.
    pub residuals: Vec<Residual>,
    /// Where the bytes of the interfaces that lead out went; `None` where nothing tells.
    pub ledger: Option<crate::ledger::Summary>,
    /// Why the daemon stores nothing at present, and what to do; counting goes on.
    pub fault: Option<String>,
    /// What ended processes moved whose rows were given up, by application, user, unit and container.
    pub retired: BTreeMap<RetiredKey, Retired>,
}

/// A tick that does not fit the table: the stream is broken and a new snapshot is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon changed a row ({row:?}) that it never described")]
pub struct UnknownRow {
    /// The row.
    pub row: RowId,
}

impl Mirror {
    /// An empty table under `head`; the rows come as ticks.
    #[must_use]
    pub fn new(head: SnapshotHead) -> Self {
        Self {
            host: head.host,
            window: head.window.into_iter().take(WINDOW_POINTS).collect(),
            coverage: head.coverage,
            interval_ms: head.interval_ms,
            started_at_unix_ms: head.started_at_unix_ms,
            ..Self::default()
        }
    }

    /// Applies one page of a tick.
    ///
    /// # Errors
    ///
    /// Fails on a row that was never described; the table is then not to be used any more.
    pub fn apply(&mut self, tick: Tick) -> Result<(), UnknownRow> {
        for info in tick.infos {
            match self.processes.entry(info.row) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(Process {
                        info,
                        counters: Counters::default(),
                        rates: Rates::default(),
                        resources: None,
                        exited_at_unix_ms: None,
                    });
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().info = info,
            }
        }
        for Activity { row, counters, rates, resources, exited_at_unix_ms } in tick.changed {
            let process = self.processes.get_mut(&row).ok_or(UnknownRow { row })?;
            (process.counters, process.rates) = (counters, rates);
            (process.resources, process.exited_at_unix_ms) = (resources, exited_at_unix_ms);
        }
        for row in tick.gone {
            self.processes.remove(&row);
        }
        for retired in tick.retired {
            self.retired.insert(retired.key(), retired);
        }
        (self.seq, self.taken_at_unix_ms, self.window_ms) = (tick.seq, tick.taken_at_unix_ms, tick.window_ms);
        if let Some(host) = tick.host {
            (self.residuals, self.ledger, self.fault) = (tick.residuals, tick.ledger, tick.fault);
            self.sample = host;
            self.push_point();
        }
        Ok(())
    }

    fn push_point(&mut self) {
        let point = window_point(self.taken_at_unix_ms, &self.sample);
        if self.window.back().is_some_and(|last| last.at_unix_ms >= point.at_unix_ms) {
            return;
        }
        if self.window.len() >= WINDOW_POINTS {
            self.window.pop_front();
        }
        self.window.push_back(point);
    }

    /// Wire speed of everything that was counted: processes and residuals.
    #[must_use]
    pub fn total_rates(&self) -> Rates {
        let processes = self.processes.values().map(|process| process.rates);
        processes
            .chain(self.residuals.iter().map(|residual| residual.rates))
            .fold(Rates::default(), |a, b| a + b)
    }
}

/// One point of the rolling window out of one tick's sample.
#[must_use]
pub fn window_point(at_unix_ms: u64, sample: &HostSample) -> WindowPoint {
    WindowPoint {
        at_unix_ms,
        cpu_centipercent: sample.cpu_centipercent,
        memory_used_bytes: sample.memory.map(|memory| memory.used_bytes),
        network: sample
            .interfaces
            .iter()
            .filter(|interface| !interface.loopback)
            .filter_map(|interface| interface.rates)
            .reduce(|a, b| a + b),
        disk_read_bytes_per_s: sample.disk.and_then(|disk| disk.read_bytes_per_s),
        disk_write_bytes_per_s: sample.disk.and_then(|disk| disk.write_bytes_per_s),
    }
}
