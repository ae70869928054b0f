//! One look at one rule: from what was read to where it stands and what happened. Pure.
//!
//! ```text
//!            holds                 for long enough, cooled down, not snoozed
//!     ok ------------> pending ------------------------------> firing
//!      ^                  |                                      |  at nine tenths of the threshold, or as the rule says
//!      |  holds no more   |                                      v
//!      '------------------'<----------- cooled down -------- resolved
//! ```

use bwusage_proto::alert::{
    Condition, EventKind, Gauge, Limit, Measured, News, Period, Rule, Scope, Summed, Unit,
};

use super::{
    reading::{Moved, Reading},
    state::{Happening, Phase, Standing, State},
    sum::Sum,
};
use crate::{calendar::Calendar, usage::Moment};

/// The most applications of which one rule tells at a time.
const SUBJECTS: usize = 256;

/// A rule, and how it is meant now.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// How long it does not fire again.
    pub cooldown_ms: u64,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it may not fire for now.
    pub snoozed: bool,
}

/// An application that a rule of news watches.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Its name.
    pub app: &'a str,
    /// It moved data since the look before.
    pub moved: bool,
    /// It did so where nobody sees it run.
    pub moved_in_background: bool,
    /// It never did before.
    pub is_new: bool,
}

/// Takes a look: what happened, in order.
pub fn evaluate(
    plan: &Plan<'_>,
    state: &mut State,
    reading: &Reading,
    sightings: &[Sighting<'_>],
    now: Moment,
    calendar: &Calendar,
) -> Vec<Happening> {
    let happened = match &plan.rule.condition {
        Condition::Sum { of, limit, period, until } => {
            let added = Addition { of: *of, limit, period: *period, until: *until };
            added.look(plan, state, reading, now, calendar)
        }
        Condition::Level { of, above, held_s, until } => {
            let level = Level { of: *of, above: *above, held_ms: u64::from(*held_s) * 1000, until: *until };
            level.look(plan, state, reading, now).into_iter().collect()
        }
        Condition::News { of, quiet_s } => {
            news(plan, state, sightings, *of, u64::from(*quiet_s) * 1000, now.unix_ms)
        }
    };
    state.fired += happened.iter().filter(|happening| happening.kind == EventKind::Firing).count() as u64;
    happened
}

/// Thresholds that a value is compared with, ascending.
struct Thresholds<'a> {
    steps: &'a [(Option<u16>, u64)],
    until: Option<u64>,
    /// Whether falling below them means anything.
    falls: bool,
    held_ms: u64,
}

impl Thresholds<'_> {
    /// Whether `value` is so low that `threshold` is over.
    fn is_over(&self, value: u64, threshold: u64) -> bool {
        let ninetenths = u128::from(value) * 10 <= u128::from(threshold) * 9;
        self.falls && self.until.map_or(ninetenths, |until| value < until)
    }

    /// What becomes of a rule whose value is `value`.
    fn step(&self, plan: &Plan<'_>, state: &mut State, value: u64, now: Moment) -> Option<EventKind> {
        if !plan.enabled {
            state.stand_down();
            return None;
        }
        let (at, standing) = (now.unix_ms, &mut state.standing);
        let reached = self.steps.iter().filter(|(_, threshold)| value > *threshold).count();
        let kept = self.steps.iter().filter(|(_, threshold)| !self.is_over(value, *threshold)).count();
        if standing.phase == Phase::Firing && self.falls {
            standing.reached = standing.reached.min(kept);
            if standing.reached == 0 {
                state.live.held_since_steady_ms = None;
                return Some(EventKind::Resolved);
            }
        }
        if reached <= standing.reached {
            if standing.phase != Phase::Firing {
                state.live.held_since_steady_ms = None;
                standing.calm(plan.cooldown_ms, at);
            }
            return None;
        }
        let since = *state.live.held_since_steady_ms.get_or_insert(now.steady_ms);
        let is_further = standing.phase == Phase::Firing;
        let held = is_further || now.steady_ms.saturating_sub(since) >= self.held_ms;
        // A threshold that was not told yet does not wait; one that is reached again does.
        let is_news = is_further && reached > standing.furthest;
        let cool = is_news || standing.is_cool(plan.cooldown_ms, at);
        if held && cool && !plan.snoozed {
            standing.fire(at);
            standing.furthest = if is_further { standing.furthest.max(reached) } else { reached };
            standing.reached = reached;
            return Some(EventKind::Firing);
        }
        if !is_further {
            standing.enter(Phase::Pending, at);
        }
        None
    }

    /// What is told of `value`: the highest threshold that was reached beside it.
    fn measured(&self, unit: Unit, value: u64) -> Measured {
        let reached = self.steps.iter().rfind(|(_, threshold)| value > *threshold);
        let threshold = reached.or(self.steps.first()).map_or(0, |(_, threshold)| *threshold);
        Measured { unit, value, threshold }
    }
}

