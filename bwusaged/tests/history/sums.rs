//! However time is cut and whoever asks: the bytes are those that were counted.

use bwusage_proto::{
    history::{Amount, Bucket, HistoryFilter, HistoryQuery, MAX_POINTS, Per, SeriesKey},
    process::UserId,
    units::Scope,
};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::machine::{Machine, at, bytes, process, question, residual, rx};

const HOUR_S: i64 = 3600;
const PERS: [Per; 5] = [Per::Total, Per::App, Per::User, Per::Scope, Per::Category];
const BUCKETS: [Bucket; 5] = [Bucket::Minute, Bucket::Hour, Bucket::Day, Bucket::Month, Bucket::Whole];

#[derive(Debug, Clone)]
enum Step {
    Move {
        after_s: u32,
        app: u8,
        scope: u8,
        bytes: u64,
    },
    Flush,
    Restart {
        after_s: u32,
    },
    /// The machine is in another time zone when it starts again.
    Travel {
        to: &'static str,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..2400_u32, 0..30_u8, 0..3_u8, 1..1_000_000_u64)
            .prop_map(|(after_s, app, scope, bytes)| Step::Move { after_s, app, scope, bytes }),
        3 => Just(Step::Flush),
        1 => (0..40_000_u32).prop_map(|after_s| Step::Restart { after_s }),
        1 => prop::sample::select(vec!["UTC", "Asia/Kathmandu", "America/Los_Angeles", "Pacific/Kiritimati"])
            .prop_map(|to| Step::Travel { to }),
    ];
    prop::collection::vec(step, 1..160)
}

/// Zones and moments shortly before their clocks change, by an hour or by half of one, at midnight or not.
fn places() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("Europe/Berlin", "2026-03-28T20:00:00Z"),
        ("Europe/Berlin", "2026-10-24T20:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T10:00:00Z"),
        ("Asia/Beirut", "2025-03-29T20:00:00Z"),
        ("Asia/Kolkata", "2026-12-31T10:00:00Z"),
        ("UTC", "2024-02-28T20:00:00Z"),
    ])
}

/// Plays the steps; what was counted and stored, in all and of the user 0.
fn play(machine: &mut Machine, steps: &[Step]) -> (u64, u64) {
    let (mut stored, mut waiting, mut instance) = ([0, 0], [0, 0], 1);
    for step in steps {
        match *step {
            Step::Move { after_s, app, scope, bytes } => {
                let mover =
                    if app == 29 { residual() } else { process(&format!("app{app}"), u32::from(app % 3)) };
                machine.tick(after_s, &[(mover, rx(Scope::ALL[usize::from(scope)], bytes))]);
                waiting[0] += bytes;
                waiting[1] += if app != 29 && app % 3 == 0 { bytes } else { 0 };
            }
            Step::Flush => {
                machine.flush().unwrap();
                stored = [stored[0] + waiting[0], stored[1] + waiting[1]];
                waiting = [0, 0];
            }
            Step::Restart { after_s } => {
                instance += 1;
                machine.restart(after_s, instance);
                waiting = [0, 0];
            }
            Step::Travel { to } => {
                instance += 1;
                machine.settings.time_zone = TimeZone::get(to).ok();
                machine.restart(0, instance);
                waiting = [0, 0];
            }
        }
    }
    machine.flush().unwrap();
    (stored[0] + waiting[0], stored[1] + waiting[1])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn minutes_hours_days_and_months_add_up_to_what_was_counted(
        (zone, begin) in places(),
        steps in steps(),
        top in prop::sample::select(vec![0, 1, 2, 7]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut machine = Machine::new(dir.path().join("h.sqlite3"), zone, at(begin));
        let (all, own) = play(&mut machine, &steps);
        // A day that was booked in another zone counts where its middle is, so the ends of a range are less sharp.
        let margin_s = if steps.iter().any(|step| matches!(step, Step::Travel { .. })) { 2 * 24 * HOUR_S } else { 0 };
        let (from, to) = (at(begin) - margin_s, machine.now + 1 + margin_s);
        for (per, bucket) in PERS.into_iter().flat_map(|per| BUCKETS.map(|bucket| (per, bucket))) {
            let question = HistoryQuery { top, ..question(from, to, bucket, per) };
            let answer = machine.ask(&question, None).unwrap();
            prop_assert_eq!(bytes(&answer), [all; 2], "{:?} {:?}", per, bucket);
            // A viewer who sees no others sees their sum.
            let theirs = machine.ask(&question, Some(0)).unwrap();
            prop_assert_eq!(bytes(&theirs), [all; 2], "{:?} {:?} of one user", per, bucket);
            // In another time zone the same bytes are in other buckets.
            let elsewhere = HistoryQuery { time_zone: Some("America/St_Johns".into()), ..question };
            prop_assert_eq!(bytes(&machine.ask(&elsewhere, None).unwrap()), [all; 2], "{:?} {:?} elsewhere", per, bucket);
        }
        let filter = HistoryFilter { users: vec![UserId::Uid(0)], ..HistoryFilter::default() };
        for bucket in BUCKETS {
            let of_user = HistoryQuery { filter: filter.clone(), ..question(from, to, bucket, Per::Total) };
            prop_assert_eq!(bytes(&machine.ask(&of_user, None).unwrap()), [own; 2]);
        }
    }
}

#[test]
fn the_more_buckets_the_fewer_series_are_told_apart_and_none_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-03-01T00:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "UTC", begin);
    let moved: Vec<_> =
        (1..=60_u64).map(|app| (process(&format!("app{app}"), 0), rx(Scope::Internet, app))).collect();
    machine.tick(60, &moved);
    machine.flush().unwrap();
    let (buckets, all) = (10_000, (1..=60).sum::<u64>());
    let question = HistoryQuery { top: 0, ..question(begin, begin + buckets * 60, Bucket::Minute, Per::App) };
    let answer = machine.ask(&question, None).unwrap();
    let most = MAX_POINTS / usize::try_from(buckets).unwrap();
    let named = answer.series.iter().filter(|series| matches!(series.key, SeriesKey::App(_))).count();
    assert_eq!((named, bytes(&answer)), (most, [all; 2]));
    assert!(answer.series.iter().any(|series| series.key == SeriesKey::Other(60 - most as u32)));
}

