use std::fs;

use bwusage_proto::{
    history::{Amount, Bucket, BucketSpan, History, HistoryHead, HostPoint, Meaning, Per, Series, SeriesKey},
    users::Users,
};
use clap::Parser as _;

use super::*;
use crate::cli::{Cli, Command};

const HOSTILE_NAME: &str = "=2+2,\u{1b}[2J\u{202e}'); DROP TABLE usage;--";
const START: i64 = 1_795_132_800;

fn head(per: Per, covered: &[u32]) -> HistoryHead {
    let spans = (0..).zip(covered);
    HistoryHead {
        bucket: Bucket::Hour,
        per,
        buckets: spans
            .map(|(at, &covered_s)| BucketSpan { start_unix_s: START + at * 3600, covered_s })
            .collect(),
        end_unix_s: START + i64::try_from(covered.len()).unwrap() * 3600,
        time_zone: "UTC".into(),
        billing_day: 1,
        resolution: Bucket::Minute,
        meaning: Meaning::Wire,
        oldest_unix_s: Some(START),
        notes: vec![],
    }
}

/// Three hours: one with traffic of the first of two applications, a gap, and one with traffic of both.
fn apps() -> History {
    let amount = |rx_bytes| Some(Amount { rx_bytes, tx_bytes: 1, rx_packets: Some(2), tx_packets: None });
    let series = |name: &str, points: [Option<Amount>; 3]| Series {
        key: SeriesKey::App(name.into()),
        total: Amount::ZERO,
        points: points.to_vec(),
    };
    History {
        head: Some(head(Per::App, &[3600, 0, 1800])),
        series: vec![
            series(HOSTILE_NAME, [amount(1000), None, amount(500)]),
            series("curl", [Some(Amount::ZERO), None, amount(20)]),
        ],
        host: vec![],
    }
}

fn machine() -> History {
    let point = HostPoint { cpu_centipercent: Some(1250), rx_bytes: Some(77), ..HostPoint::default() };
    History { head: Some(head(Per::Host, &[3600, 0])), series: vec![], host: vec![Some(point), None] }
}

/// Exports to a file named `name` in `folder`.
fn export(folder: &Path, name: &str, options: &[&str], histories: &[History]) -> Result<(), Failure> {
    let out = folder.join(name).display().to_string();
    let arguments = [&["bwusage-ctl", "export", "--out", &out], options].concat();
    let Command::Export(arguments) = Cli::try_parse_from(arguments).unwrap().command else {
        panic!("export was asked for")
    };
    let format = arguments.format().unwrap();
    check(&arguments, format)?;
    let mut sink = Sink::create(&arguments, format)?;
    let users = Users::new();
    for history in histories {
        sink.write(&HistoryReport::new(history, &users, "1.2.3").unwrap())?;
    }
    sink.finish()
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn a_spreadsheet_gets_one_header_no_formula_and_no_zero_for_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "a.csv", &[], &[apps(), apps()]).unwrap();
    let csv = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 1 + 2 * 4, "{csv}");
    assert!(lines[0].starts_with("start_at,end_at,"));
    assert!(lines[1].contains(r#",app,"'=2+2,\x1b[2J\u{202e}');"#), "{}", lines[1]);
    assert!(lines[2].ends_with(",0,gap,,,,,"), "{}", lines[2]);
}

#[test]
fn every_line_of_a_stream_is_json_and_acts_on_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "a.ndjson", &[], &[apps()]).unwrap();
    let text = fs::read_to_string(folder.path().join("a.ndjson")).unwrap();
    assert!(!text.replace('\n', "").chars().any(bwusage_proto::text::is_unsafe));
    let records: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["point", "gap", "point", "point"]);
    assert_eq!(records[0]["name"], HOSTILE_NAME);
}

#[test]
fn a_database_holds_the_names_as_they_are_and_tells_gaps_from_silence() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "a.sqlite", &[], &[apps(), machine()]).unwrap();
    let database = rusqlite::Connection::open(folder.path().join("a.sqlite")).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT sum(rx_bytes) FROM usage"), 1520);
    assert_eq!(number("SELECT count(*) FROM usage"), 3);
    assert_eq!(number("SELECT count(*) FROM bucket WHERE per = 'app' AND covered_s = 0"), 1);
    assert_eq!(number("SELECT rx_bytes FROM machine"), 77);
    let name: String = database.query_row("SELECT name FROM usage LIMIT 1", [], |row| row.get(0)).unwrap();
    assert_eq!(name, HOSTILE_NAME);
    let whole: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    assert_eq!(files(folder.path()), ["a.sqlite"]);
}

#[test]
fn a_file_that_is_there_is_kept_unless_it_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "mine").unwrap();
    assert!(matches!(export(folder.path(), "a.csv", &[], &[apps()]), Err(Failure::Exists(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    export(folder.path(), "a.csv", &["--force"], &[apps()]).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("start_at"));
}

#[test]
fn a_file_that_appears_meanwhile_is_kept_and_nothing_is_left_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let file = beside(&path).unwrap();
    fs::write(&path, "theirs").unwrap();
    assert!(matches!(persist(file, &path, false), Err(Failure::Exists(_))));
    assert_eq!(files(folder.path()), ["a.csv"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
}

#[test]
fn an_export_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // The same buckets twice are not one export.
    let twice = export(folder.path(), "a.sqlite", &[], &[apps(), apps()]);
    assert!(matches!(twice, Err(Failure::Database { .. })));
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn what_cannot_be_written_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = export(folder.path(), "no/such/folder.csv", &[], &[apps()]);
    assert!(matches!(missing, Err(Failure::File { .. })));
}