struct Addition<'a> {
    of: Summed,
    limit: &'a Limit,
    period: Period,
    until: Option<u64>,
}

impl Addition<'_> {
    fn look(
        &self,
        plan: &Plan<'_>,
        state: &mut State,
        reading: &Reading,
        now: Moment,
        calendar: &Calendar,
    ) -> Vec<Happening> {
        let at = now.unix_ms;
        let total = match self.of {
            Summed::Lost => reading.lost,
            Summed::Rx => reading.moved.map(|moved| moved.rx),
            Summed::Tx => reading.moved.map(|moved| moved.tx),
            Summed::Total => reading.moved.map(|Moved { rx, tx }| rx.saturating_add(tx)),
        };
        state.live.unknown = if total.is_some() { None } else { Some(missing(&plan.rule.scope, self.of)) };
        let growth = growth(state, total);
        if state.sum.is_none() {
            state.sum = Sum::begin(self.period, at, calendar);
        }
        let Some(sum) = &mut state.sum else { return Vec::new() };
        let mut happened = Vec::new();
        let turned = sum.add(growth.unwrap_or(0), &mut state.standing.reached, self.period, at, calendar);
        let value = sum.bytes();
        if turned && state.standing.phase == Phase::Firing {
            let lasted_ms = state.standing.end(at);
            happened.push(Happening {
                measured: state.live.measured,
                lasted_ms,
                ..Happening::of(EventKind::Resolved)
            });
        }
        if total.is_none() && value == 0 {
            // Nothing is known, which is not nothing.
            (state.live.measured, state.live.forecast_at_unix_ms) = (None, None);
            return happened;
        }
        let steps: Vec<_> = self.limit.thresholds().collect();
        let falls = matches!(self.period, Period::Trailing { .. });
        let thresholds = Thresholds { steps: &steps, until: self.until, falls, held_ms: 0 };
        state.live.forecast_at_unix_ms = sum.forecast(self.limit.bytes, at);
        let measured = thresholds.measured(Unit::Bytes, value);
        state.live.measured = Some(measured);
        match thresholds.step(plan, state, value, now) {
            Some(EventKind::Firing) => happened.push(Happening {
                measured: Some(measured),
                reached_percent: reached_percent(self.limit, &state.standing),
                forecast_at_unix_ms: state.live.forecast_at_unix_ms,
                ..Happening::of(EventKind::Firing)
            }),
            Some(EventKind::Resolved) => happened.push(resolved(state, at)),
            None => {}
        }
        happened
    }
}

/// The highest share of a cap that was told.
pub(super) fn reached_percent(limit: &Limit, standing: &Standing) -> Option<u16> {
    limit.percents.get(standing.reached.checked_sub(1)?).copied()
}

struct Level {
    of: Gauge,
    above: u64,
    held_ms: u64,
    until: Option<u64>,
}

impl Level {
    fn look(&self, plan: &Plan<'_>, state: &mut State, reading: &Reading, now: Moment) -> Option<Happening> {
        let at = now.unix_ms;
        let Some(value) = self.value(state, reading, now) else {
            state.live.unknown = Some(match self.of {
                Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate if reading.moved.is_some() => TOO_EARLY,
                Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate => NO_INTERFACE,
                Gauge::Cpu => "processor use was not measured yet",
                Gauge::MemoryShare | Gauge::MemoryBytes => "memory use was not measured yet",
            });
            state.live.measured = None;
            if !plan.enabled {
                state.stand_down();
            }
            return None;
        };
        let steps = [(None, self.above)];
        let thresholds = Thresholds { steps: &steps, until: self.until, falls: true, held_ms: self.held_ms };
        let unit = match self.of {
            Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate => Unit::BytesPerSecond,
            Gauge::Cpu | Gauge::MemoryShare => Unit::Centipercent,
            Gauge::MemoryBytes => Unit::Bytes,
        };
        (state.live.unknown, state.live.measured) = (None, Some(thresholds.measured(unit, value)));
        match thresholds.step(plan, state, value, now)? {
            EventKind::Firing => {
                Some(Happening { measured: state.live.measured, ..Happening::of(EventKind::Firing) })
            }
            EventKind::Resolved => Some(resolved(state, at)),
        }
    }

