use bwusage_proto::{
    alert::{Measured, Unit},
    history::{Amount, BucketSpan, HistoryHead, Meaning},
    process::UserId,
};
use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{
    alerts::tests::machine::{ALICE, BOB, Machine},
    server::access::{Policy, Visibility},
};

/// The present.
const NOW: &str = "2026-11-10T12:00:00Z";

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn utc() -> Calendar {
    Calendar::new(TimeZone::UTC, 1)
}

/// What was: who received how much when, and when nobody counted.
struct Past {
    moved: Vec<(&'static str, i64, u64)>,
    gap: (i64, i64),
    oldest: Option<i64>,
    retention: Retention,
}

impl Past {
    fn new(moved: &[(&'static str, &str, u64)]) -> Self {
        Self::of(moved.iter().map(|&(app, when, bytes)| (app, at(when), bytes)).collect())
    }

    fn of(moved: Vec<(&'static str, i64, u64)>) -> Self {
        Self { moved, gap: (0, 0), oldest: Some(at("2026-01-01T00:00:00Z")), retention: Retention::default() }
    }

    /// As the history would answer.
    fn answer(&self, query: &HistoryQuery) -> History {
        let mut borders = utc().cut(query.bucket, query.from_unix_s, query.to_unix_s, 20_000).unwrap();
        let end_unix_s = borders.pop().unwrap();
        let bounds: Vec<(i64, i64)> = spans(borders.iter().copied(), end_unix_s).collect();
        let (oldest, now) = (self.oldest.unwrap_or(i64::MAX), at(NOW));
        let covered = |&(from, to): &(i64, i64)| {
            let gap = (to.min(self.gap.1) - from.max(self.gap.0)).max(0);
            u32::try_from((to.min(now) - from.max(oldest)).max(0) - gap).unwrap()
        };
        let fits =
            |app: &str| query.filter.apps.is_empty() || query.filter.apps.iter().any(|asked| asked == app);
        let mut apps: Vec<Option<&str>> = match query.per {
            Per::App => self.moved.iter().map(|(app, ..)| Some(*app)).collect(),
            _ => vec![None],
        };
        apps.sort_unstable();
        apps.dedup();
        let series = apps.into_iter().map(|app| {
            let points = bounds.iter().map(|span| {
                let inside = self.moved.iter().filter(|(_, when, _)| (span.0..span.1).contains(when));
                let of_app = inside.filter(|(name, ..)| fits(name) && app.is_none_or(|app| app == *name));
                let rx_bytes = of_app.map(|(.., bytes)| bytes).sum();
                (covered(span) > 0).then_some(Amount { rx_bytes, ..Amount::ZERO })
            });
            let points: Vec<Option<Amount>> = points.collect();
            let mut total = Amount::ZERO;
            points.iter().flatten().for_each(|amount| total += *amount);
            let key = app.map_or(SeriesKey::Total, |app| SeriesKey::App(app.into()));
            Series { key, total, points }
        });
        let buckets =
            bounds.iter().map(|span| BucketSpan { start_unix_s: span.0, covered_s: covered(span) }).collect();
        let head = HistoryHead {
            bucket: query.bucket,
            per: query.per,
            buckets,
            end_unix_s,
            time_zone: "UTC".into(),
            billing_day: 1,
            resolution: query.bucket,
            meaning: Meaning::Wire,
            oldest_unix_s: self.oldest,
            notes: vec![],
        };
        History { head: Some(head), series: series.collect(), host: vec![] }
    }

    fn run(&self, text: &str) -> Told {
        self.run_new(&NewRule { cooldown_s: 0, ..NewRule::new(text).unwrap() })
    }

    fn run_new(&self, new: &NewRule) -> Told {
        let mut run = begin(new, &ALICE, Policy::default(), &self.retention);
        for question in run.questions() {
            let answer = Reply::History(Box::new(self.answer(&question)));
            run.hear(&[answer.encode(false).unwrap()]);
        }
        run.told()
    }
}

fn begin(new: &NewRule, asker: &UserId, policy: Policy, retention: &Retention) -> DryRun {
    let alerts = Alerts::new(None, 1, policy, utc());
    let mut machine = Machine::new();
    machine.tick();
    let asker = Asker { user: asker.clone(), administrator: false };
    alerts.dry_run(&asker, new, ms(at(NOW)), &machine.store, retention).unwrap()
}

fn when(told: &Told) -> Vec<String> {
    let moment = |firing: &Firing| Timestamp::from_millisecond(firing.at_unix_ms.cast_signed()).unwrap();
    told.firings.iter().map(|firing| moment(firing).to_string()).collect()
}

#[test]
fn a_sum_fires_once_each_time_that_it_was_too_much_to_the_minute_where_minutes_are_kept() {
    let past = Past::new(&[
        ("curl", "2026-10-20T05:10:00Z", 1500),
        ("curl", "2026-10-20T05:50:00Z", 1500),
        ("steam", "2026-10-30T05:50:00Z", 1500),
        ("curl", "2026-11-09T20:31:07Z", 600),
        ("curl", "2026-11-09T20:45:59Z", 600),
    ]);
    let told = past.run("app curl: rx > 1kB / 1h");
    assert_eq!(told.fired, Some(2));
    assert_eq!(when(&told), ["2026-10-20T05:00:00Z", "2026-11-09T20:45:00Z"]);
    assert_eq!(told.steps, [Bucket::Hour, Bucket::Minute]);
    assert_eq!(told.firings[1].measured, Some(Measured { unit: Unit::Bytes, value: 1200, threshold: 1000 }));
    assert_eq!((told.counted_s, told.unknown, told.notes.len()), (u64::from(DRY_RUN_S), None, 0));
    assert_eq!(told.from_unix_ms, ms(at("2026-10-11T12:00:00Z")));
}

#[test]
fn a_month_that_began_before_is_whole_and_each_share_of_a_cap_is_told() {
    let past = Past::new(&[
        ("curl", "2026-10-02T00:00:00Z", 850),
        ("curl", "2026-10-30T10:00:00Z", 100),
        ("curl", "2026-10-31T23:59:59Z", 100),
        ("curl", "2026-11-01T00:00:00Z", 950),
    ]);
    let told = past.run("app curl: total > 80%, 90%, 100% of 1kB / month");
    let reached: Vec<_> = told.firings.iter().map(|firing| firing.reached_percent).collect();
    assert_eq!(reached, [Some(90), Some(100), Some(90)], "80% was reached too long ago: {told:#?}");
    assert_eq!(when(&told), ["2026-10-30T10:00:00Z", "2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z"]);
    assert_eq!(told.fired, Some(3));
}

#[test]
fn steps_are_added_up_only_where_they_are_within_the_time_of_the_rule() {
    let past = Past::new(&[("curl", "2026-10-20T05:50:00Z", 700), ("curl", "2026-10-20T06:10:00Z", 700)]);
    assert_eq!(past.run("app curl: rx > 1kB / 1h").fired, Some(0));
    assert_eq!(past.run("app curl: rx > 1kB / 2h").fired, Some(1));
    assert_eq!(past.run("app curl: rx > 1kB / 1d").fired, Some(1));
    assert_eq!(past.run("app curl: rx > 1kB / day").fired, Some(1));
    let night = Past::new(&[("curl", "2026-10-20T23:50:00Z", 700), ("curl", "2026-10-21T00:10:00Z", 700)]);
    assert_eq!(night.run("app curl: rx > 1kB / day").fired, Some(0));
    assert_eq!(night.run("app curl: rx > 1kB / 1d").fired, Some(1));
}

#[test]
fn a_rule_that_is_shorter_than_an_hour_is_looked_for_where_minutes_are_kept() {
    let past = Past::new(&[("curl", "2026-10-20T05:50:00Z", 5000), ("curl", "2026-11-09T05:50:00Z", 5000)]);
    let told = past.run("app curl: rx > 1kB / 10m");
    assert_eq!((told.fired, told.steps.as_slice()), (Some(1), &[Bucket::Minute][..]));
    assert_eq!(told.from_unix_ms, ms(at("2026-11-08T13:00:00Z")), "within the 48 hours that are kept");
    assert_eq!(told.counted_s, 47 * 3600);
    assert!(told.notes[0].contains("longer than the rule"), "{told:?}");
}

#[test]
fn where_hours_are_forgotten_days_stand_in() {
    let mut past = Past::new(&[("curl", "2026-10-20T05:50:00Z", 700), ("curl", "2026-10-20T06:10:00Z", 700)]);
    past.retention.hours_d = 5;
    let told = past.run("app curl: rx > 1kB / day");
    assert_eq!(told.steps, [Bucket::Day, Bucket::Hour, Bucket::Minute]);
    assert_eq!((told.fired, when(&told)), (Some(1), vec!["2026-10-20T00:00:00Z".to_owned()]));
}

#[test]
fn time_in_which_nobody_counted_is_not_counted_and_is_no_reason_to_fire() {
    let mut past = Past::new(&[("curl", "2026-10-20T05:50:00Z", 5000)]);
    past.gap = (at("2026-10-20T00:00:00Z"), at("2026-10-22T00:00:00Z"));
    let told = past.run("app curl: rx > 1kB / 1d");
    assert_eq!((told.fired, told.counted_s), (Some(0), 28 * 86_400));
}

#[test]
fn a_history_that_is_younger_says_so() {
    let mut past = Past::new(&[("curl", "2026-11-08T05:50:00Z", 5000)]);
    past.oldest = Some(at("2026-11-08T00:00:00Z"));
    let told = past.run("app curl: rx > 1kB / 1d");
    assert_eq!((told.fired, told.from_unix_ms), (Some(1), ms(at("2026-11-08T00:00:00Z"))));
    assert_eq!((told.counted_s, told.notes), (60 * 3600, vec!["nothing is known before".to_owned()]));
    past.oldest = None;
    let told = past.run("app curl: rx > 1kB / 1d");
    assert_eq!((told.fired, told.unknown.as_deref()), (None, Some(NOTHING)));
}

#[test]
fn a_new_application_is_one_that_did_not_move_data_before() {
    let mut past = Past::new(&[
        ("curl", "2026-09-01T00:00:00Z", 5),
        ("curl", "2026-10-20T00:00:00Z", 5),
        ("steam", "2026-10-20T07:00:00Z", 5),
        ("steam", "2026-10-25T07:00:00Z", 5),
        ("zoom", "2026-11-09T07:00:00Z", 5),
    ]);
    let told = past.run("new application");
    let subjects = |told: &Told| -> Vec<String> {
        told.firings.iter().map(|firing| firing.subject.clone().unwrap()).collect()
    };
    assert_eq!((told.fired, subjects(&told)), (Some(2), vec!["steam".into(), "zoom".into()]));
    assert_eq!(when(&told), ["2026-10-20T00:00:00Z", "2026-11-09T00:00:00Z"]);
    assert_eq!(told.steps, [Bucket::Day]);
    past.oldest = Some(at("2026-10-20T00:00:00Z"));
    past.moved.remove(0);
    let told = past.run("new application");
    assert_eq!(subjects(&told), ["zoom"], "what was there on the first day is no news");
}

#[test]
fn what_no_history_tells_has_a_reason_instead_of_a_number() {
    let past = Past::new(&[]);
    for (text, reason) in [
        ("rate.tx > 5MB/s for 30s", "how fast data went"),
        ("cpu > 90% for 60s", "not every reading"),
        ("mem > 90%", "not every reading"),
        ("background application moves data", "how long applications paused"),
        ("ledger.lost > 0", "when bytes were lost"),
        ("rx > 1kB / 30s", "by the minute"),
        ("unit nginx.service: rx > 1kB / 1d", "units and containers"),
    ] {
        let told = past.run(text);
        assert!(told.unknown.as_ref().is_some_and(|unknown| unknown.contains(reason)), "{text}: {told:?}");
        assert_eq!((told.fired, told.counted_s, told.steps.len()), (None, 0, 0), "{text}");
    }
}

#[test]
fn an_answer_that_did_not_come_is_not_taken_for_nothing() {
    let run =
        begin(&NewRule::new("rx > 1kB / 1d").unwrap(), &ALICE, Policy::default(), &Retention::default());
    assert_eq!(run.told().unknown.as_deref(), Some(NOT_ASKED));
}

#[test]
fn nobody_runs_a_rule_over_what_they_may_not_see() {
    let own = Policy { visibility: Visibility::Own, group: None };
    let asked = |text: &str| {
        let run = begin(&NewRule::new(text).unwrap(), &ALICE, own, &Retention::default());
        let users: Vec<_> = run.questions().into_iter().map(|query| query.filter.users).collect();
        (users, run.told().unknown)
    };
    let (users, _) = asked("app curl: rx > 1kB / 1d");
    assert!(!users.is_empty() && users.iter().all(|users| *users == [ALICE]), "{users:?}");
    for of_bob in [format!("user {BOB}: rx > 1kB / 1d"), format!("user {BOB}: new application")] {
        let (users, unknown) = asked(&of_bob);
        assert!(users.is_empty() && unknown.is_some_and(|unknown| unknown.contains("not yours")), "{of_bob}");
    }
}

#[test]
fn of_many_firings_the_newest_are_told_and_all_are_counted() {
    let moments: Vec<String> =
        (0..150).map(|n| format!("2026-11-09T{:02}:{:02}:00Z", n / 10, n % 10 * 5)).collect();
    let moved: Vec<_> = moments.iter().map(|moment| ("curl", moment.as_str(), 2000)).collect();
    let told = Past::new(&moved).run("app curl: rx > 1kB / 1m");
    assert_eq!((told.fired, told.firings.len()), (Some(150), MAX_FIRINGS));
    assert_eq!(when(&told).last().map(String::as_str), Some("2026-11-09T14:45:00Z"));
}

/// When `new` would have fired, and at which share, had it been watched for the last `minutes` in which `moved` bytes were received.
fn watched(new: &NewRule, moved: &[u64]) -> Vec<(u64, Option<u16>)> {
    let rule = Rule::parse(&new.text).unwrap();
    let plan =
        Plan { rule: &rule, cooldown_ms: u64::from(new.cooldown_s) * 1000, enabled: true, snoozed: false };
    let (mut state, mut rx, mut fired) = (State::default(), 0, Vec::new());
    let begin = at(NOW) - MINUTE_S * i64::try_from(moved.len()).unwrap();
    for (start, bytes) in (begin..).step_by(60).map(ms).zip(moved) {
        for (at, bytes) in [(start, 0), (start + 59_999, *bytes)] {
            rx += bytes;
            let reading = Reading { moved: Some(Moved { rx, tx: 0 }), ..Reading::default() };
            let now = Moment { unix_ms: at, steady_ms: at };
            let happened = evaluate(&plan, &mut state, &reading, &[], now, &utc());
            let firings = happened.into_iter().filter(|happening| happening.kind == EventKind::Firing);
            fired.extend(firings.map(|happening| (start, happening.reached_percent)));
        }
    }
    fired
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_would_have_fired_when_it_did(
        bursts in proptest::collection::vec((0_usize..2700, 1_u64..1500), 0..60),
        text in proptest::sample::select(&[
            "app curl: rx > 1kB / 1h",
            "app curl: rx > 1kB / 10m until < 100B",
            "app curl: rx > 2kB / day",
            "app curl: total > 30%, 60%, 100% of 5kB / day",
            "app curl: total > 50%, 90% of 20kB / month",
        ][..]),
        cooldown_s in proptest::sample::select(&[0, 300, 7200][..]),
    ) {
        let mut moved = vec![0; 2700];
        for (minute, bytes) in bursts {
            moved[minute] += bytes;
        }
        let begin = at(NOW) - 2700 * MINUTE_S;
        let past = (begin..).step_by(60).zip(&moved).map(|(start, bytes)| ("curl", start + 7, *bytes));
        let new = NewRule { cooldown_s, ..NewRule::new(text).unwrap() };
        let told = Past::of(past.filter(|(.., bytes)| *bytes > 0).collect()).run_new(&new);
        let fired: Vec<_> = told.firings.iter().map(|firing| (firing.at_unix_ms, firing.reached_percent)).collect();
        prop_assert_eq!(fired, watched(&new, &moved));
    }
}
