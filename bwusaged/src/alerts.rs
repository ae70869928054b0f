//! What watches: rules over what [`crate::usage`] remembers, where they stand, and the events that they make.
//!
//! Start at [`Alerts::look`]. It reads the table once for all rules ([`reading`]), takes each rule one step ([`evaluate`], pure) and
//! numbers what happened ([`log`]). What must survive the daemon is an [`shelf::Image`], saved by a thread of its own.
//!
//! Invariant: a client hears of an event only once it is saved, or saving has failed for good, so that no event is told twice
//! with two numbers, and none is taken back.

use bwusage_proto::{
    alert::{
        AlertEvent, AlertLog, Condition, Events, LogQuery, Rule, RuleId, RuleList, Scope, Severity, Summed,
    },
    process::UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Calendar,
    server::access::{Policy, Viewer},
    usage::{Moment, store::Store},
};

mod attempt;
pub mod bounds;
mod change;
pub mod dry_run;
pub mod evaluate;
pub mod known;
pub mod log;
pub mod past;
pub mod reading;
pub mod shelf;
mod shown;
pub mod state;
pub mod sum;

pub use attempt::Attempt;
pub use change::{Asker, Refused};
use evaluate::{Plan, Sighting};
use past::Past;
use reading::Target;
use shelf::{Image, Keeper, Shelf};
use state::{Happening, State};

/// The least time between two looks.
const LOOK_MS: u64 = 1000;
/// Sums and the like are saved no more often than this.
const SAVE_MS: u64 = 10_000;

/// A rule as its owner wanted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its number.
    pub id: RuleId,
    /// Its text.
    pub text: String,
    /// The user whom it names.
    pub user: Option<UserId>,
    /// Who wanted it.
    pub owner: UserId,
    /// Whether that was an administrator when they last spoke of alerts.
    pub administrator: bool,
    /// What the owner wants to be reminded of.
    pub note: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Seconds after it fired in which it does not fire again.
    pub cooldown_s: u32,
    /// Whether it makes events.
    pub enabled: bool,
    /// Until when it does not fire.
    pub snoozed_until_unix_ms: Option<u64>,
    /// When it was made.
    pub created_at_unix_ms: u64,
}

/// A rule and what is remembered of it.
#[derive(Debug)]
struct Entry {
    kept: Kept,
    /// `None` of a newer version's, which is kept for it.
    rule: Option<Rule>,
    viewer: Viewer,
    state: State,
}

/// What is not saved yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Unsaved {
    #[default]
    Nothing,
    /// Sums went on.
    Sums,
    /// A rule, an event, or where a rule stands.
    Changes,
}

/// What is on `shelf`, and what saves to it from now on. `log_id` is random.
///
/// # Errors
///
/// Fails when the system gives no thread. A shelf that cannot be read is told to clients, and does not stop anything.
pub fn open(
    mut shelf: Box<dyn Shelf>,
    log_id: u64,
    policy: Policy,
    calendar: Calendar,
) -> std::io::Result<(Alerts, Keeper)> {
    let (image, fault) = match shelf.load() {
        Ok(image) => (image, None),
        Err(error) => {
            tracing::error!("{}", error.text());
            (None, Some(error.text()))
        }
    };
    let alerts = Alerts::new(image, log_id, policy, calendar);
    let keeper = Keeper::new(shelf, alerts.log.last(), fault)?;
    Ok((alerts, keeper))
}

/// Every rule.
#[derive(Debug)]
pub struct Alerts {
    policy: Policy,
    calendar: Calendar,
    entries: Vec<Entry>,
    last_rule: u64,
    log: log::Log,
    known: known::Known,
    looked_at_ms: Option<u64>,
    unsaved: Unsaved,
    saved_at_ms: Option<u64>,
}

