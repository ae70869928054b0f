//! `cargo xtask conformance`: every way to move bytes, and whether the table says so, as one table.
//!
//! The cases are those of the kernel tests (`bwusaged/tests/kernel/suite/conformance.rs`), where each is a test as well.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// How the daemon counts: exact or light
    #[arg(long, value_name = "HOW", default_value = "exact", value_parser = ["exact", "light"])]
    counting: String,
    /// Only the cases whose name contains this
    filter: Option<String>,
    /// Count this way instead of the best that the machine allows: tracepoints, fentry, packets
    #[arg(long)]
    engine: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // The cases start the daemon, and look at it with the client.
    workspace::succeed(workspace::cargo().args([
        "build",
        "--locked",
        "-p",
        "bwusaged",
        "-p",
        "bwusage-ctl",
    ]))?;
    let mut suite = workspace::cargo();
    suite.args(["test", "--locked", "--quiet", "-p", "bwusaged", "--test", "kernel"]);
    suite.args(["--", "print-conformance", &options.counting]).args(&options.filter);
    // What starts the daemon reads this (`bwusaged/tests/kernel/suite/daemon.rs`).
    suite.envs(options.engine.iter().map(|engine| ("BWUSAGED_TEST_ENGINE", engine)));
    workspace::succeed(&mut suite)?;
    Ok(ExitCode::SUCCESS)
}
