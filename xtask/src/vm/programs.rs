//! What of this workspace runs inside: the daemon, its client, and the test program that plays the cases.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::workspace;

pub(super) struct Programs {
    /// The daemon and its client, at the paths where the test program looks for them.
    pub(super) started: [PathBuf; 2],
    pub(super) suite: PathBuf,
}

/// Optimised: an emulated processor is slow enough.
pub(super) fn build() -> Result<Programs> {
    workspace::succeed(workspace::cargo().args([
        "build",
        "--release",
        "--locked",
        "-p",
        "bwusaged",
        "-p",
        "bwusage-ctl",
    ]))?;
    let mut suite = workspace::cargo();
    suite.args(["test", "--release", "--locked", "--no-run", "-p", "bwusaged", "--test", "kernel"]);
    suite.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let messages = workspace::output(&mut suite)?;
    let suite = executable(&messages, "kernel").context("cargo does not name the test program")?;
    let built = workspace::target_dir()?.join("release");
    Ok(Programs { started: ["bwusaged", "bwusage-ctl"].map(|program| built.join(program)), suite })
}

/// The program that cargo built for the target of this name.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == target;
        message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_program_is_told_from_the_others() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"kernel"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"bwusaged"},"executable":"/t/bwusaged"}"#,
            "\nnot JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"kernel"},"executable":"/t/kernel-1"}"#,
        );
        assert_eq!(executable(messages, "kernel"), Some("/t/kernel-1".into()));
    }
}
