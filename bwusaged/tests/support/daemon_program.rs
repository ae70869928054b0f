//! Where the daemon's program is, for the end-to-end tests of the other packages, which include this file.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// `cargo xtask test` names the one that it has built; else it is built now.
const NAMED: &str = "BWUSAGED_PROGRAM";

/// The daemon's program, as new as its source.
pub(crate) fn daemon_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os(NAMED).map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "bwusaged", "--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "bwusaged does not build");
    let messages = String::from_utf8(output.stdout).unwrap();
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    };
    messages.lines().find_map(executable).expect("cargo names the program that it built")
}
