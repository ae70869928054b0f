use bwusage_proto::alert::AlertState;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::alerts::bounds::Bounds;

const DAY_S: u64 = 86_400;
/// 2026-11-01 00:00 UTC, a Sunday.
const NOVEMBER_S: u64 = 1_793_491_200;
const COOLDOWN_S: u64 = 300;

/// A rule that is looked at.
struct Watched {
    rule: Rule,
    state: State,
    enabled: bool,
    snoozed: bool,
}

impl Watched {
    fn new(text: &str) -> Self {
        Self { rule: Rule::parse(text).unwrap(), state: State::default(), enabled: true, snoozed: false }
    }

    fn look(&mut self, at_s: u64, reading: Reading, sightings: &[Sighting<'_>]) -> Vec<Happening> {
        let plan = Plan {
            rule: &self.rule,
            cooldown_ms: COOLDOWN_S * 1000,
            enabled: self.enabled,
            snoozed: self.snoozed,
        };
        let now = Moment { unix_ms: at_s * 1000, steady_ms: at_s * 1000 };
        evaluate(&plan, &mut self.state, &reading, sightings, now, &Calendar::new(TimeZone::UTC, 1))
    }

    /// What happens when the running total of bytes received is `rx`.
    fn moved(&mut self, at_s: u64, rx: u64) -> Vec<EventKind> {
        kinds(&self.look(at_s, received(rx), &[]))
    }

    fn cpu(&mut self, at_s: u64, percent: u64) -> Vec<EventKind> {
        let reading = Reading { cpu_centipercent: Some(percent * 100), ..Reading::default() };
        kinds(&self.look(at_s, reading, &[]))
    }

    fn seen(&mut self, at_s: u64, sightings: &[Sighting<'_>]) -> Vec<(EventKind, String)> {
        let happened = self.look(at_s, Reading::default(), sightings);
        happened.into_iter().map(|happening| (happening.kind, happening.subject.unwrap())).collect()
    }
}

fn received(rx: u64) -> Reading {
    Reading { moved: Some(Moved { rx, tx: 0 }), ..Reading::default() }
}

fn kinds(happened: &[Happening]) -> Vec<EventKind> {
    happened.iter().map(|happening| happening.kind).collect()
}

const FIRING: &[EventKind] = &[EventKind::Firing];
const RESOLVED: &[EventKind] = &[EventKind::Resolved];
const NOTHING: &[EventKind] = &[];

#[test]
fn a_trailing_sum_fires_above_its_limit_and_resolves_when_enough_is_forgotten() {
    let mut rule = Watched::new("rx > 1000B / 60s");
    assert_eq!(rule.moved(100, 5_000), NOTHING, "what was before the first look is not of these 60 s");
    assert_eq!(rule.moved(101, 6_000), NOTHING, "1000 is not more than 1000");
    assert_eq!(rule.moved(110, 6_001), FIRING);
    assert_eq!(rule.moved(111, 7_000), NOTHING, "once");
    assert_eq!(rule.moved(161, 7_000), NOTHING, "1000 is above nine tenths of the limit");
    assert_eq!(rule.moved(170, 7_100), NOTHING, "and so is 999 + 100");
    let happened = rule.look(171, received(7_100), &[]);
    assert_eq!((kinds(&happened), happened[0].lasted_ms), (RESOLVED.to_vec(), Some(61_000)));
    assert_eq!(happened[0].measured, Some(Measured { unit: Unit::Bytes, value: 100, threshold: 1000 }));
}

#[test]
fn it_resolves_at_nine_tenths_and_not_above() {
    let mut rule = Watched::new("cpu > 90%");
    assert_eq!(rule.cpu(0, 91), FIRING);
    assert_eq!(rule.cpu(1, 82), NOTHING);
    assert_eq!(rule.cpu(2, 81), RESOLVED);
    let mut rule = Watched::new("cpu > 90% until < 50%");
    assert_eq!(rule.cpu(0, 91), FIRING);
    assert_eq!(rule.cpu(1, 50), NOTHING);
    assert_eq!(rule.cpu(2, 49), RESOLVED);
}

#[test]
fn a_threshold_of_nothing_resolves_at_nothing() {
    let mut rule = Watched::new("rx > 0 / 10s");
    rule.moved(0, 7);
    assert_eq!(rule.moved(1, 8), FIRING);
    assert_eq!(rule.moved(10, 8), NOTHING);
    assert_eq!(rule.moved(11, 8), RESOLVED);
}

#[test]
fn a_speed_must_hold_for_its_time_without_a_break() {
    let mut rule = Watched::new("rate.rx > 100B/s for 3s");
    assert_eq!(rule.moved(0, 0), NOTHING);
    assert!(rule.state.live.unknown.is_some_and(|why| why.contains("two readings")));
    assert_eq!(rule.moved(1, 200), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Pending);
    assert_eq!(rule.moved(3, 600), NOTHING);
    assert_eq!(rule.moved(4, 700), NOTHING, "100 is not more than 100: it begins anew");
    assert_eq!(rule.state.overall(), AlertState::Ok);
    for (at, rx) in [(5, 900), (6, 1100), (7, 1300)] {
        assert_eq!(rule.moved(at, rx), NOTHING);
    }
    let happened = rule.look(8, received(1_500), &[]);
    assert_eq!(
        happened[0].measured,
        Some(Measured { unit: Unit::BytesPerSecond, value: 200, threshold: 100 })
    );
    assert_eq!(rule.moved(9, 1_590), RESOLVED);
}

#[test]
fn memory_is_a_share_or_an_amount() {
    let reading =
        |used| Reading { memory_bytes: Some(used), installed_bytes: Some(1000), ..Reading::default() };
    let mut share = Watched::new("mem > 90%");
    assert_eq!(kinds(&share.look(0, reading(900), &[])), NOTHING);
    assert_eq!(kinds(&share.look(1, reading(901), &[])), FIRING);
    let mut amount = Watched::new("mem > 900B");
    let happened = amount.look(0, reading(901), &[]);
    assert_eq!(happened[0].measured, Some(Measured { unit: Unit::Bytes, value: 901, threshold: 900 }));
}

#[test]
fn each_share_of_a_cap_fires_once_a_month_with_a_forecast() {
    let mut rule = Watched::new("rx > 80%, 90%, 100% of 1000B / month");
    let at = |day: u64| NOVEMBER_S + day * DAY_S;
    rule.moved(at(0), 0);
    assert_eq!(rule.moved(at(10), 800), NOTHING);
    let happened = rule.look(at(10), received(850), &[]);
    let reached: Vec<_> = happened.iter().map(|happening| happening.reached_percent).collect();
    // At 85 a day all of it is reached after 11.76 days: on the 12th.
    let forecast = happened[0].forecast_at_unix_ms.map(|ms| ms / 1000 / DAY_S - NOVEMBER_S / DAY_S + 1);
    assert_eq!((reached, forecast), (vec![Some(80)], Some(12)));
    assert_eq!(rule.moved(at(11), 890), NOTHING);
    assert_eq!(rule.look(at(12), received(910), &[])[0].reached_percent, Some(90));
    let all = rule.look(at(13), received(2_000), &[]);
    assert_eq!((all[0].reached_percent, all[0].forecast_at_unix_ms), (Some(100), None));
    assert_eq!(rule.moved(at(29), 3_000), NOTHING);
    assert_eq!(rule.moved(at(30), 3_000), RESOLVED, "December");
    assert_eq!(rule.moved(at(31), 3_801), FIRING, "and again");
    assert_eq!(rule.state.fired, 4);
}

#[test]
fn a_share_that_is_reached_again_waits_for_the_cooldown_and_a_further_one_does_not() {
    let mut rule = Watched::new("rx > 50%, 90% of 1000B / 60s");
    rule.moved(0, 0);
    assert_eq!(rule.moved(1, 600), FIRING);
    assert_eq!(rule.moved(30, 950), FIRING, "a further share");
    assert_eq!(rule.moved(31, 950), NOTHING);
    // What was first is forgotten, but not so much that half of it is over.
    assert_eq!(rule.moved(60, 1_150), NOTHING);
    assert_eq!(rule.moved(61, 1_150), NOTHING);
    assert_eq!(rule.moved(62, 1_550), NOTHING, "it was told half a minute ago");
    for second in 63..30 + COOLDOWN_S {
        assert_eq!(rule.moved(second, 1_550 + (second - 62) * 16), NOTHING, "at {second}");
    }
    assert_eq!(rule.moved(30 + COOLDOWN_S, 1_550 + (COOLDOWN_S - 32) * 16), FIRING);
}

#[test]
fn a_cap_that_is_reached_at_a_jump_is_told_once_at_its_highest_share() {
    let mut rule = Watched::new("rx > 80%, 90%, 100% of 1000B / month");
    rule.moved(NOVEMBER_S, 0);
    let happened = rule.look(NOVEMBER_S + 1, received(950), &[]);
    assert_eq!((happened.len(), happened[0].reached_percent), (1, Some(90)));
}

#[test]
fn it_does_not_fire_again_before_its_cooldown_is_over() {
    let mut rule = Watched::new("cpu > 90%");
    assert_eq!(rule.cpu(0, 95), FIRING);
    assert_eq!(rule.cpu(1, 10), RESOLVED);
    assert_eq!(rule.state.overall(), AlertState::Resolved);
    assert_eq!(rule.cpu(2, 95), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Pending);
    assert_eq!(rule.cpu(299, 95), NOTHING);
    assert_eq!(rule.cpu(COOLDOWN_S, 95), FIRING);
    assert_eq!(rule.cpu(COOLDOWN_S + 1, 10), RESOLVED);
    assert_eq!(rule.cpu(2 * COOLDOWN_S, 10), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Ok);
}

#[test]
fn a_clock_set_back_a_year_does_not_stretch_the_cooldown() {
    let mut rule = Watched::new("cpu > 90%");
    assert_eq!(rule.cpu(NOVEMBER_S, 95), FIRING);
    assert_eq!(rule.cpu(NOVEMBER_S + 1, 10), RESOLVED);
    assert_eq!(rule.cpu(NOVEMBER_S - 365 * DAY_S, 95), FIRING);
}

#[test]
fn snoozed_it_waits_and_switched_off_it_forgets() {
    let mut rule = Watched::new("cpu > 90%");
    rule.snoozed = true;
    assert_eq!(rule.cpu(0, 95), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Pending);
    rule.snoozed = false;
    assert_eq!(rule.cpu(1, 95), FIRING, "it still holds");
    rule.snoozed = true;
    assert_eq!(rule.cpu(2, 10), RESOLVED, "an end is told");
    rule.enabled = false;
    assert_eq!(rule.cpu(3, 95), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Ok);
}

#[test]
fn switched_off_a_sum_goes_on() {
    let mut rule = Watched::new("rx > 1000B / 1d");
    rule.moved(0, 0);
    rule.enabled = false;
    assert_eq!(rule.moved(1, 5_000), NOTHING);
    rule.enabled = true;
    assert_eq!(rule.moved(2, 5_000), FIRING);
}

#[test]
fn what_is_not_known_ends_nothing_and_begins_nothing() {
    let mut rule = Watched::new("cpu > 90%");
    let unknown = Reading::default();
    assert_eq!(kinds(&rule.look(0, unknown, &[])), NOTHING);
    assert_eq!((rule.state.live.measured, rule.state.live.unknown.is_some()), (None, true));
    rule.cpu(1, 95);
    assert_eq!(kinds(&rule.look(2, unknown, &[])), NOTHING);
    assert_eq!(rule.state.overall(), AlertState::Firing);
    let mut lost = Watched::new("ledger.lost > 0");
    assert_eq!(kinds(&lost.look(0, received(5), &[])), NOTHING);
    assert!(lost.state.live.unknown.is_some_and(|why| why.contains("does not see what passes")));
    assert_eq!(lost.state.live.measured, None, "not 0");
}

#[test]
fn a_counter_that_began_anew_adds_nothing_that_was_not_seen() {
    let mut rule = Watched::new("rx > 1000B / 1d");
    rule.moved(0, 1_000_000);
    assert_eq!(rule.moved(1, 900), NOTHING);
    assert_eq!(rule.moved(2, 1_900), NOTHING);
    assert_eq!(rule.moved(3, 1_901), FIRING);
}

fn sighting(app: &str) -> Sighting<'_> {
    Sighting { app, moved: true, moved_in_background: false, is_new: false }
}

#[test]
fn each_new_application_is_told_once_and_over_when_it_is_quiet() {
    let mut rule = Watched::new("new application");
    let new = |app| Sighting { is_new: true, ..sighting(app) };
    assert!(rule.seen(0, &[sighting("curl")]).is_empty());
    let told = rule.seen(1, &[new("steam"), new("zoom")]);
    assert_eq!(told, [(EventKind::Firing, "steam".into()), (EventKind::Firing, "zoom".into())]);
    assert!(rule.seen(31, &[sighting("steam")]).is_empty());
    assert_eq!(rule.seen(61, &[]), [(EventKind::Resolved, "zoom".into())]);
    assert_eq!(rule.state.overall(), AlertState::Firing);
    assert_eq!(rule.seen(91, &[]), [(EventKind::Resolved, "steam".into())]);
    assert_eq!(rule.state.overall(), AlertState::Resolved);
    assert!(rule.seen(1000, &[]).is_empty());
    assert_eq!(rule.state.overall(), AlertState::Ok);
}

#[test]
fn an_application_that_came_while_the_rule_was_snoozed_is_told_afterwards() {
    let mut rule = Watched::new("new application");
    rule.snoozed = true;
    assert!(rule.seen(0, &[Sighting { is_new: true, ..sighting("steam") }]).is_empty());
    assert_eq!(rule.state.overall(), AlertState::Pending);
    assert!(rule.seen(1000, &[]).is_empty());
    rule.snoozed = false;
    assert_eq!(rule.seen(1001, &[]), [(EventKind::Firing, "steam".into())]);
    assert_eq!(rule.seen(1061, &[]), [(EventKind::Resolved, "steam".into())]);

    let mut rule = Watched::new("background application moves data");
    rule.snoozed = true;
    assert!(rule.seen(0, &[Sighting { moved_in_background: true, ..sighting("cron") }]).is_empty());
    rule.snoozed = false;
    assert!(rule.seen(1, &[]).is_empty(), "it does not move anything any more");
}

#[test]
fn a_background_application_is_told_again_only_after_the_cooldown() {
    let mut rule = Watched::new("background application moves data until quiet for 5s");
    let hidden = || Sighting { moved_in_background: true, ..sighting("cron") };
    assert!(rule.seen(0, &[sighting("cron")]).is_empty());
    assert_eq!(rule.seen(1, &[hidden()]), [(EventKind::Firing, "cron".into())]);
    assert!(rule.seen(4, &[hidden()]).is_empty());
    assert_eq!(rule.seen(9, &[]), [(EventKind::Resolved, "cron".into())]);
    assert!(rule.seen(10, &[hidden()]).is_empty());
    assert_eq!(rule.seen(COOLDOWN_S + 1, &[hidden()]), [(EventKind::Firing, "cron".into())]);
}

#[test]
fn a_crowd_of_applications_is_bounded() {
    let mut rule = Watched::new("new application");
    let names: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let crowd: Vec<_> = names.iter().map(|name| Sighting { is_new: true, ..sighting(name) }).collect();
    assert_eq!(rule.seen(0, &crowd).len(), SUBJECTS);
    assert_eq!(rule.state.subjects.len(), SUBJECTS);
}

proptest! {
    #[test]
    fn beginnings_and_ends_take_turns(
        steps in proptest::collection::vec((1_u64..400, 0_u64..120), 1..200),
        text in proptest::sample::select(&["cpu > 50%", "cpu > 50% for 60s", "cpu > 50% until < 20%"][..]),
    ) {
        let mut rule = Watched::new(text);
        let (mut at, mut firing) = (0, false);
        for (wait, percent) in steps {
            at += wait;
            for kind in rule.cpu(at, percent) {
                prop_assert_eq!(kind == EventKind::Firing, !firing);
                firing = !firing;
            }
            prop_assert_eq!(firing, rule.state.overall() == AlertState::Firing);
        }
    }

    #[test]
    fn no_share_of_a_cap_is_told_twice_in_a_month(
        steps in proptest::collection::vec((1_u64..DAY_S, 0_u64..300), 1..100),
    ) {
        let mut rule = Watched::new("rx > 50%, 80%, 100% of 1kB / month");
        let calendar = Calendar::new(TimeZone::UTC, 1);
        let (mut at, mut total, mut told) = (NOVEMBER_S, 0, std::collections::BTreeSet::new());
        for (wait, bytes) in steps {
            at += wait;
            total += bytes;
            for happening in rule.look(at, received(total), &[]) {
                if happening.kind == EventKind::Firing {
                    let month = Bounds::of(Period::Month, at * 1000, &calendar).unwrap().from_unix_ms;
                    prop_assert!(told.insert((month, happening.reached_percent)), "{:?}", happening);
                }
            }
        }
    }
}
