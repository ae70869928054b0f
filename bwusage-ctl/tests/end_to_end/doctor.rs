use serde_json::Value;

use crate::{
    daemon::Home,
    program::{json, run},
    schema::Schema,
};

fn verdict<'a>(report: &'a Value, id: &str) -> Option<&'a str> {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).and_then(|check| check["verdict"].as_str())
}

#[test]
fn a_playing_daemon_is_reachable_but_not_taken_for_a_counting_one() {
    let home = Home::new();
    let _daemon = home.start();
    let report = json(&home.socket(), &["--timeout", "30s", "doctor", "--json"]);
    Schema::of("doctor").check(&report);
    assert_eq!(verdict(&report, "daemon"), Some("ok"));
    assert_eq!(verdict(&report, "version"), Some("ok"));
    assert_eq!(verdict(&report, "engine"), Some("warning"));
    assert_eq!(verdict(&report, "counting"), None, "nothing counts, so no mode would change anything");
}

#[test]
fn without_a_daemon_it_fails_and_still_looks_at_the_machine() {
    let home = Home::new();
    let run = run(&home.socket(), &["doctor", "--json"]);
    assert_eq!(run.exit_code, Some(1));
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    Schema::of("doctor").check(&report);
    assert_eq!((verdict(&report, "daemon"), &report["healthy"]), (Some("failed"), &false.into()));
    assert!(report["checks"].as_array().unwrap().len() > 1);
    #[cfg(target_os = "linux")]
    for rung in ["rung tracepoints", "rung fentry", "rung packets"] {
        assert!(verdict(&report, rung).is_some(), "{report}");
    }
}
