use std::{io::Write as _, os::unix::net::UnixListener, path::Path};

use serde_json::Value;

use crate::{program::run, schema::Schema};

const NOWHERE: &str = "/nonexistent/bwusage.sock";

#[test]
fn without_a_daemon_every_question_says_what_to_type_next() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json").display().to_string();
    for command in [
        &["top"][..],
        &["watch"],
        &["status"],
        &["ledger"],
        &["history"],
        &["export", "--out", "-", "--format", "csv"],
        &["alerts", "list"],
        &["alerts", "add", "new application"],
        &["notify", "--once", "--state", &state],
    ] {
        let run = run(Path::new(NOWHERE), command);
        let command = command.join(" ");
        assert_eq!((run.exit_code, run.stdout.as_str()), (Some(3), ""), "{command}");
        let expected = "\
error: cannot reach bwusaged at /nonexistent/bwusage.sock (no such file)
  the daemon is not running - start it:   sudo bwusaged
  it listens elsewhere? name the socket:  --socket PATH, or BWUSAGE_SOCKET=PATH
";
        assert_eq!(run.stderr, expected, "{command}");
    }
}

#[test]
fn a_script_reads_the_failure_as_json() {
    for command in [
        &["top", "--json"][..],
        &["watch", "--json"],
        &["status", "--json"],
        &["ledger", "--json"],
        &["history", "--json"],
        &["alerts", "list", "--json"],
        &["alerts", "log", "--ndjson"],
    ] {
        let run = run(Path::new(NOWHERE), command);
        let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
        Schema::of("error").check(&error);
        assert_eq!((&error["code"], &error["exit_code"]), (&"unreachable".into(), &3.into()));
    }
}

#[test]
fn wrong_usage_is_told_before_anybody_is_asked() {
    for (arguments, expected) in [
        (&["top", "--filter", "a (b"][..], "unclosed '(' at 3"),
        (&["top", "--sort", "bytes"], "no column \"bytes\": use one of rx_total, "),
        (&["--timeout", "5", "top"], "500ms, 5s"),
        (&["watch", "--count", "0"], "0 is not in 1.."),
    ] {
        let run = run(Path::new(NOWHERE), arguments);
        assert_eq!(run.exit_code, Some(2), "{arguments:?}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

#[test]
fn a_daemon_that_hangs_is_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _silent = UnixListener::bind(&socket).unwrap();
    let run = run(&socket, &["--timeout", "100ms", "status"]);
    assert_eq!(run.exit_code, Some(8));
    assert!(run.stderr.starts_with("error: bwusaged did not answer within 0.1 s\n"), "{}", run.stderr);
}

#[test]
fn something_else_on_the_socket_is_not_taken_for_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let other = UnixListener::bind(&socket).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let run = run(&socket, &["status"]);
    server.join().unwrap();
    assert_eq!(run.exit_code, Some(5));
    assert!(run.stderr.contains("does not answer as bwusaged"), "{}", run.stderr);
}
