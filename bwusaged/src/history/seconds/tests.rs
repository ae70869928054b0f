use bwusage_proto::{
    history::{Bucket, History, HistoryFilter, HistoryQuery, Per, SeriesKey},
    process::UserId,
};
use jiff::tz::TimeZone;

use super::*;
use crate::{
    calendar::Calendar,
    history::{
        Retention,
        query::{Asker, QueryError, Terms, seconds::answer},
    },
};

const BEGIN: i64 = 1_700_000_000;

fn process(app: &str, uid: u32) -> Mover {
    Mover::Process { app: app.into(), user: Some(UserId::Uid(uid)), category: None }
}

fn rx(scope: Scope, rx_bytes: u64) -> Counters {
    let mut counters = Counters::default();
    counters[scope].wire.rx_bytes = rx_bytes;
    counters
}

fn tick(seconds: &mut Seconds, at: i64, grown: &[(Mover, Counters)]) {
    let host = HostSums { cpu_ticks: 1, cpu_centipercent: 700, cpu_peak: 700, ..HostSums::default() };
    seconds.tick(BEGIN + at, Span { number: 1, from: BEGIN, to: BEGIN + at }, grown, &host);
}

fn question(from: i64, to: i64, per: Per) -> HistoryQuery {
    HistoryQuery {
        from_unix_s: BEGIN + from,
        to_unix_s: BEGIN + to,
        bucket: Bucket::Second,
        per,
        filter: HistoryFilter::default(),
        top: 0,
        time_zone: None,
        billing_day: None,
    }
}

fn ask_as(seconds: &Seconds, query: &HistoryQuery, asker: &Asker, now: i64) -> Result<History, QueryError> {
    let terms =
        Terms { home: Calendar::new(TimeZone::UTC, 1), retention: Retention::default(), now: BEGIN + now };
    answer(seconds, query, asker, &terms)
}

fn ask(seconds: &Seconds, query: &HistoryQuery, now: i64) -> History {
    ask_as(seconds, query, &Asker::default(), now).unwrap()
}

fn totals(history: &History) -> Vec<(SeriesKey, u64)> {
    history.series.iter().map(|series| (series.key.clone(), series.total.rx_bytes)).collect()
}

/// Two users in three seconds, with two ticks in the first.
fn moved() -> Seconds {
    let mut seconds = Seconds::default();
    let (a, b) = (process("a", 1), process("b", 2));
    tick(&mut seconds, 0, &[(a.clone(), rx(Scope::Lan, 1))]);
    tick(&mut seconds, 0, &[(a.clone(), rx(Scope::Lan, 2)), (b, rx(Scope::Internet, 50))]);
    tick(&mut seconds, 1, &[]);
    tick(&mut seconds, 2, &[(a, rx(Scope::Internet, 4))]);
    tick(&mut seconds, 3, &[]);
    seconds
}

#[test]
fn every_second_has_what_moved_in_it_whoever_it_is_asked_for() {
    let seconds = moved();
    let app = |name: &str| SeriesKey::App(name.into());
    let apps = ask(&seconds, &question(0, 3, Per::App), 3);
    assert_eq!(totals(&apps), [(app("b"), 50), (app("a"), 7)]);
    let points: Vec<_> = apps.series[1].points.iter().map(|point| point.unwrap().rx_bytes).collect();
    assert_eq!(points, [3, 0, 4]);
    let scopes = ask(&seconds, &question(0, 3, Per::Scope), 3);
    assert_eq!(totals(&scopes), [(SeriesKey::Scope(Scope::Internet), 54), (SeriesKey::Scope(Scope::Lan), 3)]);
    for per in [Per::Total, Per::User, Per::Category] {
        let sum: u64 = totals(&ask(&seconds, &question(0, 3, per), 3)).iter().map(|(_, bytes)| bytes).sum();
        assert_eq!(sum, 57, "{per:?}");
    }
    let one = HistoryQuery { top: 1, ..question(0, 3, Per::App) };
    assert_eq!(totals(&ask(&seconds, &one, 3)), [(app("b"), 50), (SeriesKey::Other(1), 7)]);
    let machine = ask(&seconds, &question(0, 3, Per::Host), 3);
    assert_eq!(machine.host[2].unwrap().cpu_centipercent, Some(700));
    assert_eq!(machine.head.unwrap().resolution, Bucket::Second);
}