#[test]
fn the_largest_are_the_same_ones_whether_all_is_read_or_only_they() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-03-01T00:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "Europe/Berlin", begin);
    for step in 0..1000_u32 {
        let app = step % 40;
        machine
            .tick(600, &[(process(&format!("app{app:02}"), 0), rx(Scope::Lan, u64::from(app) * 1000 + 1))]);
        if step % 10 == 0 {
            machine.flush().unwrap();
        }
    }
    machine.flush().unwrap();
    // 40 applications in 10,000 minutes are more than are all read.
    let ask = |top| {
        let question = HistoryQuery { top, ..question(begin, machine.now + 1, Bucket::Minute, Per::App) };
        machine.ask(&question, None).unwrap()
    };
    let (all, some) = (ask(0), ask(3));
    assert_eq!(some.series[..3], all.series[..3]);
    assert_eq!(some.series[0].key, SeriesKey::App("app39".into()));
    assert_eq!(some.series[3].key, SeriesKey::Other(37));
    assert_eq!(bytes(&some), bytes(&all));
    assert!(some.series[3].points.iter().flatten().any(|point| point.bytes() > 0));
}

#[test]
fn a_span_in_which_nobody_counted_is_a_gap_and_one_without_traffic_is_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-05-01T10:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "UTC", begin);
    let firefox = || vec![(process("firefox", 1), rx(Scope::Internet, 70))];
    machine.tick(0, &firefox());
    machine.tick(HOUR_S as u32 - 1, &[]);
    machine.tick(HOUR_S as u32, &[]);
    machine.flush().unwrap();
    machine.restart(3 * HOUR_S as u32 + 2, 2);
    machine.tick(0, &[]);
    machine.tick(1, &firefox());
    machine.flush().unwrap();
    let answer = machine.ask(&question(begin, begin + 6 * HOUR_S, Bucket::Hour, Per::App), None).unwrap();
    let amount =
        |rx_bytes| Some(Amount { rx_bytes, rx_packets: Some(u64::from(rx_bytes > 0)), ..Amount::ZERO });
    assert_eq!(answer.series.len(), 1);
    assert_eq!(answer.series[0].points, [amount(70), amount(0), None, None, None, amount(70)]);
    let covered: Vec<_> = answer.head.unwrap().buckets.iter().map(|bucket| bucket.covered_s).collect();
    assert_eq!(covered, [3600, 3599, 0, 0, 0, 1]);
}

