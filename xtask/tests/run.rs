//! `cargo xtask run`, with small scripts in the place of cargo, sudo and our programs.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A build folder whose programs note in `events` what happens to them.
struct Stage(TempDir);

const DAEMON: &str = r#"
echo "daemon started: $*" >>events
trap 'echo "daemon stopped" >>events; exit 0' TERM
: >ready
while :; do sleep 1 & wait $!; done
"#;

const CTL: &str = r#"
case $1 in
status) [ -e ready ] || exit 3 ;;
top) echo "the table" ;;
esac
"#;

impl Stage {
    fn new() -> Self {
        let stage = Self(tempfile::tempdir().expect("a temporary folder"));
        for folder in ["debug", "release", "bin"] {
            fs::create_dir(stage.path().join(folder)).expect("create");
        }
        fs::copy(env!("CARGO_BIN_EXE_xtask"), stage.path().join("debug/xtask")).expect("copy");
        stage.script("bin/cargo", "exit 0");
        stage.script(
            "bin/sudo",
            r#"[ "$1" = --validate ] && exit; while [ "$1" != -- ]; do shift; done; shift; exec "$@""#,
        );
        stage.script("release/bwusaged", DAEMON);
        stage.script("release/bwusage-ctl", CTL);
        stage
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn script(&self, name: &str, body: &str) {
        let path = self.path().join(name);
        fs::write(&path, format!("#!/bin/sh\ncd {}\n{body}\n", self.path().display())).expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("chmod");
    }

    /// Without a terminal, so that the table is printed and it ends by itself.
    fn run(&self) -> Output {
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").expect("PATH"));
        let mut command = Command::new(self.path().join("debug/xtask"));
        command.args(["run", "--socket", "/nowhere/bwusage.sock"]).stdin(Stdio::null());
        command.env("CARGO", self.path().join("bin/cargo")).env("PATH", path).env_remove("SUDO_UID");
        command.output().expect("start")
    }

    fn events(&self) -> String {
        fs::read_to_string(self.path().join("events")).unwrap_or_default()
    }
}

#[test]
fn the_daemon_is_started_and_stopped_around_the_client() {
    let stage = Stage::new();

    let output = stage.run();

    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"the table\n");
    assert_eq!(stage.events(), "daemon started: --socket /nowhere/bwusage.sock\ndaemon stopped\n");
}

#[test]
fn a_daemon_that_answers_already_is_used_and_left_alone() {
    let stage = Stage::new();
    fs::write(stage.path().join("ready"), "").expect("write");

    let output = stage.run();

    assert_eq!(output.stdout, b"the table\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("already answers"), "{output:?}");
    assert_eq!(stage.events(), "");
}

#[test]
fn a_daemon_that_cannot_start_has_its_words_repeated() {
    let stage = Stage::new();
    stage.script("release/bwusaged", "echo 'error: this kernel is too old' >&2; exit 7");

    let output = stage.run();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("exit status: 7") && said.contains("error: this kernel is too old"), "{said}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn a_daemon_of_another_version_is_an_error_and_no_second_one_is_started() {
    let stage = Stage::new();
    stage.script("release/bwusage-ctl", "echo 'error: speaks protocol 9' >&2; exit 5");

    let output = stage.run();

    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("speaks protocol 9"), "{output:?}");
    assert_eq!(stage.events(), "");
}

#[test]
fn nothing_is_started_when_the_build_fails() {
    let stage = Stage::new();
    stage.script("bin/cargo", "exit 101");

    let output = stage.run();

    assert_eq!(output.status.code(), Some(1));
    assert_eq!((stage.events().as_str(), output.stdout.as_slice()), ("", &b""[..]));
}