impl Alerts {
    /// The rules of `image`, or none; `log_id` is random and names the log where there is none yet.
    #[must_use]
    pub fn new(image: Option<Image>, log_id: u64, policy: Policy, calendar: Calendar) -> Self {
        let is_first = image.is_none();
        let image = image.unwrap_or_else(|| Image { log: log::Log::new(log_id), ..Image::default() });
        let entries = image.rules.into_iter().map(|(kept, mut state)| {
            let rule = Rule::parse(&kept.text).ok();
            // What the daemon counts, it counts from its own start.
            state.live.total = rule.as_ref().is_some_and(counts_from_start).then_some(0);
            let viewer = policy.viewer_of(&kept.owner, kept.administrator);
            Entry { kept, rule, viewer, state }
        });
        Self {
            policy,
            calendar,
            entries: entries.collect(),
            last_rule: image.last_rule,
            log: image.log,
            known: image.known,
            looked_at_ms: None,
            unsaved: if is_first { Unsaved::Changes } else { Unsaved::Nothing },
            saved_at_ms: None,
        }
    }

    /// Takes a look at every rule, unless the last one was just before.
    pub fn look(&mut self, now: Moment, store: &Store) {
        let due = self.looked_at_ms.is_none_or(|before| now.steady_ms.saturating_sub(before) >= LOOK_MS);
        if !due || self.entries.is_empty() {
            return;
        }
        self.looked_at_ms = Some(now.steady_ms);
        let watched: Vec<(&Rule, Target<'_>)> = self.entries.iter().filter_map(Entry::watched).collect();
        let targets: Vec<Target<'_>> = watched.iter().map(|(_, target)| *target).collect();
        let mut readings = reading::read(store, &targets).into_iter();
        let wants_news = watched.iter().any(|(rule, _)| matches!(rule.condition, Condition::News { .. }));
        let applications =
            if wants_news { reading::applications(store) } else { reading::Applications::new() };
        let seen = if wants_news { self.known.look(&applications) } else { Vec::new() };
        let mut happened = Vec::new();
        for entry in &mut self.entries {
            let Some(rule) = &entry.rule else { continue };
            let Some(reading) = readings.next() else { break };
            let sightings = sightings(rule, entry.kept.user.as_ref(), &entry.viewer, &seen, &self.known);
            let before = (entry.state.overall(), entry.state.counted());
            let snoozed = entry.kept.is_snoozed(now.unix_ms);
            let plan = Plan {
                rule,
                cooldown_ms: u64::from(entry.kept.cooldown_s) * 1000,
                enabled: entry.kept.enabled,
                snoozed,
            };
            let found =
                evaluate::evaluate(&plan, &mut entry.state, &reading, &sightings, now, &self.calendar);
            let after = (entry.state.overall(), entry.state.counted());
            self.unsaved = self.unsaved.max(if after.0 != before.0 || !found.is_empty() {
                Unsaved::Changes
            } else if after.1 != before.1 {
                Unsaved::Sums
            } else {
                Unsaved::Nothing
            });
            happened.extend(found.into_iter().map(|happening| (entry.kept.clone(), happening)));
        }
        if !wants_news {
            self.known.rest();
        } else if self.known.learn(&seen) {
            self.unsaved = self.unsaved.max(Unsaved::Sums);
        }
        for (kept, happening) in happened {
            self.log.push(|number| event(number, now.unix_ms, kept, happening));
        }
    }

    /// What is to be saved now, if anything is. Sums wait for some seconds; `again` is what could not be saved before.
    pub fn to_save(&mut self, now_steady_ms: u64, again: bool) -> Option<Image> {
        let waited = self.saved_at_ms.is_none_or(|at| now_steady_ms.saturating_sub(at) >= SAVE_MS);
        let due = match self.unsaved {
            Unsaved::Changes => true,
            Unsaved::Sums => waited,
            Unsaved::Nothing => again && waited,
        };
        due.then(|| {
            (self.unsaved, self.saved_at_ms) = (Unsaved::Nothing, Some(now_steady_ms));
            self.image()
        })
    }

    /// Everything that must survive the daemon, where any of it was not saved yet.
    pub fn last_words(&mut self) -> Option<Image> {
        (std::mem::take(&mut self.unsaved) != Unsaved::Nothing).then(|| self.image())
    }

    fn image(&self) -> Image {
        Image {
            last_rule: self.last_rule,
            rules: self.entries.iter().map(|entry| (entry.kept.clone(), entry.state.clone())).collect(),
            log: self.log.clone(),
            known: self.known.clone(),
        }
    }

    /// Every rule that `asker` may see.
    #[must_use]
    pub fn list(&self, asker: &Asker, now_unix_ms: u64) -> RuleList {
        let own = self.entries.iter().filter(|entry| asker.may_see(&entry.kept.owner));
        RuleList { rules: own.map(|entry| entry.shown(now_unix_ms)).collect(), fault: self.known.fault() }
    }

    /// The part of the log that `asker` asks for.
    #[must_use]
    pub fn page(&self, asker: &Asker, query: LogQuery) -> AlertLog {
        self.log.page(query, |owner| asker.may_see(owner))
    }

    /// What `asker` does not know yet, up to the event `up_to`.
    #[must_use]
    pub fn events(&self, asker: &Asker, after: Option<(u64, u64)>, up_to: u64) -> Events {
        self.log.since(after, up_to, |owner| asker.may_see(owner))
    }

    /// Adds what `rule` would have counted before it was made.
    pub fn recall(&mut self, rule: RuleId, past: &Past) {
        let entry = self.entries.iter_mut().find(|entry| entry.kept.id == rule);
        if let Some(sum) = entry.and_then(|entry| entry.state.sum.as_mut()) {
            past.add_to(sum);
            self.unsaved = Unsaved::Changes;
        }
    }
}

/// Whether the total that it watches begins with the daemon, so that all of it is new.
fn counts_from_start(rule: &Rule) -> bool {
    match (&rule.condition, &rule.scope) {
        (Condition::Sum { of: Summed::Lost, .. }, _) => true,
        (Condition::Sum { .. }, scope) => !matches!(scope, Scope::Host | Scope::Interface(_)),
        (Condition::Level { .. } | Condition::News { .. }, _) => false,
    }
}

/// What a rule of news is told of, as far as its owner may see it.
fn sightings<'a>(
    rule: &Rule,
    user: Option<&UserId>,
    viewer: &Viewer,
    seen: &[known::Seen<'a>],
    known: &known::Known,
) -> Vec<Sighting<'a>> {
    if !matches!(rule.condition, Condition::News { .. }) {
        return Vec::new();
    }
    let covers = |owner: Option<&UserId>| {
        let meant = match &rule.scope {
            Scope::User(_) => owner == user,
            _ => true,
        };
        meant && viewer.may_see_row(owner)
    };
    let mut sightings: Vec<Sighting<'a>> = Vec::new();
    for seen in seen.iter().filter(|seen| covers(seen.user)) {
        if matches!(&rule.scope, Scope::App(name) if *name != seen.app) {
            continue;
        }
        let is_new = seen.is_new && !known.has(seen.app, covers);
        // Those of one application follow each other.
        match sightings.last_mut() {
            Some(last) if last.app == seen.app => {
                last.moved |= seen.moved;
                last.moved_in_background |= seen.moved_in_background;
                last.is_new |= is_new;
            }
            _ => sightings.push(Sighting {
                app: seen.app,
                moved: seen.moved,
                moved_in_background: seen.moved_in_background,
                is_new,
            }),
        }
    }
    sightings
}

fn event(number: u64, at_unix_ms: u64, kept: Kept, happening: Happening) -> AlertEvent {
    let Happening { kind, subject, measured, reached_percent, forecast_at_unix_ms, lasted_ms } = happening;
    AlertEvent {
        number,
        at_unix_ms,
        kind,
        rule: kept.id,
        text: kept.text,
        note: kept.note,
        owner: kept.owner,
        severity: kept.severity,
        subject,
        measured,
        reached_percent,
        forecast_at_unix_ms,
        lasted_ms,
    }
}

impl Kept {
    fn is_snoozed(&self, now_unix_ms: u64) -> bool {
        self.snoozed_until_unix_ms.is_some_and(|until| now_unix_ms < until)
    }
}

impl Entry {
    fn watched(&self) -> Option<(&Rule, Target<'_>)> {
        let rule = self.rule.as_ref()?;
        Some((rule, Target { scope: &rule.scope, user: self.kept.user.as_ref(), viewer: &self.viewer }))
    }
}

#[cfg(test)]
mod tests;
