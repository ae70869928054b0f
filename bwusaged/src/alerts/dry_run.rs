//! How often a rule would have fired in the last weeks: what the history knows, step by step through the same evaluation. Pure.
//!
//! The past is kept ever more coarsely, so it is asked for in pieces: minutes as far as they reach, before them hours, before
//! these days. A sum over the last so many seconds takes in a step whose middle lies within them; one that is shorter than a
//! step is not looked for there.

use std::collections::BTreeSet;

use bwusage_proto::{
    alert::{
        Condition, DRY_RUN_S, DryRun as Told, EventKind, Firing, Gauge, MAX_FIRINGS, NewRule, News, Period,
        Rule, Scope, Summed,
    },
    history::{Bucket, History, HistoryFilter, HistoryQuery, Per, Series, SeriesKey},
    message::{Encoded, Reply},
};

use super::{
    Alerts, Asker, Refused,
    bounds::Bounds,
    change::{Checked, check},
    evaluate::{Plan, evaluate},
    past::{covered, moved, outside},
    reading::{Moved, Reading},
    state::State,
};
use crate::{
    calendar::Calendar,
    history::Retention,
    usage::{Moment, store::Store},
};

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 60 * MINUTE_S;
const DAY_S: i64 = 24 * HOUR_S;
/// Minutes are asked for no further back than this, however long they are kept.
const MINUTES_S: i64 = 7 * DAY_S;
/// What is just about to be forgotten is gone by the time it is asked for.
const MARGIN_S: i64 = MINUTE_S;

const NOT_ASKED: &str = "the history did not answer";
const NOTHING: &str = "the history has not begun yet";

/// A rule that is run over what was.
#[derive(Debug)]
pub struct DryRun {
    rule: Rule,
    cooldown_ms: u64,
    calendar: Calendar,
    /// Firings before it are not told.
    from_s: i64,
    now_unix_ms: u64,
    questions: Vec<HistoryQuery>,
    /// As far as each question was answered, in their order.
    heard: Vec<History>,
    /// Whether the rule is too short for what is kept of the time before.
    is_cut_short: bool,
    /// Why there is nothing to ask.
    untold: Option<&'static str>,
}

impl Alerts {
    /// Begins one for what `asker` sent, who keeps the past for as long as `retention` says. It is to hear the answer to each of
    /// its questions ([`DryRun::questions`]).
    ///
    /// # Errors
    ///
    /// Says what is wrong with the rule.
    pub fn dry_run(
        &self,
        asker: &Asker,
        new: &NewRule,
        now_unix_ms: u64,
        store: &Store,
        retention: &Retention,
    ) -> Result<DryRun, Refused> {
        let Checked { rule, user } = check(new)?;
        let viewer = self.policy.viewer_of(&asker.user, asker.administrator);
        let now = i64::try_from(now_unix_ms / 1000).unwrap_or(i64::MAX);
        let mut run = DryRun {
            cooldown_ms: u64::from(new.cooldown_s) * 1000,
            calendar: self.calendar.clone(),
            from_s: now.saturating_sub(DRY_RUN_S.into()).max(0),
            now_unix_ms,
            questions: Vec::new(),
            heard: Vec::new(),
            is_cut_short: false,
            untold: untold(&rule),
            rule,
        };
        if run.untold.is_some() {
            return Ok(run);
        }
        let covered = match (&run.rule.condition, &run.rule.scope) {
            // What makes an application new is its processes, not the interfaces.
            (Condition::News { .. }, Scope::Host) => Some((Per::App, outside())),
            (_, scope) => covered(scope, user.as_ref(), &viewer, store),
        };
        let Some((per, filter)) = covered else {
            run.untold = Some(not_told_apart(&run.rule.scope));
            return Ok(run);
        };
        let ask =
            |pieces: Vec<Piece>, per| pieces.into_iter().map(|piece| query(piece, per, &filter)).collect();
        if let Condition::Sum { period, .. } = run.rule.condition {
            let pieces = run.pieces(period, now, retention);
            let begins = pieces.first().map_or(now, |(_, from, _)| *from);
            run.is_cut_short = begins > run.from_s;
            run.from_s = run.from_s.max(begins);
            run.questions = ask(pieces, per);
        } else {
            run.from_s = run.calendar.start(Bucket::Day, run.from_s);
            let pieces = vec![(Bucket::Whole, 0, run.from_s), (Bucket::Day, run.from_s, now)];
            run.questions = ask(pieces, Per::App);
        }
        Ok(run)
    }
}

