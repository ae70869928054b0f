use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    daemon::Home,
    history::remembered,
    program::{json, run, wait_for_ticks},
    recording::{CURL_WIRE, HOSTILE_NAME},
    schema::Schema,
};

/// How long a daemon may take to notice. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A rule that holds from the beginning: curl uses 8 MiB of memory.
pub(crate) const HOLDS: &str = "app curl: mem > 1MiB";

/// Keeps a rule that fires, with a note that nobody should trust, and waits until it did.
pub(crate) fn fire(socket: &Path) -> Value {
    let note = HOSTILE_NAME.replace('\u{9b}', "$(id)`id`<b>");
    let rule = json(socket, &["alerts", "add", HOLDS, "--note", &note, "--severity", "critical", "--json"]);
    wait_for_event(socket, &rule["rule"].to_string())
}

/// The newest event of `rule`.
fn wait_for_event(socket: &Path, rule: &str) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let log = json(socket, &["alerts", "log", "--rule", rule, "--json"]);
        if let Some(event) = log["events"].as_array().unwrap().first() {
            return event.clone();
        }
        assert!(Instant::now() < deadline, "rule {rule} never fired");
        wait_for_ticks(socket);
    }
}

#[test]
fn a_rule_is_kept_fires_and_is_in_the_log() {
    let home = Home::new();
    let _daemon = home.start();
    let event = fire(&home.socket());
    Schema::of("alert-event").check(&event);
    assert_eq!((&event["state"], &event["rule_text"]), (&json!("firing"), &json!(HOLDS)));
    assert_eq!(event["measured"], json!({ "unit": "bytes", "value": 8_388_608.0, "threshold": 1_048_576.0 }));

    let rules = json(&home.socket(), &["alerts", "list", "--json"]);
    Schema::of("alerts").check(&rules);
    assert_eq!((&rules["rules"][0]["state"], &rules["rules"][0]["fired"]), (&json!("firing"), &json!(1)));
    Schema::of("alert-log").check(&json(&home.socket(), &["alerts", "log", "--json"]));
    let stream = run(&home.socket(), &["alerts", "log", "--ndjson"]);
    assert_eq!(serde_json::from_str::<Value>(&stream.stdout).unwrap(), event);
}

#[test]
fn nothing_that_somebody_wrote_acts_on_a_terminal_or_a_spreadsheet() {
    let home = Home::new();
    let _daemon = home.start();
    fire(&home.socket());
    for arguments in [&["alerts", "list"][..], &["alerts", "log"], &["alerts", "log", "--csv"]] {
        let shown = run(&home.socket(), arguments);
        assert_eq!((shown.exit_code, shown.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        let text = shown.stdout.replace(['\n', '\r'], "");
        assert!(text.contains(r"=evil,\x1b[2J\u{202e}"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text}");
    }
    let csv = run(&home.socket(), &["alerts", "log", "--csv"]).stdout;
    assert!(csv.contains("\"'=evil,"), "{csv}");
}

#[test]
fn rules_are_switched_snoozed_and_removed_by_number() {
    let home = Home::new();
    let _daemon = home.start();
    let rule = fire(&home.socket())["rule"].to_string();
    let first = || json(&home.socket(), &["alerts", "list", "--json"])["rules"][0].clone();
    let done = |action: &[&str]| {
        let run = run(&home.socket(), &[&["alerts"], action].concat());
        assert_eq!((run.exit_code, run.stderr.as_str()), (Some(0), ""), "{action:?}");
        run.stdout
    };
    assert!(done(&["disable", &rule]).contains("(off)"));
    assert_eq!((&first()["enabled"], &first()["state"]), (&json!(false), &json!("off")));
    done(&["enable", &rule]);
    assert_eq!(first()["enabled"], json!(true));
    let said = done(&["snooze", &rule, "--for", "2h"]);
    // Both within one millisecond, or not.
    assert!(["snoozed 2h 00m", "snoozed 1h 59m"].iter().any(|left| said.contains(left)), "{said}");
    done(&["snooze", &rule, "--end"]);
    assert_eq!(first()["snoozed_until_at"], Value::Null);
    assert_eq!(done(&["remove", &rule]), format!("rule {rule} is removed\n"));
    assert_eq!(json(&home.socket(), &["alerts", "list", "--json"])["rules"], json!([]));
    let gone = run(&home.socket(), &["alerts", "remove", &rule]);
    assert_eq!(gone.exit_code, Some(6), "{}", gone.stderr);
    assert!(gone.stderr.contains("see which there are: bwusage-ctl alerts list"), "{}", gone.stderr);
}

#[test]
fn a_rule_can_be_tried_and_a_script_sees_whether_it_holds() {
    let home = Home::new();
    let _daemon = home.start();
    let tried = |rule: &str| run(&home.socket(), &["alerts", "test", rule, "--json"]);
    let holds = tried(HOLDS);
    assert_eq!(holds.exit_code, Some(7), "{}", holds.stderr);
    let trial: Value = serde_json::from_str(&holds.stdout).unwrap();
    Schema::of("alert-trial").check(&trial);
    assert_eq!(trial["holds"], json!(true));
    let not = tried("app curl: mem > 1GiB");
    assert_eq!(not.exit_code, Some(0), "{}", not.stderr);
    assert_eq!(json(&home.socket(), &["alerts", "list", "--json"])["rules"], json!([]), "nothing is kept");
}

#[test]
fn a_rule_can_be_run_over_the_past_and_nothing_is_kept() {
    let home = Home::new();
    let _daemon = home.start();
    let socket = home.socket();
    remembered(&socket);
    let arguments = ["alerts", "add", "app curl: rx > 1MB / day", "--dry-run"];
    let report = json(&socket, &[&arguments[..], &["--json"]].concat());
    Schema::of("alert-dry-run").check(&report);
    assert_eq!((&report["fired"], &report["unknown"]), (&json!(1), &Value::Null));
    assert_eq!(
        report["firings"][0]["measured"],
        json!({ "unit": "bytes", "value": CURL_WIRE as f64, "threshold": 1_000_000.0 })
    );
    let said = run(&socket, &arguments);
    assert_eq!((said.exit_code, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout.starts_with("app curl: rx > 1MB / day: would have fired once since "),
        "{}",
        said.stdout
    );

    let untold = ["alerts", "add", "cpu > 90% for 60s", "--dry-run"];
    let report = json(&socket, &[&untold[..], &["--json"]].concat());
    Schema::of("alert-dry-run").check(&report);
    assert_eq!(report["fired"], Value::Null);
    let said = run(&socket, &untold).stdout;
    assert!(said.contains("is not known: of processors and memory the history keeps"), "{said}");
    assert_eq!(json(&socket, &["alerts", "list", "--json"])["rules"], json!([]));
}

#[test]
fn a_wrong_rule_says_where_and_what_to_write() {
    for (arguments, expected) in [
        (&["rx > 1GiB"][..], "say over which time: '/ 1d'"),
        (&["app firefox rx > 1GiB / 1d"], "':' is expected"),
        (&["--app", "firefox", "rx"], "'>' is expected at 3"),
        (&["rx > 1GiB / 1d", "--cooldown", "5"], "500ms, 5s"),
    ] {
        let wrong = run(Path::new("/nonexistent/bwusage.sock"), &[&["alerts", "add"], arguments].concat());
        assert_eq!(wrong.exit_code, Some(2), "{arguments:?}: {}", wrong.stderr);
        assert!(wrong.stderr.contains(expected), "{arguments:?}: {}", wrong.stderr);
    }
}