#[test]
fn a_clock_that_was_set_back_books_nothing_twice_and_covers_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-05-01T10:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "UTC", begin);
    let moved = || vec![(process("firefox", 1), rx(Scope::Internet, 100))];
    for _ in 0..180 {
        machine.tick(60, &moved());
    }
    machine.flush().unwrap();
    // Two hours back, and through the same hours once more.
    machine.now -= 2 * HOUR_S;
    for _ in 0..60 {
        machine.tick(60, &moved());
    }
    machine.flush().unwrap();
    for bucket in BUCKETS {
        let answer = machine.ask(&question(begin, begin + 4 * HOUR_S, bucket, Per::App), None).unwrap();
        assert_eq!(bytes(&answer), [24_000; 2], "{bucket:?}");
        let head = answer.head.unwrap();
        let ends = head.buckets.iter().skip(1).map(|bucket| bucket.start_unix_s).chain([head.end_unix_s]);
        for (span, end) in head.buckets.iter().zip(ends) {
            assert!(i64::from(span.covered_s) <= end - span.start_unix_s, "{bucket:?} {span:?}");
        }
    }
    // A year back: it is told as it was, a year ago.
    machine.now -= 365 * 24 * HOUR_S;
    machine.tick(60, &moved());
    machine.flush().unwrap();
    let ago = question(machine.now - HOUR_S, machine.now + HOUR_S, Bucket::Day, Per::Total);
    assert_eq!(bytes(&machine.ask(&ago, None).unwrap()), [100; 2]);
}

#[test]
fn one_user_who_may_see_no_others_learns_nothing_of_them_by_filters() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-05-01T10:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "UTC", begin);
    machine.tick(0, &[(process("mine", 1), rx(Scope::Lan, 10)), (process("secret", 2), rx(Scope::Lan, 500))]);
    machine.tick(7200, &[(process("secret", 2), rx(Scope::Lan, 500))]);
    machine.flush().unwrap();
    let whole = question(begin, machine.now + 1, Bucket::Hour, Per::App);
    let keys = |answer: &bwusage_proto::history::History| {
        answer.series.iter().map(|series| (series.key.clone(), series.total.rx_bytes)).collect::<Vec<_>>()
    };
    let seen = machine.ask(&whole, Some(1)).unwrap();
    assert_eq!(keys(&seen), [(SeriesKey::App("mine".into()), 10), (SeriesKey::OtherUsers, 1000)]);
    for per in PERS {
        let of_app = HistoryFilter { apps: vec!["secret".into()], ..HistoryFilter::default() };
        let of_user = HistoryFilter { users: vec![UserId::Uid(2)], ..HistoryFilter::default() };
        for filter in [of_app, of_user] {
            let choosy = HistoryQuery { filter, per, ..whole.clone() };
            assert_eq!(bytes(&machine.ask(&choosy, Some(1)).unwrap()), [0; 2], "{per:?}");
            assert_eq!(bytes(&machine.ask(&choosy, None).unwrap()), [1000; 2], "{per:?}");
        }
    }
}

#[test]
fn what_is_too_old_is_forgotten_finest_first_and_months_still_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let begin = at("2026-01-01T00:00:00Z");
    let mut machine = Machine::new(dir.path().join("h.sqlite3"), "UTC", begin);
    machine.settings.retention = bwusaged::history::Retention::default();
    machine.restart(0, 9);
    let moved = || vec![(process("firefox", 1), rx(Scope::Internet, 10))];
    for _ in 0..200 {
        machine.tick(12 * HOUR_S as u32, &moved());
        machine.flush().unwrap();
    }
    let mut collector = bwusaged::history::collect::Collector::default();
    machine.keeper.flush(|| collector.take(), machine.now, true).unwrap();
    let connection = bwusaged::history::fault::open_for_reading(&machine.settings.file).unwrap();
    let oldest = |tier: &str| -> i64 {
        connection.query_row(&format!("SELECT min(start) FROM {tier}"), [], |row| row.get(0)).unwrap()
    };
    assert!(
        oldest("minutes") >= machine.now - 48 * HOUR_S && oldest("hours") >= machine.now - 90 * 24 * HOUR_S
    );
    assert_eq!(oldest("days"), begin);
    let whole = |bucket| machine.ask(&question(begin, machine.now + 1, bucket, Per::App), None).unwrap();
    assert_eq!((bytes(&whole(Bucket::Day)), bytes(&whole(Bucket::Month))), ([2000; 2], [2000; 2]));
    assert_eq!(bytes(&whole(Bucket::Whole)), [2000; 2]);
    // Hours that are not kept are not told as nothing.
    let hours = whole(Bucket::Hour);
    assert_eq!(hours.series[0].points[12], None);
    assert!(hours.head.unwrap().notes.iter().any(|note| note.contains("larger buckets")));
}
