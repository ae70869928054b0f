//! Start, stop, crash, and two daemons beside each other.

use std::{
    io::Read as _,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
};

use bwusage_proto::{client::Client, message::Reply};

use crate::daemon::{Daemon, block_on, command, recording, stderr};

#[test]
fn asked_to_stop_it_says_goodbye_and_leaves_no_socket() {
    let mut daemon = Daemon::start();
    let mut raw = daemon.greeted();
    // Greeted means that the connection's task runs; its answer shows that it listens.
    assert_eq!(raw.ask(&bwusage_proto::message::Request::Ping), Reply::Pong);
    assert!(daemon.terminate().success());
    assert_eq!(raw.reply(), Reply::Goodbye);
    assert_eq!(raw.stream.read(&mut [0; 1]).unwrap(), 0);
    assert!(!daemon.socket().exists());
}

#[test]
fn after_a_crash_the_next_one_starts_at_once() {
    let daemon = Daemon::start();
    let folder = daemon.kill();
    assert!(std::fs::metadata(folder.path().join("bwusage.sock")).unwrap().file_type().is_socket());
    let daemon = Daemon::start_with(folder, &[]);
    block_on(async { Client::connect(&daemon.endpoint(), "test").await.unwrap().ping().await.unwrap() });
}

#[test]
fn the_socket_is_open_to_every_user() {
    let daemon = Daemon::start();
    let mode = std::fs::metadata(daemon.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
}

#[test]
fn a_second_daemon_never_takes_the_socket_of_a_living_one() {
    let daemon = Daemon::start();
    let second = |options: &[&str]| {
        let replay = format!("--engine=replay:{}", recording().display());
        command().arg(replay).args(options).output().unwrap()
    };
    let socket = daemon.socket();
    let elsewhere = tempfile::tempdir().unwrap();
    let state = elsewhere.path().join("state").display().to_string();
    let output = second(&["--socket", &socket.display().to_string(), "--state-dir", &state]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("another bwusaged listens") && stderr(&output).contains("--socket"));
    // Not even when somebody removed the file.
    std::fs::remove_file(&socket).unwrap();
    let output = second(&["--socket", &socket.display().to_string(), "--state-dir", &state]);
    assert!(!output.status.success() && stderr(&output).contains("another bwusaged listens"));
}

#[test]
fn two_daemons_run_beside_each_other_with_a_state_directory_each() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let daemons = folders.map(|folder| {
        let state = folder.path().join("state").display().to_string();
        Daemon::start_with(folder, &["--state-dir", &state])
    });
    let instance = |daemon: &Daemon| {
        block_on(async { Client::connect(&daemon.endpoint(), "test").await.unwrap().daemon().instance })
    };
    assert_ne!(instance(&daemons[0]), instance(&daemons[1]));
}

#[test]
fn one_state_directory_is_for_one_daemon() {
    let state = tempfile::tempdir().unwrap();
    let state = state.path().display().to_string();
    let _first = Daemon::start_with(tempfile::tempdir().unwrap(), &["--state-dir", &state]);
    let folder = tempfile::tempdir().unwrap();
    let output = command()
        .arg(format!("--engine=replay:{}", recording().display()))
        .args(["--state-dir", &state])
        .arg("--socket")
        .arg(folder.path().join("s"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(stderr(&output).contains("another bwusaged uses the state directory"), "{}", stderr(&output));
}

#[test]
fn a_mistake_is_one_sentence_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    std::fs::write(&config, "visibility = \"everyone\"\n").unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--engine", "replay:/nonexistent.jsonl"], "cannot use the recording /nonexistent.jsonl"),
        (&["--engine", "magic"], "expected auto, tracepoints, fentry, packets, or replay:FILE"),
        (&["--engine", &format!("replay:{}", config.display())], "not a bwusage recording"),
        (&["--config", &config.display().to_string()], "check-config"),
        (&["check-config", "--config", "/nonexistent.toml"], "cannot read the configuration"),
    ];
    for (arguments, words) in cases {
        let output = command().args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let text = stderr(&output);
        assert!(text.contains(words), "{arguments:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("stack backtrace"), "{text}");
    }
}

#[test]
fn a_file_in_the_sockets_place_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    let output = command()
        .arg(format!("--engine=replay:{}", recording().display()))
        .arg("--socket")
        .arg(&path)
        .output()
        .unwrap();
    assert!(!output.status.success() && stderr(&output).contains("is not a socket"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(Path::new(&path)).unwrap(), "data");
}
