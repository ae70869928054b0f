use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    daemon::Home,
    program::{json, run, wait_for_ticks},
    recording::{CURL_WIRE, FIREFOX_RX, HIDDEN_RX, HOSTILE_NAME, KERNEL_RX},
    schema::Schema,
};

/// How long the daemon may take to store something. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);
/// Received by the process with the hostile name.
const EVIL_RX: u64 = 1_000;
const RX: u64 = CURL_WIRE + FIREFOX_RX + HIDDEN_RX + KERNEL_RX + EVIL_RX;

/// Waits until everything that the recording moved is remembered, and gives it by application. Of the last hour, not of today:
/// that may begin after it was moved.
pub(crate) fn remembered(socket: &Path) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let asked = run(socket, &["history", "--from", "-1h", "--per", "app", "--by", "whole", "--json"]);
        let report =
            (asked.exit_code == Some(0)).then(|| serde_json::from_str::<Value>(&asked.stdout).unwrap());
        if let Some(report) = report.filter(|report| received(report) == RX) {
            return report;
        }
        assert!(Instant::now() < deadline, "it is not remembered: {} {}", asked.stdout, asked.stderr);
        wait_for_ticks(socket);
    }
}

/// Everything that the series of `report` received.
fn received(report: &Value) -> u64 {
    report["series"].as_array().unwrap().iter().map(|series| series["rx_bytes"].as_u64().unwrap()).sum()
}

#[test]
fn what_was_moved_is_remembered_and_adds_up_however_it_is_asked_for() {
    let home = Home::new();
    let _daemon = home.start();
    let report = remembered(&home.socket());
    Schema::of("history").check(&report);
    let (first, curl) = (&report["series"][0], json!({ "kind": "app", "name": "curl" }));
    assert_eq!((&first["kind"], &first["name"]), (&curl["kind"], &curl["name"]));
    assert_eq!(first["rx_bytes"], CURL_WIRE);
    for per in ["total", "user", "scope", "category"] {
        for by in ["minute", "hour", "day", "month"] {
            let report =
                json(&home.socket(), &["history", "--from", "-1h", "--per", per, "--by", by, "--json"]);
            Schema::of("history").check(&report);
            assert_eq!(received(&report), RX, "{per} by {by}");
        }
    }
    let one = json(&home.socket(), &["history", "--from", "-1h", "--app", "curl", "--json"]);
    assert_eq!(received(&one), CURL_WIRE);
    let top = json(&home.socket(), &["history", "--from", "-1h", "--per", "app", "--top", "1", "--json"]);
    assert_eq!((received(&top), &top["series"][1]["kind"]), (RX, &json!("other")));
}

#[test]
fn time_without_a_daemon_is_a_gap() {
    let home = Home::new();
    let _daemon = home.start();
    remembered(&home.socket());
    let report = json(&home.socket(), &["history", "3h", "--by", "hour", "--json"]);
    assert_eq!(
        (&report["buckets"][0]["covered_s"], &report["series"][0]["points"][0]),
        (&json!(0), &Value::Null)
    );
    let stream = run(&home.socket(), &["history", "3h", "--by", "hour", "--ndjson"]).stdout;
    let records: Vec<Value> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for record in &records {
        Schema::of("history-record").check(record);
    }
    assert_eq!(records[0]["type"], "gap");
    let csv = run(&home.socket(), &["history", "3h", "--by", "hour", "--csv"]).stdout;
    assert!(csv.lines().nth(1).unwrap().ends_with(",3600,0,gap,,,,,"), "{csv}");
}

#[test]
fn people_see_names_that_act_on_nothing_and_spreadsheets_no_formula() {
    let home = Home::hostile();
    let _daemon = home.start();
    let socket = home.socket();
    let deadline = Instant::now() + DEADLINE;
    let arguments = ["history", "--from", "-1h", "--per", "app", "--by", "whole"];
    let table = loop {
        let table = run(&socket, &arguments).stdout;
        if table.contains(r"=evil,\x1b[2J\u{202e}\x9btxt") {
            break table;
        }
        assert!(Instant::now() < deadline, "{table}");
        wait_for_ticks(&socket);
    };
    assert!(!table.contains(HOSTILE_NAME), "{table}");
    let csv = run(&socket, &[&arguments[..], &["--csv"]].concat()).stdout;
    assert!(csv.contains("\"'=evil,"), "{csv}");
    for text in [&table, &csv] {
        assert!(!text.chars().any(|c| c != '\n' && c != '\r' && c.is_control()), "{text}");
    }
}

#[test]
fn what_cannot_be_asked_is_said_before_anybody_is_asked() {
    let nowhere = Path::new("/nonexistent/bwusage.sock");
    for (arguments, expected) in [
        (&["tomorrow"][..], "WHEN: a time is expected: now, today, yesterday, -7d"),
        (&["--from", "today", "--to", "yesterday"], "the range ends before it begins"),
        (&["--tz", "Mars/Olympus"], "there is no time zone Mars/Olympus"),
        (&["--by", "fortnight"], "[possible values: second, minute, hour, day, month, whole]"),
    ] {
        let wrong = run(nowhere, &[&["history"], arguments].concat());
        assert_eq!(wrong.exit_code, Some(2), "{arguments:?}: {}", wrong.stderr);
        assert!(wrong.stderr.contains(expected), "{arguments:?}: {}", wrong.stderr);
    }
}
