//! Rules as clients see them.

use bwusage_proto::alert::{AlertRule, AlertState, Condition, Rule, RuleStatus};

use super::{
    Entry, evaluate,
    state::{Phase, State},
    sum::Sum,
};

/// The most applications that a status names.
const SUBJECTS_TOLD: usize = 16;
const NOT_UNDERSTOOD: &str = "this version of bwusaged does not understand the rule";

impl Entry {
    /// The rule, and what it says.
    pub(super) fn shown(&self, now_unix_ms: u64) -> AlertRule {
        let kept = self.kept.clone();
        let mut status = match &self.rule {
            Some(rule) => status(rule, &self.state, now_unix_ms),
            None => RuleStatus { unknown: Some(NOT_UNDERSTOOD.into()), ..RuleStatus::default() },
        };
        if !kept.enabled {
            status.state = AlertState::Off;
        }
        AlertRule {
            id: kept.id,
            text: kept.text,
            user: kept.user,
            owner: kept.owner,
            covers_all: kept.administrator,
            note: kept.note,
            severity: kept.severity,
            cooldown_s: kept.cooldown_s,
            enabled: kept.enabled,
            snoozed_until_unix_ms: kept.snoozed_until_unix_ms.filter(|until| now_unix_ms < *until),
            created_at_unix_ms: kept.created_at_unix_ms,
            status,
        }
    }
}

/// What `rule` says.
pub(super) fn status(rule: &Rule, state: &State, now_unix_ms: u64) -> RuleStatus {
    let State { standing, subjects, sum, fired, live } = state;
    let firing = subjects.iter().filter(|(_, standing)| standing.phase == Phase::Firing);
    let reached_percent = match &rule.condition {
        Condition::Sum { limit, .. } => evaluate::reached_percent(limit, standing),
        Condition::Level { .. } | Condition::News { .. } => None,
    };
    let overall = state.overall();
    let since_unix_ms = match &rule.condition {
        Condition::News { .. } => firing.clone().filter_map(|(_, standing)| standing.since_unix_ms).min(),
        Condition::Sum { .. } | Condition::Level { .. } => standing.since_unix_ms,
    };
    RuleStatus {
        state: overall,
        since_unix_ms,
        measured: live.measured,
        reached_percent,
        unknown: live.unknown.map(Into::into),
        known_from_unix_ms: sum.as_ref().and_then(|sum| sum.known_from(now_unix_ms)),
        period_ends_at_unix_ms: sum.as_ref().and_then(Sum::bounds).map(|bounds| bounds.to_unix_ms),
        forecast_at_unix_ms: live.forecast_at_unix_ms,
        subjects: firing.map(|(app, _)| app.clone()).take(SUBJECTS_TOLD).collect(),
        fired_at_unix_ms: standing.fired_at_unix_ms,
        fired: *fired,
    }
}
