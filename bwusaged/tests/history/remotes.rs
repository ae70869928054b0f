//! Remote hosts: however time is cut and whoever asks, hosts, the unknown one and the rest are what was counted.

use bwusage_proto::{
    history::{Bucket, History, HistoryFilter, HistoryQuery, Per, SeriesKey},
    process::{Category, UserId},
    units::Scope,
};
use bwusaged::history::{query::QueryError, remotes::MOST_NAMES};
use proptest::prelude::*;

use crate::machine::{Machine, at, bytes, process, question, residual, rx};

const HOUR_S: i64 = 3600;
const BUCKETS: [Bucket; 4] = [Bucket::Hour, Bucket::Day, Bucket::Month, Bucket::Whole];

fn machine(dir: &tempfile::TempDir, zone: &str, begin: &str) -> Machine {
    Machine::new(dir.path().join("h.sqlite3"), zone, at(begin))
}

fn host(name: &str) -> SeriesKey {
    SeriesKey::Remote(Some(name.into()))
}

const UNKNOWN: SeriesKey = SeriesKey::Remote(None);

fn totals(history: &History) -> Vec<(SeriesKey, u64)> {
    history.series.iter().map(|series| (series.key.clone(), series.total.rx_bytes)).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// User, host, bytes counted, and how many of them the engine tells of.
    Move {
        after_s: u32,
        uid: u8,
        host: u8,
        bytes: u64,
        told: u64,
    },
    Flush,
    Restart {
        after_s: u32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..2400_u32, 0..3_u8, 0..6_u8, 1..1_000_000_u64, 0..1_200_000_u64)
            .prop_map(|(after_s, uid, host, bytes, told)| Step::Move { after_s, uid, host, bytes, told }),
        3 => Just(Step::Flush),
        1 => (0..40_000_u32).prop_map(|after_s| Step::Restart { after_s }),
    ];
    prop::collection::vec(step, 1..120)
}

