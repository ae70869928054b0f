use super::*;
use crate::cli::{Cli, Command};

fn now() -> Zoned {
    "2026-11-22T20:00:00[Europe/Berlin]".parse().unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn query(arguments: &[&str]) -> Result<HistoryQuery, Failure> {
    let arguments = [&["bwusage-ctl", "history"], arguments].concat();
    let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
    let Command::History(history) = cli.command else { panic!("history was asked for") };
    history.query(&now())
}

fn span(arguments: &[&str]) -> (i64, i64) {
    let query = query(arguments).unwrap();
    (query.from_unix_s, query.to_unix_s)
}

const NOW: &str = "2026-11-22T20:00:01+01:00";

#[test]
fn without_a_time_it_is_the_last_thirty_days_by_day() {
    let query = query(&[]).unwrap();
    assert_eq!(
        (query.bucket, query.per, query.time_zone.as_deref()),
        (Bucket::Day, Per::Total, Some("Europe/Berlin"))
    );
    assert_eq!((query.from_unix_s, query.to_unix_s), (at("2026-10-23T20:00:00+02:00"), at(NOW)));
}

#[test]
fn seconds_are_those_of_the_last_ten_minutes_unless_somebody_says_otherwise() {
    let seconds = query(&["--by", "second"]).unwrap();
    assert_eq!((seconds.bucket, seconds.to_unix_s - seconds.from_unix_s), (Bucket::Second, 601));
}

#[test]
fn remote_hosts_are_asked_for_by_the_hour_or_coarser_unless_somebody_says_otherwise() {
    for (arguments, bucket) in [
        (&["1h", "--per", "remote"][..], Bucket::Hour),
        (&["1y", "--per", "remote"], Bucket::Month),
        (&["1h", "--per", "remote", "--by", "minute"], Bucket::Minute),
    ] {
        let query = query(arguments).unwrap();
        assert_eq!((query.per, query.bucket), (Per::Remote, bucket), "{arguments:?}");
    }
}

#[test]
fn a_time_is_meant_from_its_beginning_to_its_end_but_not_beyond_now() {
    let yesterday = (at("2026-11-21T00:00:00+01:00"), at("2026-11-22T00:00:00+01:00"));
    assert_eq!(span(&["yesterday"]), yesterday);
    assert_eq!(span(&["--from", "yesterday", "--to", "yesterday"]), yesterday);
    assert_eq!(span(&["--from", "yesterday"]), (yesterday.0, at(NOW)));
    assert_eq!(span(&["2026-11"]), (at("2026-11-01T00:00:00+01:00"), at(NOW)));
    assert_eq!(span(&["7d"]), (at("2026-11-15T20:00:00+01:00"), at(NOW)));
    assert_eq!(
        span(&["--from", "-7d", "--to", "-1d"]),
        (at("2026-11-15T20:00:00+01:00"), at("2026-11-21T20:00:00+01:00"))
    );
}

#[test]
fn the_cut_fits_the_length_unless_it_is_said() {
    for (range, bucket) in [
        ("5m", Bucket::Minute),
        ("2h", Bucket::Minute),
        ("today", Bucket::Hour),
        ("2026-11", Bucket::Day),
        ("2026", Bucket::Month),
    ] {
        assert_eq!(query(&[range]).unwrap().bucket, bucket, "{range}");
    }
    assert_eq!(query(&["2026", "--by", "day"]).unwrap().bucket, Bucket::Day);
    assert_eq!(span(&["--by", "hour"]).0, at("2026-11-21T20:00:00+01:00"));
}

#[test]
fn what_cannot_be_is_said_before_anybody_is_asked() {
    let message = |arguments: &[&str]| query(arguments).unwrap_err().message();
    assert!(message(&["tomorrow"]).contains("a time is expected"));
    assert!(message(&["--from", "-7x"]).starts_with("--from: a time is expected"));
    assert_eq!(message(&["--from", "today", "--to", "yesterday"]), "the range ends before it begins");
    assert_eq!(message(&["2027"]), "the range ends before it begins");
    assert!(message(&["--user", "no such user"]).contains("no such user"));
}

#[test]
fn a_user_can_be_a_number() {
    assert_eq!(query(&["--user", "1000"]).unwrap().filter.users, [UserId::Uid(1000)]);
}
