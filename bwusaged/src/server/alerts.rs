//! Alerts, as clients ask about them.

use bwusage_proto::{
    alert::{Alerts as Said, AlertsRequest, Events, NewRule, RuleId, RuleList, Trial},
    message::{Refusal, RefusalCode},
};

use super::Shared;
use crate::{
    alerts::{
        Asker, Attempt, Refused,
        dry_run::DryRun,
        past::{Past, Question},
    },
    usage::Moment,
};

impl Shared {
    /// Lets every rule take a look at the last tick, and saves what must be.
    pub fn watch(&self) {
        let Some(now) = self.store.borrow().taken_at() else { return };
        let mut alerts = self.alerts.borrow_mut();
        alerts.look(now, &self.store.borrow());
        let again = self.keeper.saved().borrow().fault.is_some();
        if let Some(image) = alerts.to_save(now.steady_ms, again) {
            self.keeper.save(image);
        }
    }

    /// Saves what was not saved yet, because the daemon ends.
    pub fn keep_alerts(&self) {
        if let Some(image) = self.alerts.borrow_mut().last_words() {
            self.keeper.save(image);
        }
    }

    /// Answers at once. A rule is tried out with one look only, and run over no history: see [`Shared::begin_attempt`] and
    /// [`Shared::begin_dry_run`] for more.
    pub(super) fn answer_alerts(&self, asker: &Asker, request: AlertsRequest) -> Result<Said, Refusal> {
        let now = self.last_tick().unix_ms;
        self.alerts.borrow_mut().meet(asker);
        let alerts = || self.alerts.borrow_mut();
        let rule = |rule| Said::Rule(Box::new(rule));
        Ok(match request {
            AlertsRequest::List => Said::Rules(self.alert_rules(asker, now)),
            AlertsRequest::Log(query) => Said::Log(alerts().page(asker, query)),
            AlertsRequest::Add(new) => rule(alerts().add(asker, new, now)?),
            AlertsRequest::Test(new) => {
                let attempt = self.begin_attempt(asker, &new)?;
                Said::Trial(Box::new(self.end_attempt(attempt)))
            }
            AlertsRequest::DryRun(new) => Said::DryRun(Box::new(self.begin_dry_run(asker, &new)?.told())),
            AlertsRequest::Remove(rule) => {
                alerts().remove(asker, rule)?;
                Said::Removed(rule)
            }
            AlertsRequest::Enable { rule: id, enabled } => rule(alerts().enable(asker, id, enabled, now)?),
            AlertsRequest::Snooze { rule: id, until_unix_ms } => {
                rule(alerts().snooze(asker, id, until_unix_ms, now)?)
            }
        })
    }

    fn alert_rules(&self, asker: &Asker, now_unix_ms: u64) -> RuleList {
        let mut list = self.alerts.borrow().list(asker, now_unix_ms);
        let unsaved = self.keeper.saved().borrow().fault.clone();
        list.fault = unsaved.or_else(|| self.keeper.not_loaded().map(Into::into)).or(list.fault);
        list
    }

    /// Tries out a rule: takes the first look.
    pub(super) fn begin_attempt(&self, asker: &Asker, new: &NewRule) -> Result<Attempt, Refusal> {
        let mut attempt = self.alerts.borrow().attempt(asker, new)?;
        self.try_out(&mut attempt);
        Ok(attempt)
    }

    /// Lets it take a look at the last tick.
    pub(super) fn try_out(&self, attempt: &mut Attempt) {
        self.alerts.borrow().try_out(attempt, self.last_tick(), &self.store.borrow());
    }

    /// Begins to look how often a rule would have fired.
    pub(super) fn begin_dry_run(&self, asker: &Asker, new: &NewRule) -> Result<DryRun, Refusal> {
        let retention = self.archive.as_ref().map(|archive| archive.retention.clone()).unwrap_or_default();
        let (alerts, store) = (self.alerts.borrow(), self.store.borrow());
        Ok(alerts.dry_run(asker, new, self.last_tick().unix_ms, &store, &retention)?)
    }

    /// What to ask the history about the time before a rule.
    pub(super) fn question(&self, asker: &Asker, new: &NewRule) -> Option<Question> {
        let policy = &self.about.policy;
        let viewer = policy.viewer_of(&asker.user, asker.administrator);
        let now = self.last_tick().unix_ms;
        self.alerts.borrow().question(new, &viewer, now, &self.store.borrow())
    }

    /// Adds what was before it to a rule that was only just made.
    pub(super) fn recall(&self, rule: RuleId, past: &Past) {
        self.alerts.borrow_mut().recall(rule, past);
    }

    /// What it says.
    pub(super) fn end_attempt(&self, attempt: Attempt) -> Trial {
        attempt.trial(self.last_tick().unix_ms)
    }

    /// What `asker` does not know yet of what is saved.
    pub(super) fn events(&self, asker: &Asker, after: Option<(u64, u64)>) -> Events {
        let up_to = self.keeper.saved().borrow().up_to;
        self.alerts.borrow().events(asker, after, up_to)
    }

    fn last_tick(&self) -> Moment {
        self.store.borrow().taken_at().unwrap_or(Moment { unix_ms: 0, steady_ms: 0 })
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (code, hint) = match &refused {
            Refused::Rule(_) => {
                (RefusalCode::BadRequest, "a rule is written as: app firefox: rx > 1GiB / 1d")
            }
            Refused::User(_) => (RefusalCode::BadRequest, "name one by number: user 1000: rx > 1GiB / 1d"),
            Refused::Note => (RefusalCode::BadRequest, "make the note shorter"),
            Refused::Cooldown => {
                (RefusalCode::BadRequest, "make the cooldown shorter, or switch the rule off")
            }
            Refused::TooManyOfUser | Refused::TooMany => {
                (RefusalCode::TooMany, "remove one that you need no more: bwusage-ctl alerts remove NUMBER")
            }
            Refused::NoSuchRule(_) => (RefusalCode::NotFound, "see which there are: bwusage-ctl alerts list"),
        };
        Self { code: code as u16, message: refused.to_string(), hint: Some(hint.into()) }
    }
}
