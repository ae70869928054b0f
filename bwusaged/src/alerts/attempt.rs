//! What a rule would say, without keeping it.

use bwusage_proto::alert::{Condition, Gauge, NewRule, Rule, Trial};

use super::{
    Alerts, Asker, Refused,
    change::{Checked, check},
    evaluate::{Plan, evaluate},
    reading::{self, Target},
    state::State,
    status,
};
use crate::{
    server::access::Viewer,
    usage::{Moment, store::Store},
};

/// A rule that is tried out.
#[derive(Debug)]
pub struct Attempt {
    rule: Rule,
    user: Option<bwusage_proto::process::UserId>,
    viewer: Viewer,
    state: State,
}

impl Alerts {
    /// Tries out what `asker` sent; it takes a look or two ([`Attempt::needs_another`]).
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn attempt(&self, asker: &Asker, new: &NewRule) -> Result<Attempt, Refused> {
        let Checked { rule, user } = check(new)?;
        let viewer = self.policy.viewer_of(&asker.user, asker.administrator);
        Ok(Attempt { rule, user, viewer, state: State::default() })
    }

    /// Lets `attempt` take a look.
    pub fn try_out(&self, attempt: &mut Attempt, now: Moment, store: &Store) {
        let Attempt { rule, user, viewer, state } = attempt;
        let target = Target { scope: &rule.scope, user: user.as_ref(), viewer };
        let reading = reading::read(store, &[target]).pop().unwrap_or_default();
        let plan = Plan { rule, cooldown_ms: 0, enabled: true, snoozed: false };
        // What would happen is in the state.
        let _ = evaluate(&plan, state, &reading, &[], now, &self.calendar);
    }
}

impl Attempt {
    /// Whether a second look, after the next tick, tells more.
    #[must_use]
    pub fn needs_another(&self) -> bool {
        let is_rate = matches!(
            self.rule.condition,
            Condition::Level { of: Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate, .. }
        );
        is_rate && self.state.live.measured.is_none() && self.state.live.total.is_some()
    }

    /// What it says.
    #[must_use]
    pub fn trial(self, now_unix_ms: u64) -> Trial {
        let mut status = status(&self.rule, &self.state, now_unix_ms);
        let untold = match self.rule.condition {
            Condition::Level { .. } => None,
            Condition::Sum { .. } => {
                Some("what was moved before a rule is added is not known; its sum begins with it")
            }
            Condition::News { .. } => Some("news cannot be tried out: they fire when they happen"),
        };
        if let Some(untold) = untold {
            (status.measured, status.known_from_unix_ms) = (None, None);
            status.unknown = Some(status.unknown.unwrap_or_else(|| untold.into()));
        }
        let holds = status.measured.map(|measured| measured.value > measured.threshold);
        Trial { text: self.rule.to_string(), holds, status }
    }
}