#[test]
fn filters_and_who_asks_count_as_they_do_elsewhere() {
    let seconds = moved();
    let lan = HistoryFilter { scopes: vec![Scope::Lan], ..HistoryFilter::default() };
    let query = HistoryQuery { filter: lan, ..question(0, 3, Per::Total) };
    assert_eq!(totals(&ask(&seconds, &query, 3)), [(SeriesKey::Total, 3)]);
    let own = Asker { only: Some(UserId::Uid(1)), ..Asker::default() };
    let seen = ask_as(&seconds, &question(0, 3, Per::App), &own, 3).unwrap();
    assert_eq!(totals(&seen), [(SeriesKey::App("a".into()), 7), (SeriesKey::OtherUsers, 50)]);
}

#[test]
fn a_second_without_traffic_is_nothing_and_one_that_nobody_counted_is_a_gap() {
    let mut seconds = moved();
    let woken = Span { number: 2, from: BEGIN + 9, to: BEGIN + 10 };
    seconds.tick(BEGIN + 10, woken, &[(process("a", 1), rx(Scope::Lan, 8))], &HostSums::default());
    let answer = ask(&seconds, &question(0, 11, Per::Total), 11);
    let points: Vec<_> =
        answer.series[0].points.iter().map(|point| point.map(|point| point.rx_bytes)).collect();
    let mut expected = vec![Some(53), Some(0), Some(4), Some(0)];
    expected.extend([None; 5]);
    expected.extend([Some(0), Some(8)]);
    assert_eq!(points, expected);
}

#[test]
fn what_is_older_than_ten_minutes_is_forgotten_and_said_so() {
    let mut seconds = Seconds::default();
    for at in 0..1000 {
        tick(&mut seconds, at, &[(process("a", 1), rx(Scope::Lan, 1))]);
    }
    assert_eq!(seconds.all().count() as u64, KEEP_S.unsigned_abs());
    let answer = ask(&seconds, &question(0, 1000, Per::Total), 1000);
    assert_eq!(answer.series[0].points.iter().flatten().count() as u64, KEEP_S.unsigned_abs());
    assert!(answer.head.unwrap().notes[0].contains("larger buckets"));
    let long_ago = ask(&seconds, &question(0, 100, Per::Total), 1000);
    assert!(long_ago.series.is_empty() && long_ago.head.unwrap().notes.len() == 1);
    let all_time = HistoryQuery { from_unix_s: i64::MIN, to_unix_s: i64::MAX, ..question(0, 0, Per::Total) };
    assert_eq!(ask(&seconds, &all_time, 1000).series[0].total.rx_bytes, KEEP_S.unsigned_abs());
}

#[test]
fn a_crowd_is_bounded_and_no_byte_of_a_second_is_lost() {
    let mut seconds = Seconds::default();
    for at in 0..600 {
        let grown: Vec<_> = (0..200)
            .map(|number| (process(&format!("app{number}"), number % 2), rx(Scope::Lan, 1)))
            .collect();
        tick(&mut seconds, at, &grown);
    }
    assert!(seconds.amounts <= MOST_AMOUNTS);
    let kept = seconds.all().count() as u64;
    assert!(kept > 100, "{kept}");
    let answer = ask(&seconds, &question(0, 600, Per::Total), 600);
    assert_eq!(answer.series[0].total.rx_bytes, kept * 200);
}

#[test]
fn a_crowd_of_names_is_bounded_in_an_answer_too_and_the_rest_is_a_sum() {
    let mut seconds = Seconds::default();
    for at in 0..300 {
        tick(&mut seconds, at, &[(process(&format!("app{at}"), 1), rx(Scope::Lan, 1))]);
    }
    let answer = ask(&seconds, &question(0, 300, Per::App), 300);
    assert_eq!(answer.series.len(), 201);
    assert_eq!(
        (answer.series[200].key.clone(), answer.series[200].total.rx_bytes),
        (SeriesKey::Other(100), 100)
    );
}

#[test]
fn a_clock_that_is_set_back_leaves_no_second_after_now() {
    let mut seconds = moved();
    let back = Span { number: 2, from: BEGIN - 10, to: BEGIN - 9 };
    seconds.tick(BEGIN - 9, back, &[(process("a", 1), rx(Scope::Lan, 8))], &HostSums::default());
    assert_eq!(seconds.all().map(|second| second.at).collect::<Vec<_>>(), [BEGIN - 9]);
    assert_eq!(seconds.amounts, 1);
}

#[test]
fn what_is_not_kept_by_the_second_is_refused_with_what_to_ask_instead() {
    for per in [Per::Interface, Per::Remote] {
        let refused = ask_as(&moved(), &question(0, 3, per), &Asker::default(), 3);
        assert!(matches!(refused, Err(QueryError::NotKept { .. })), "{per:?}");
    }
}
