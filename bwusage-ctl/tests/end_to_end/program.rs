//! `bwusage-ctl` as a process.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// `bwusage-ctl --socket SOCKET ARGUMENTS`, of which nothing depends on who runs the tests.
pub(crate) fn ctl(socket: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bwusage-ctl"));
    command.env_remove("BWUSAGE_SOCKET").env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    command.arg("--socket").arg(socket).args(arguments);
    command
}

/// What came of a run that ended.
pub(crate) struct Run {
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            exit_code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs to the end.
pub(crate) fn run(socket: &Path, arguments: &[&str]) -> Run {
    ctl(socket, arguments).output().unwrap().into()
}

/// Waits for some ticks of the daemon: whatever it does not do yet, it may have done then.
pub(crate) fn wait_for_ticks(socket: &Path) {
    let watched = run(socket, &["watch", "--json", "--interval", "100ms", "--count", "4"]);
    assert_eq!(watched.exit_code, Some(0), "{}", watched.stderr);
}

/// Runs to a good end, and reads the one line of JSON.
pub(crate) fn json(socket: &Path, arguments: &[&str]) -> Value {
    let run = run(socket, arguments);
    assert_eq!((run.exit_code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    serde_json::from_str(&run.stdout).unwrap()
}
