//! Rules come and go: who may do what, and how many there may be.

use bwusage_proto::{
    alert::{AlertRule, MAX_COOLDOWN_S, MAX_NOTE_BYTES, NewRule, Rule, RuleError, RuleId, Scope},
    process::UserId,
};

use super::{Alerts, Entry, Kept, State, Unsaved};

/// Rules in all.
pub(super) const RULES: usize = 256;
/// Of these, kept for administrators.
const RESERVED: usize = 64;
/// Rules of one ordinary user.
pub(super) const RULES_OF_USER: usize = 64;

/// Who asks about alerts, by the identity that the system gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub user: UserId,
    /// Whether everybody's alerts are theirs to see and change.
    pub administrator: bool,
}

impl Asker {
    /// Whether rules and events of `owner` are shown to them, and theirs to change.
    #[must_use]
    pub fn may_see(&self, owner: &UserId) -> bool {
        self.administrator || self.user == *owner
    }
}

/// Why a rule is not kept or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The text makes no sense.
    #[error("the rule is not understood: {0}")]
    Rule(RuleError),
    /// The daemon looks up no login names.
    #[error("there is no user {0:?} here")]
    User(String),
    /// The note is too long, or cannot be shown.
    #[error("the note is longer than {MAX_NOTE_BYTES} bytes")]
    Note,
    /// Longer than a month.
    #[error("the cooldown is longer than 31 days")]
    Cooldown,
    /// Too many.
    #[error("you have {RULES_OF_USER} rules, which is as many as one user may have")]
    TooManyOfUser,
    /// Too many.
    #[error("there are as many rules as may be")]
    TooMany,
    /// Nobody's, or somebody else's.
    #[error("you have no rule {0}")]
    NoSuchRule(RuleId),
}

/// A new rule that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) rule: Rule,
    pub(super) user: Option<UserId>,
}

/// Checks what somebody sent.
pub(super) fn check(new: &NewRule) -> Result<Checked, Refused> {
    let rule = Rule::parse(&new.text).map_err(Refused::Rule)?;
    let user = match &rule.scope {
        Scope::User(name) => {
            let user = rule.scope.user().or_else(|| new.user.clone());
            Some(user.ok_or_else(|| Refused::User(name.clone()))?)
        }
        _ => None,
    };
    if new.note.as_ref().is_some_and(|note| note.len() > MAX_NOTE_BYTES) {
        return Err(Refused::Note);
    }
    if new.cooldown_s > MAX_COOLDOWN_S {
        return Err(Refused::Cooldown);
    }
    Ok(Checked { rule, user })
}

impl Alerts {
    /// Keeps a rule of `asker`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, or that there are too many.
    pub fn add(&mut self, asker: &Asker, new: NewRule, now_unix_ms: u64) -> Result<AlertRule, Refused> {
        let Checked { rule, user } = check(&new)?;
        let of_user = self.entries.iter().filter(|entry| entry.kept.owner == asker.user).count();
        if !asker.administrator && of_user >= RULES_OF_USER {
            return Err(Refused::TooManyOfUser);
        }
        if self.entries.len() >= if asker.administrator { RULES } else { RULES - RESERVED } {
            return Err(Refused::TooMany);
        }
        self.last_rule += 1;
        let kept = Kept {
            id: RuleId(self.last_rule),
            text: rule.to_string(),
            user,
            owner: asker.user.clone(),
            administrator: asker.administrator,
            note: new.note.filter(|note| !note.is_empty()),
            severity: new.severity,
            cooldown_s: new.cooldown_s,
            enabled: new.enabled,
            snoozed_until_unix_ms: None,
            created_at_unix_ms: now_unix_ms,
        };
        let viewer = self.policy.viewer_of(&asker.user, asker.administrator);
        let entry = Entry { kept, rule: Some(rule), viewer, state: State::default() };
        let shown = entry.shown(now_unix_ms);
        self.entries.push(entry);
        self.unsaved = Unsaved::Changes;
        Ok(shown)
    }

    /// Forgets a rule.
    ///
    /// # Errors
    ///
    /// Fails when `asker` has no such rule.
    pub fn remove(&mut self, asker: &Asker, rule: RuleId) -> Result<(), Refused> {
        let at = self.position(asker, rule)?;
        self.entries.remove(at);
        self.unsaved = Unsaved::Changes;
        Ok(())
    }

    /// Lets a rule make events, or not.
    ///
    /// # Errors
    ///
    /// Fails when `asker` has no such rule.
    pub fn enable(
        &mut self,
        asker: &Asker,
        rule: RuleId,
        enabled: bool,
        now_unix_ms: u64,
    ) -> Result<AlertRule, Refused> {
        self.change(asker, rule, now_unix_ms, |entry| {
            entry.kept.enabled = enabled;
            if !enabled {
                entry.state.stand_down();
            }
        })
    }

    /// Lets a rule not fire until then.
    ///
    /// # Errors
    ///
    /// Fails when `asker` has no such rule.
    pub fn snooze(
        &mut self,
        asker: &Asker,
        rule: RuleId,
        until_unix_ms: Option<u64>,
        now_unix_ms: u64,
    ) -> Result<AlertRule, Refused> {
        self.change(asker, rule, now_unix_ms, |entry| entry.kept.snoozed_until_unix_ms = until_unix_ms)
    }

    /// `asker` speaks: their own rules cover from now on what they may see now.
    pub fn meet(&mut self, asker: &Asker) {
        let own = self.entries.iter_mut().filter(|entry| {
            entry.kept.owner == asker.user && entry.kept.administrator != asker.administrator
        });
        for entry in own {
            entry.kept.administrator = asker.administrator;
            entry.viewer = self.policy.viewer_of(&asker.user, asker.administrator);
            // What was added up of others' use is not theirs to see.
            entry.state = State::default();
            self.unsaved = Unsaved::Changes;
        }
    }

    fn change(
        &mut self,
        asker: &Asker,
        rule: RuleId,
        now_unix_ms: u64,
        change: impl FnOnce(&mut Entry),
    ) -> Result<AlertRule, Refused> {
        let at = self.position(asker, rule)?;
        change(&mut self.entries[at]);
        self.unsaved = Unsaved::Changes;
        Ok(self.entries[at].shown(now_unix_ms))
    }

    fn position(&self, asker: &Asker, rule: RuleId) -> Result<usize, Refused> {
        let found =
            self.entries.iter().position(|entry| entry.kept.id == rule && asker.may_see(&entry.kept.owner));
        found.ok_or(Refused::NoSuchRule(rule))
    }
}