    fn value(&self, state: &mut State, reading: &Reading, now: Moment) -> Option<u64> {
        let total = match self.of {
            Gauge::RxRate => reading.moved.map(|moved| moved.rx),
            Gauge::TxRate => reading.moved.map(|moved| moved.tx),
            Gauge::TotalRate => reading.moved.map(|Moved { rx, tx }| rx.saturating_add(tx)),
            Gauge::Cpu => return reading.cpu_centipercent,
            Gauge::MemoryBytes => return reading.memory_bytes,
            Gauge::MemoryShare => {
                let share = u128::from(reading.memory_bytes?) * 10_000;
                return u64::try_from(share.checked_div(u128::from(reading.installed_bytes?))?).ok();
            }
        };
        let before = state.live.looked_steady_ms.replace(now.steady_ms);
        let growth = growth(state, total);
        let elapsed = now.steady_ms.checked_sub(before?)?;
        u64::try_from((u128::from(growth?) * 1000).checked_div(u128::from(elapsed))?).ok()
    }
}

const TOO_EARLY: &str = "a speed takes two readings; the second is yet to come";
const NO_INTERFACE: &str = "there is no interface of this name now";

fn missing(scope: &Scope, of: Summed) -> &'static str {
    match (of, scope) {
        (Summed::Lost, _) => "the engine in use does not see what passes the interfaces",
        _ => NO_INTERFACE,
    }
}

/// How much a running total grew since the look before; `None` where there was none, and where it began anew.
fn growth(state: &mut State, total: Option<u64>) -> Option<u64> {
    let before = std::mem::replace(&mut state.live.total, total);
    total?.checked_sub(before?)
}

/// It ends.
fn resolved(state: &mut State, at: u64) -> Happening {
    let lasted_ms = state.standing.end(at);
    Happening { measured: state.live.measured, lasted_ms, ..Happening::of(EventKind::Resolved) }
}

fn news(
    plan: &Plan<'_>,
    state: &mut State,
    sightings: &[Sighting<'_>],
    of: News,
    quiet_ms: u64,
    at: u64,
) -> Vec<Happening> {
    if !plan.enabled {
        state.stand_down();
        return Vec::new();
    }
    let mut happened = Vec::new();
    let told = |kind, app: &str, lasted_ms| Happening {
        subject: Some(app.to_owned()),
        lasted_ms,
        ..Happening::of(kind)
    };
    for sighting in sightings {
        let moved = match of {
            News::NewApplication => sighting.moved,
            News::BackgroundTraffic => sighting.moved_in_background,
        };
        let may_begin = match of {
            News::NewApplication => sighting.is_new,
            News::BackgroundTraffic => moved,
        };
        if let Some(standing) = state.subjects.get_mut(sighting.app) {
            if moved {
                standing.moved_at_unix_ms = Some(at);
            }
            if standing.phase == Phase::Firing {
                continue;
            }
        } else if !may_begin || state.subjects.len() >= SUBJECTS {
            continue;
        }
        let standing = state.subjects.entry(sighting.app.to_owned()).or_default();
        if may_begin && standing.is_cool(plan.cooldown_ms, at) {
            standing.enter(Phase::Pending, at);
        }
    }
    for (app, standing) in state.subjects.iter_mut().filter(|(_, standing)| standing.phase == Phase::Pending)
    {
        // Snoozed it waits, as any rule does: an application is new only once. What moves in the background will do so again.
        if !plan.snoozed {
            standing.fire(at);
            standing.moved_at_unix_ms = Some(at);
            state.standing.fired_at_unix_ms = Some(at);
            happened.push(told(EventKind::Firing, app, None));
        } else if of == News::BackgroundTraffic {
            standing.enter(Phase::Ok, at);
        }
    }
    state.subjects.retain(|app, standing| {
        // A time in the future is from before the clock was set back.
        let quiet = standing.moved_at_unix_ms.and_then(|moved| at.checked_sub(moved));
        if standing.phase == Phase::Firing && quiet.is_none_or(|quiet| quiet >= quiet_ms) {
            let lasted_ms = standing.end(at);
            happened.push(told(EventKind::Resolved, app, lasted_ms));
        }
        matches!(standing.phase, Phase::Firing | Phase::Pending) || !standing.is_cool(plan.cooldown_ms, at)
    });
    happened
}

#[cfg(test)]
mod tests;