/// Why no history could tell.
fn untold(rule: &Rule) -> Option<&'static str> {
    match &rule.condition {
        Condition::Sum { of: Summed::Lost, .. } => Some("the history does not keep when bytes were lost"),
        Condition::Sum { period: Period::Trailing { seconds }, .. } if i64::from(*seconds) < MINUTE_S => {
            Some("the history adds up by the minute, and the rule by less")
        }
        Condition::Level { of: Gauge::RxRate | Gauge::TxRate | Gauge::TotalRate, .. } => {
            Some("the history adds up by the minute, and does not keep how fast data went within one")
        }
        Condition::Level { .. } => Some(
            "of processors and memory the history keeps what the machine used on average in a minute, not every reading",
        ),
        Condition::News { of: News::BackgroundTraffic, .. } => Some(
            "it fires again after each pause, and the history does not keep how long applications paused",
        ),
        Condition::Sum { .. } | Condition::News { .. } => None,
    }
}

fn not_told_apart(scope: &Scope) -> &'static str {
    match scope {
        Scope::Unit(_) | Scope::Container(_) => "the history does not tell units and containers apart",
        Scope::User(_) => "what other users moved is not yours to see",
        _ => "no interface leads out of this machine now",
    }
}

fn query(
    (bucket, from_unix_s, to_unix_s): (Bucket, i64, i64),
    per: Per,
    filter: &HistoryFilter,
) -> HistoryQuery {
    HistoryQuery {
        from_unix_s,
        to_unix_s,
        bucket,
        per,
        filter: filter.clone(),
        top: 0,
        time_zone: None,
        billing_day: None,
    }
}

/// In which steps the history is asked, and from when to when in seconds of Unix time.
type Piece = (Bucket, i64, i64);

/// What was moved from here to there.
#[derive(Debug, Clone, Copy)]
struct Step {
    from_unix_ms: u64,
    to_unix_ms: u64,
    bytes: u64,
}

impl DryRun {
    /// What to ask the history, oldest first.
    #[must_use]
    pub fn questions(&self) -> Vec<HistoryQuery> {
        self.questions.clone()
    }

    /// Takes the pages of the next answer. What cannot be read is as good as no answer.
    pub fn hear(&mut self, pages: &[Encoded]) {
        let mut history = History::default();
        for page in pages {
            let Ok(Reply::History(page)) = page.decode() else { return };
            history.append(*page);
        }
        self.heard.push(history);
    }

    /// What it would have done.
    #[must_use]
    pub fn told(mut self) -> Told {
        if self.untold.is_none() && self.heard.len() < self.questions.len() {
            self.untold = Some(NOT_ASKED);
        }
        let oldest = self.heard.iter().filter_map(|history| history.head.as_ref()?.oldest_unix_s).min();
        if self.untold.is_none() && oldest.is_none() {
            self.untold = Some(NOTHING);
        }
        let mut notes = Vec::new();
        if let Some(oldest) = oldest.filter(|oldest| *oldest > self.from_s) {
            self.from_s = oldest;
            notes.push("nothing is known before".into());
        } else if self.is_cut_short && self.untold.is_none() {
            notes.push("before that time the past is kept in steps that are longer than the rule".into());
        }
        let firings = match self.rule.condition {
            _ if self.untold.is_some() => None,
            Condition::Sum { of, period, .. } => Some(self.sums(of, period)),
            _ => Some(self.new_applications(&mut notes)),
        };
        let mut steps: Vec<Bucket> = self.asked().map(|query| query.bucket).collect();
        steps.retain(|_| firings.is_some());
        let fired = firings.as_ref().map(|firings| firings.len() as u64);
        let mut firings = firings.unwrap_or_default();
        firings.drain(..firings.len().saturating_sub(MAX_FIRINGS));
        Told {
            text: self.rule.to_string(),
            fired,
            unknown: self.untold.map(Into::into),
            from_unix_ms: ms(self.from_s),
            to_unix_ms: self.now_unix_ms,
            counted_s: if fired.is_some() { self.counted_s() } else { 0 },
            steps,
            firings,
            notes,
        }
    }

