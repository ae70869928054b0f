//! What is remembered of a rule between two looks.

use std::collections::BTreeMap;

use bwusage_proto::alert::{AlertState, EventKind, Measured};
use serde::{Deserialize, Serialize};

use super::sum::Sum;

/// What is remembered of a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Where it stands, of all but news.
    pub(super) standing: Standing,
    /// Where it stands with each application, of news.
    pub(super) subjects: BTreeMap<String, Standing>,
    /// What was added up.
    pub(super) sum: Option<Sum>,
    /// How often it fired.
    pub(super) fired: u64,
    /// What does not survive the daemon.
    #[serde(skip)]
    pub(super) live: Live,
}

/// Where a rule stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) phase: Phase,
    /// Since when.
    pub(super) since_unix_ms: Option<u64>,
    /// When it fired last.
    pub(super) fired_at_unix_ms: Option<u64>,
    /// How many thresholds were told, and hold still.
    pub(super) reached: usize,
    /// The most of them since it fired.
    #[serde(default)]
    pub(super) furthest: usize,
    /// When the application moved data last, of news.
    pub(super) moved_at_unix_ms: Option<u64>,
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    #[default]
    Ok,
    Pending,
    Firing,
    Resolved,
}

/// What is known of the last look.
#[derive(Debug, Clone, Default)]
pub(super) struct Live {
    /// The running total then, of what the rule adds up or takes the speed of.
    pub(super) total: Option<u64>,
    /// When that was, on the steady clock.
    pub(super) looked_steady_ms: Option<u64>,
    /// Since when the condition holds, on the steady clock.
    pub(super) held_since_steady_ms: Option<u64>,
    pub(super) measured: Option<Measured>,
    pub(super) unknown: Option<&'static str>,
    pub(super) forecast_at_unix_ms: Option<u64>,
}

/// Something that happened to a rule, and is to be an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What.
    pub kind: EventKind,
    /// The application, of news.
    pub subject: Option<String>,
    /// What was measured.
    pub measured: Option<Measured>,
    /// The share of the cap that was reached, in percent.
    pub reached_percent: Option<u16>,
    /// When the cap is reached at the pace so far, in milliseconds of Unix time.
    pub forecast_at_unix_ms: Option<u64>,
    /// How long it had fired.
    pub lasted_ms: Option<u64>,
}

impl Happening {
    /// One of `kind`, of which nothing else is to be said.
    pub(super) fn of(kind: EventKind) -> Self {
        Self {
            kind,
            subject: None,
            measured: None,
            reached_percent: None,
            forecast_at_unix_ms: None,
            lasted_ms: None,
        }
    }
}

impl State {
    /// Where the rule as a whole stands: of news, as its most urgent subject.
    pub(super) fn overall(&self) -> AlertState {
        let phases = self.subjects.values().chain([&self.standing]).map(|standing| standing.phase);
        let urgency = |phase: &Phase| match phase {
            Phase::Ok => 0,
            Phase::Resolved => 1,
            Phase::Pending => 2,
            Phase::Firing => 3,
        };
        match phases.max_by_key(urgency).unwrap_or_default() {
            Phase::Ok => AlertState::Ok,
            Phase::Pending => AlertState::Pending,
            Phase::Firing => AlertState::Firing,
            Phase::Resolved => AlertState::Resolved,
        }
    }

    /// What changes while the rule stands where it is: what was added up, and when an application moved data last.
    pub(super) fn counted(&self) -> (Option<u64>, Option<u64>) {
        let moved_at = self.subjects.values().filter_map(|standing| standing.moved_at_unix_ms).max();
        (self.sum.as_ref().map(Sum::bytes), moved_at)
    }

    /// A rule that is switched off stands nowhere; what it adds up goes on.
    pub(super) fn stand_down(&mut self) {
        (self.standing, self.live.held_since_steady_ms) = (Standing::default(), None);
        self.subjects.clear();
    }
}

impl Standing {
    pub(super) fn enter(&mut self, phase: Phase, now_unix_ms: u64) {
        if self.phase != phase {
            (self.phase, self.since_unix_ms) = (phase, Some(now_unix_ms));
        }
    }

    /// Whether it may fire again. A time in the future is from before the clock was set back.
    pub(super) fn is_cool(&self, cooldown_ms: u64, now_unix_ms: u64) -> bool {
        self.fired_at_unix_ms
            .is_none_or(|fired| now_unix_ms.checked_sub(fired).is_none_or(|ago| ago >= cooldown_ms))
    }

    /// It fires, for the first time or at a further threshold.
    pub(super) fn fire(&mut self, now_unix_ms: u64) {
        self.enter(Phase::Firing, now_unix_ms);
        self.fired_at_unix_ms = Some(now_unix_ms);
    }

    /// It ends; how long it had fired.
    pub(super) fn end(&mut self, now_unix_ms: u64) -> Option<u64> {
        let lasted = self.since_unix_ms.map(|since| now_unix_ms.saturating_sub(since));
        self.enter(Phase::Resolved, now_unix_ms);
        lasted
    }

    /// Nothing holds: the cooldown goes on, or all is well.
    pub(super) fn calm(&mut self, cooldown_ms: u64, now_unix_ms: u64) {
        let cooling = self.phase == Phase::Resolved && !self.is_cool(cooldown_ms, now_unix_ms);
        self.enter(if cooling { Phase::Resolved } else { Phase::Ok }, now_unix_ms);
    }
}
