//! One process as it is remembered, and its total.

use bwusage_proto::{
    process::ProcessId,
    snapshot::{Activity, ProcessInfo, RowId},
    units::{Counters, Rates},
};

use super::meter::{Reading, per_second};
use crate::host::ProcessUse;

/// One process.
#[derive(Debug)]
pub struct Row {
    /// What it is, and the tick in which that last changed.
    pub info: Stamped<ProcessInfo>,
    /// What it does, and the tick in which that last changed.
    pub activity: Stamped<Activity>,
    pub(super) total: Total,
    pub(super) used: Option<Reading<ProcessUse>>,
    pub(super) in_engine: bool,
    pub(super) released: bool,
    pub(super) ended_ms: Option<u64>,
}

/// A value and the tick in which it last changed.
#[derive(Debug, Clone)]
pub struct Stamped<T> {
    /// The value.
    pub value: T,
    /// The tick.
    pub seq: u64,
}

impl Row {
    pub(super) fn new(row: RowId, id: ProcessId, seq: u64) -> Self {
        let info = ProcessInfo { id: Some(id), ..ProcessInfo::unknown(row) };
        let activity = Activity {
            row,
            counters: Counters::default(),
            rates: Rates::default(),
            resources: None,
            exited_at_unix_ms: None,
        };
        Self {
            info: Stamped { value: info, seq },
            activity: Stamped { value: activity, seq },
            total: Total::default(),
            used: None,
            in_engine: false,
            released: false,
            ended_ms: None,
        }
    }

    pub(super) fn change(&mut self, seq: u64, change: impl FnOnce(&mut Activity)) {
        let mut after = self.activity.value.clone();
        change(&mut after);
        if after != self.activity.value {
            self.activity = Stamped { value: after, seq };
        }
    }
}

/// A total that survives a restart of its source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    /// What the source said last.
    said: Counters,
    /// What it had said before it began anew.
    before: Counters,
    pub(super) rates: Rates,
}

impl Total {
    pub(super) fn take(&mut self, said: Counters, span_ms: u64) -> Counters {
        let growth = said.since(&self.said).unwrap_or_else(|| {
            self.before += self.said;
            said
        });
        self.said = said;
        let wire = growth.total().wire;
        self.rates = Rates {
            rx_bytes_per_s: per_second(wire.rx_bytes, span_ms).unwrap_or(0),
            tx_bytes_per_s: per_second(wire.tx_bytes, span_ms).unwrap_or(0),
        };
        self.counters()
    }

    pub(super) fn counters(&self) -> Counters {
        let mut sum = self.before;
        sum += self.said;
        sum
    }
}
