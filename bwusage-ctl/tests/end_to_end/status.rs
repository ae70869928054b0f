use std::process::Stdio;

use crate::{
    daemon::Home,
    program::{Run, ctl, json, run},
    recording::HOSTILE_NAME,
    schema::Schema,
};

#[test]
fn a_running_daemon_tells_how_it_is() {
    let home = Home::new();
    let _daemon = home.start();
    let status = json(&home.socket(), &["status", "--json"]);
    Schema::of("status").check(&status);
    assert_eq!((&status["coverage"]["quality"], &status["protocol"]), (&"recorded".into(), &1.into()));
    let rungs = status["coverage"]["rungs"].as_array().unwrap();
    let fates: Vec<_> = rungs.iter().map(|rung| rung["state"].as_str().unwrap()).collect();
    assert_eq!(fates, ["refused", "in_use", "not_tried"]);
    assert_eq!(rungs[0]["detail"], HOSTILE_NAME);
    let text = run(&home.socket(), &["status"]);
    assert_eq!(text.exit_code, Some(0));
    assert!(text.stdout.contains("replay of a made-up machine (recorded)"), "{}", text.stdout);
    assert!(text.stdout.contains("tracepoints refused, fentry in use, packets not tried"), "{}", text.stdout);
    assert_eq!(status["ledger"]["attributed_percent"], 99.99);
    assert!(text.stdout.contains("99.99 % of this machine's traffic to a process"), "{}", text.stdout);
}

#[test]
fn a_daemon_that_was_killed_is_told_from_one_that_never_ran() {
    let home = Home::new();
    let never = run(&home.socket(), &["status"]);
    assert_eq!(never.exit_code, Some(3));
    assert!(
        never.stderr.contains("(no such file)") && never.stderr.contains("sudo bwusaged"),
        "{}",
        never.stderr
    );
    drop(home.start());
    let killed = run(&home.socket(), &["status"]);
    assert_eq!(killed.exit_code, Some(3));
    assert!(killed.stderr.contains("(connection refused)"), "{}", killed.stderr);
}

#[test]
fn a_script_can_wait_for_a_daemon_that_is_coming_up() {
    let home = Home::new();
    let waiting = ctl(&home.socket(), &["status", "--wait", "10m"]).stdout(Stdio::piped()).spawn().unwrap();
    let _daemon = home.start();
    let run = Run::from(waiting.wait_with_output().unwrap());
    assert_eq!(run.exit_code, Some(0));
    assert!(run.stdout.starts_with("bwusaged "), "{}", run.stdout);
}