    /// Which time in which steps: from where a sum that can fire within the last weeks begins, as finely as it is kept.
    fn pieces(&self, period: Period, now: i64, retention: &Retention) -> Vec<Piece> {
        let begin = match period {
            Period::Trailing { seconds } => self.from_s - i64::from(seconds),
            Period::Day | Period::Week | Period::Month => Bounds::of(period, ms(self.from_s), &self.calendar)
                .map_or(self.from_s, |bounds| i64::try_from(bounds.from_unix_ms / 1000).unwrap_or(0)),
        };
        let shortest = match period {
            Period::Trailing { seconds } => i64::from(seconds),
            Period::Day | Period::Week | Period::Month => i64::MAX,
        };
        let [minutes, hours, days] = retention.horizons(now).map(|horizon| horizon.map(|at| at + MARGIN_S));
        let hours = self.calendar.ceil(Bucket::Day, hours.unwrap_or(0));
        let minutes = self.calendar.ceil(Bucket::Hour, minutes.unwrap_or(0).max(now - MINUTES_S)).max(hours);
        let days = self.calendar.ceil(Bucket::Day, days.unwrap_or(0));
        let pieces = [
            (Bucket::Day, DAY_S, days, hours),
            (Bucket::Hour, HOUR_S, hours, minutes),
            (Bucket::Minute, MINUTE_S, minutes, now),
        ];
        let fit = pieces.into_iter().filter(|(_, length_s, ..)| *length_s <= shortest);
        let cut = fit.map(|(bucket, _, from, to)| {
            let from = if from < begin { self.calendar.start(bucket, begin) } else { from };
            (bucket, from, to.min(now))
        });
        cut.filter(|(_, from, to)| from < to).collect()
    }

    /// The questions of the time that is told of.
    fn asked(&self) -> impl Iterator<Item = &HistoryQuery> {
        self.questions.iter().filter(|query| query.bucket != Bucket::Whole && query.to_unix_s > self.from_s)
    }

    /// For how many seconds of the time that is told of somebody counted.
    fn counted_s(&self) -> u64 {
        let heads = self.heard.iter().filter_map(|history| history.head.as_ref());
        let told = heads.filter(|head| head.bucket != Bucket::Whole).flat_map(|head| {
            spans(head.buckets.iter().map(|span| span.start_unix_s), head.end_unix_s).zip(&head.buckets)
        });
        let within = told.map(|((from, to), span)| {
            let told_s = to.saturating_sub(from.max(self.from_s)).max(0);
            i64::from(span.covered_s).min(told_s).unsigned_abs()
        });
        let most = self.now_unix_ms.saturating_sub(ms(self.from_s)) / 1000;
        within.sum::<u64>().min(most)
    }

    fn sums(&self, of: Summed, period: Period) -> Vec<Firing> {
        let mut state = State::default();
        let mut firings = Vec::new();
        for step in self.heard.iter().flat_map(|history| steps(history, of, self.now_unix_ms)) {
            // What was before it goes, the next month begins.
            self.look(&mut state, step.from_unix_ms, step, &mut firings);
            if let Some(sum) = &mut state.sum {
                let at = match period {
                    Period::Trailing { .. } => u64::midpoint(step.from_unix_ms, step.to_unix_ms),
                    Period::Day | Period::Week | Period::Month => step.from_unix_ms,
                };
                sum.add_past(step.bytes, at, step.from_unix_ms);
            }
            self.look(&mut state, step.to_unix_ms.saturating_sub(1), step, &mut firings);
        }
        firings
    }

