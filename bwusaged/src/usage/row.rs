//! One process as it is remembered, and its total.

use bwusage_proto::{
    process::{Category, ProcessId},
    snapshot::{Activity, ProcessInfo, RowId},
    units::{Counters, Rates},
};

use super::{
    apps::Own,
    category::{Circumstances, Parent},
    meter::{Reading, per_second},
};
use crate::host::ProcessUse;

/// One process.
#[derive(Debug)]
pub struct Row {
    /// What it is, and the tick in which that last changed.
    pub info: Stamped<ProcessInfo>,
    /// What it does, and the tick in which that last changed.
    pub activity: Stamped<Activity>,
    /// What it is by itself; the rest of its application comes from who started it.
    pub(super) own: Own,
    pub(super) circumstances: Circumstances,
    /// Whether it, or one that it comes from, has a terminal.
    pub(super) below_terminal: bool,
    pub(super) total: Total,
    pub(super) used: Option<Reading<ProcessUse>>,
    pub(super) in_engine: bool,
    pub(super) released: bool,
    pub(super) ended_ms: Option<u64>,
}

/// What follows about a row from itself and from the one that started it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settled {
    app: String,
    title: Option<String>,
    category: Option<Category>,
    below_terminal: bool,
}

/// Decides it. `parent` is the row of the process that started it, which may have ended.
pub(super) fn settled(row: &Row, parent: Option<&Row>) -> Settled {
    let application = parent.filter(|parent| row.own.is_part_of(&parent.own));
    // What a process leaves behind when it ends comes from nobody, unless it was over by then.
    let started = |parent: &Row| {
        parent.ended_ms.is_none_or(|ended_ms| row.ended_ms.is_some_and(|own_ms| own_ms <= ended_ms))
    };
    // The first process adopts whatever was left behind.
    let is_first = |parent: &Row| parent.info.value.id.is_some_and(|id| id.pid == 1);
    let below_terminal =
        parent.is_some_and(|parent| parent.below_terminal && started(parent) && !is_first(parent));
    let started_by = Parent {
        category: parent.and_then(|parent| parent.info.value.category),
        same_application: application.is_some(),
        below_terminal,
    };
    Settled {
        app: application.map_or(&row.own.app, |parent| &parent.info.value.app).clone(),
        title: application.map_or(&row.own.title, |parent| &parent.info.value.title).clone(),
        category: row.circumstances.category(&row.own, started_by),
        below_terminal: below_terminal || row.circumstances.terminal == Some(true),
    }
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
            own: Own::default(),
            circumstances: Circumstances::default(),
            below_terminal: false,
            total: Total::default(),
            used: None,
            in_engine: false,
            released: false,
            ended_ms: None,
        }
    }

    /// Takes over what follows; whether that is news.
    pub(super) fn settle(&mut self, settled: Settled, seq: u64) -> bool {
        let Settled { app, title, category, below_terminal } = settled;
        let info = &mut self.info.value;
        let is_shown = (&info.app, &info.title, info.category) != (&app, &title, category);
        if is_shown {
            (info.app, info.title, info.category) = (app, title, category);
            self.info.seq = seq;
        }
        std::mem::replace(&mut self.below_terminal, below_terminal) != below_terminal || is_shown
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