fn play(machine: &mut Machine, steps: &[Step]) -> u64 {
    let (mut stored, mut waiting, mut instance) = (0, 0, 1);
    for step in steps {
        match *step {
            Step::Move { after_s, uid, host, bytes, told } => {
                let mover = if host == 5 { residual() } else { process("curl", u32::from(uid)) };
                machine.tick(after_s, &[(mover, rx(Scope::Internet, bytes))]);
                machine.talk(u32::from(uid), host, told);
                waiting += bytes;
            }
            Step::Flush => {
                machine.flush().unwrap();
                (stored, waiting) = (stored + waiting, 0);
            }
            Step::Restart { after_s } => {
                instance += 1;
                machine.restart(after_s, instance);
                waiting = 0;
            }
        }
    }
    machine.last_talk();
    machine.flush().unwrap();
    stored + waiting
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hosts_the_unknown_one_and_the_rest_are_what_was_counted(
        (zone, begin) in prop::sample::select(vec![
            ("Europe/Berlin", "2026-10-24T20:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T10:00:00Z"),
            ("Asia/Kolkata", "2026-12-31T10:00:00Z"),
            ("UTC", "2024-02-28T20:00:00Z"),
        ]),
        steps in steps(),
        top in prop::sample::select(vec![0, 1, 2]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut machine = machine(&dir, zone, begin);
        let all = play(&mut machine, &steps);
        for bucket in BUCKETS {
            let question = HistoryQuery { top, ..question(at(begin), machine.now + 1, bucket, Per::Remote) };
            let answer = machine.ask(&question, None).unwrap();
            prop_assert_eq!(bytes(&answer), [all; 2], "{:?}", bucket);
            prop_assert_eq!(bytes(&machine.ask(&question, Some(0)).unwrap()), [all; 2], "{:?} of one user", bucket);
            let total = machine.ask(&HistoryQuery { per: Per::Total, ..question.clone() }, None).unwrap();
            if bucket != Bucket::Whole {
                // In each bucket too.
                let sums = |history: &History| {
                    let buckets = history.head.as_ref().unwrap().buckets.len();
                    let at = |at: usize| history.series.iter().filter_map(|series| series.points[at]).map(|point| point.bytes()).sum();
                    (0..buckets).map(at).collect::<Vec<u64>>()
                };
                prop_assert_eq!(sums(&answer), sums(&total), "{:?}", bucket);
            }
            let elsewhere = HistoryQuery { time_zone: Some("America/St_Johns".into()), ..question };
            prop_assert_eq!(bytes(&machine.ask(&elsewhere, None).unwrap()), [all; 2], "{:?} elsewhere", bucket);
        }
    }
}

/// User 1 talks to two hosts, user 2 to one of them, and a part of it has no known host. Stored, and rolled up or not.
fn two_users(machine: &mut Machine) {
    machine.tick(
        1,
        &[(process("a", 1), rx(Scope::Internet, 100)), (process("b", 2), rx(Scope::Internet, 1000))],
    );
    machine.talk(1, 1, 60);
    machine.talk(1, 2, 30);
    machine.talk(2, 1, 1000);
    machine.last_talk();
    machine.flush().unwrap();
}

#[test]
fn the_largest_hosts_have_names_and_what_nobody_knows_and_the_rest_are_sums() {
    let dir = tempfile::tempdir().unwrap();
    let begin = "2026-05-01T10:00:00Z";
    let mut machine = machine(&dir, "UTC", begin);
    two_users(&mut machine);
    let ask = |machine: &Machine, top| {
        let question =
            HistoryQuery { top, ..question(at(begin), at(begin) + HOUR_S, Bucket::Hour, Per::Remote) };
        totals(&machine.ask(&question, None).unwrap())
    };
    for rolled_up in [false, true] {
        let all = [(host("host1"), 1060), (host("host2"), 30), (UNKNOWN, 10)];
        assert_eq!(ask(&machine, 0), all, "rolled up: {rolled_up}");
        let mut one = ask(&machine, 1);
        one.sort();
        let mut expected = vec![(host("host1"), 1060), (UNKNOWN, 10), (SeriesKey::Other(1), 30)];
        expected.sort();
        assert_eq!(one, expected, "rolled up: {rolled_up}");
        machine.tick(2 * HOUR_S as u32, &[]);
        machine.flush().unwrap();
    }
}

#[test]
fn who_may_not_know_whom_others_talk_to_sees_their_own_hosts_and_a_sum() {
    let dir = tempfile::tempdir().unwrap();
    let begin = "2026-05-01T10:00:00Z";
    let mut machine = machine(&dir, "UTC", begin);
    two_users(&mut machine);
    let whole = question(at(begin), at(begin) + HOUR_S, Bucket::Day, Per::Remote);
    let mut seen = totals(&machine.ask(&whole, Some(1)).unwrap());
    seen.sort();
    let mut expected =
        vec![(host("host1"), 60), (host("host2"), 30), (UNKNOWN, 10), (SeriesKey::OtherUsers, 1000)];
    expected.sort();
    assert_eq!(seen, expected);
    // Names and counters of others are no secret where this is the rule, but their hosts are.
    let names = machine.ask_knowing_names(&whole, 1).unwrap();
    assert_eq!(totals(&names), totals(&machine.ask(&whole, Some(1)).unwrap()));
    let of_other = HistoryFilter { users: vec![UserId::Uid(2)], ..HistoryFilter::default() };
    let asked = HistoryQuery { filter: of_other, ..whole };
    assert_eq!(totals(&machine.ask(&asked, Some(1)).unwrap()), []);
    assert_eq!(totals(&machine.ask(&asked, None).unwrap()), [(host("host1"), 1000)]);
}

#[test]
fn what_hosts_are_not_kept_by_is_refused_with_what_to_ask_instead() {
    let dir = tempfile::tempdir().unwrap();
    let begin = "2026-05-01T10:00:00Z";
    let mut machine = machine(&dir, "UTC", begin);
    two_users(&mut machine);
    let whole = question(at(begin), at(begin) + HOUR_S, Bucket::Hour, Per::Remote);
    let filter = HistoryFilter { categories: vec![Category::Service], ..HistoryFilter::default() };
    for refused in
        [HistoryQuery { bucket: Bucket::Minute, ..whole.clone() }, HistoryQuery { filter, ..whole }]
    {
        let Err(QueryError::NotKept { instead, .. }) = machine.ask(&refused, None) else {
            panic!("{refused:?} was not refused")
        };
        assert!(!instead.is_empty());
    }
}

#[test]
fn a_crowd_of_hosts_is_bounded_for_each_hour_and_day_and_no_byte_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let begin = "2026-05-01T00:00:00Z";
    let mut machine = machine(&dir, "UTC", begin);
    let mut counted = 0;
    // 36 hours, each with 120 hosts of its own beside one that is always there.
    for hour in 0..36_u32 {
        for number in 0..120_u32 {
            let moved = if number == 0 { 5000 } else { u64::from(number) };
            machine.tick(29, &[(process("p2p", 1), rx(Scope::Internet, moved))]);
            let name = if number == 0 { "always".into() } else { format!("h{hour}-{number}") };
            machine.talk_to(1, &name, moved);
            counted += moved;
        }
        machine.tick(120, &[]);
        machine.flush().unwrap();
    }
    machine.last_talk();
    machine.tick(HOUR_S as u32, &[]);
    machine.flush().unwrap();
    assert_eq!(machine.count_rows("remote_recent"), 0);
    assert!(
        (36 * 50..=37 * 51).contains(&machine.count_rows("remote_hours")),
        "{}",
        machine.count_rows("remote_hours")
    );
    assert!(
        (100..=2 * 51).contains(&machine.count_rows("remote_days")),
        "{}",
        machine.count_rows("remote_days")
    );
    assert!(machine.count_rows("remote_months") <= 101, "{}", machine.count_rows("remote_months"));
    for bucket in BUCKETS {
        let answer = machine.ask(&question(at(begin), machine.now, bucket, Per::Remote), None).unwrap();
        assert_eq!(bytes(&answer), [counted; 2], "{bucket:?}");
        assert_eq!(
            (answer.series[0].key.clone(), answer.series[0].total.rx_bytes),
            (host("always"), 36 * 5000)
        );
    }
    // What is nowhere any more has no name any more.
    let names = machine.count_rows("remote_host");
    machine.settings.retention.hours_d = 2;
    machine.settings.retention.minutes_h = 2;
    machine.tick(5 * 24 * HOUR_S as u32, &[]);
    machine.forget();
    assert_eq!(machine.count_rows("remote_hours"), 0);
    assert!(
        machine.count_rows("remote_host") < names && machine.count_rows("remote_host") >= 100,
        "{} of {names}",
        machine.count_rows("remote_host")
    );
}

#[test]
fn where_there_is_no_room_for_another_name_a_new_host_is_in_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let begin = "2026-05-01T10:00:00Z";
    let mut machine = machine(&dir, "UTC", begin);
    two_users(&mut machine);
    let fill = "INSERT INTO remote_host(user, name)
        WITH RECURSIVE row(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM row LIMIT ?1) SELECT 9, number FROM row";
    let database = rusqlite::Connection::open(&machine.settings.file).unwrap();
    database.execute(fill, [MOST_NAMES]).unwrap();
    machine.tick(1, &[(process("a", 1), rx(Scope::Internet, 500))]);
    machine.talk(1, 1, 200);
    machine.talk(1, 4, 300);
    machine.last_talk();
    machine.flush().unwrap();
    let question = question(at(begin), at(begin) + HOUR_S, Bucket::Hour, Per::Remote);
    let mut found = totals(&machine.ask(&question, None).unwrap());
    found.sort();
    let mut expected =
        vec![(host("host1"), 1260), (host("host2"), 30), (UNKNOWN, 10), (SeriesKey::Other(0), 300)];
    expected.sort();
    assert_eq!(found, expected);
}