    fn look(&self, state: &mut State, at: u64, step: Step, firings: &mut Vec<Firing>) {
        let plan = Plan { rule: &self.rule, cooldown_ms: self.cooldown_ms, enabled: true, snoozed: false };
        // Nothing moves between two looks: what was moved is added to the sum.
        let reading = Reading { moved: Some(Moved::default()), ..Reading::default() };
        let now = Moment { unix_ms: at, steady_ms: at };
        let happened = evaluate(&plan, state, &reading, &[], now, &self.calendar);
        let fired = happened.into_iter().filter(|happening| happening.kind == EventKind::Firing);
        let told = fired.filter(|_| step.to_unix_ms > ms(self.from_s));
        firings.extend(told.map(|happening| Firing {
            at_unix_ms: step.from_unix_ms,
            subject: None,
            measured: happening.measured,
            reached_percent: happening.reached_percent,
        }));
    }

    /// The first day on which each application moved data, but for those that did before, or on the first day of all.
    fn new_applications(&self, notes: &mut Vec<String>) -> Vec<Firing> {
        let [before, days] = &self.heard[..] else { return Vec::new() };
        let mut known: BTreeSet<&str> = before.series.iter().filter_map(moving).collect();
        let Some(head) = &days.head else { return Vec::new() };
        let counted = |covered_s: &u32| *covered_s > 0;
        let mut begun =
            before.head.iter().flat_map(|head| &head.buckets).any(|span| counted(&span.covered_s));
        let mut firings = Vec::new();
        for (at, day) in head.buckets.iter().enumerate() {
            for series in &days.series {
                let moved = series.points.get(at).copied().flatten().is_some_and(|amount| amount.bytes() > 0);
                let new = moving(series).filter(|_| moved).filter(|app| known.insert(app));
                firings.extend(new.filter(|_| begun).map(|app| Firing {
                    at_unix_ms: ms(day.start_unix_s.max(self.from_s)),
                    subject: Some(app.to_owned()),
                    measured: None,
                    reached_percent: None,
                }));
            }
            begun |= counted(&day.covered_s);
        }
        let unnamed = |series: &Series| matches!(series.key, SeriesKey::Other(_)) && series.total.bytes() > 0;
        if days.series.iter().any(unnamed) {
            notes.push(
                "some applications were not told apart when they were stored, and may have been new".into(),
            );
        }
        firings
    }
}

/// The application of `series`, where it moved anything.
fn moving(series: &Series) -> Option<&str> {
    match &series.key {
        SeriesKey::App(name) if series.total.bytes() > 0 => Some(name),
        _ => None,
    }
}

/// The steps of `history` in which somebody counted.
fn steps(history: &History, of: Summed, now_unix_ms: u64) -> Vec<Step> {
    let Some(head) = &history.head else { return Vec::new() };
    let meant = |series: &&Series| matches!(series.key, SeriesKey::Total | SeriesKey::Interface(_));
    let series: Vec<&Series> = history.series.iter().filter(meant).collect();
    let spans = spans(head.buckets.iter().map(|span| span.start_unix_s), head.end_unix_s);
    let counted = spans.zip(&head.buckets).enumerate().filter(|(_, (_, span))| span.covered_s > 0);
    let step = |(at, ((from, to), _))| Step {
        from_unix_ms: ms(from),
        to_unix_ms: ms(to).min(now_unix_ms),
        bytes: series.iter().fold(0, |sum: u64, series| {
            let amount = series.points.get(at).copied().flatten();
            sum.saturating_add(amount.map_or(0, |amount| moved(of, amount)))
        }),
    };
    counted.map(step).collect()
}

/// Each beginning with the next one.
fn spans(starts: impl Iterator<Item = i64> + Clone, end: i64) -> impl Iterator<Item = (i64, i64)> {
    starts.clone().zip(starts.skip(1).chain([end]))
}

fn ms(unix_s: i64) -> u64 {
    u64::try_from(unix_s).unwrap_or(0).saturating_mul(1000)
}

#[cfg(test)]
mod tests;
