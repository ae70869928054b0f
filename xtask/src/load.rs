//! `cargo xtask load`: far more processes and sockets than there is room for, and what the daemon as people have it makes of
//! them.
//!
//! The loads are those of the kernel tests (`bwusaged/tests/kernel/suite/bounds.rs`), where a small edition of each is a test.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    load: Load,
}

#[derive(Subcommand)]
enum Load {
    /// So many short processes, one after the other, that each send one datagram
    Processes {
        count: u64,
        /// At most so many of them a second
        #[arg(default_value_t = 5_000)]
        per_second: u64,
    },
    /// So many sockets, all of them open at the same time
    Sockets { count: u64 },
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    const PACKAGES: [&str; 4] = ["-p", "bwusaged", "-p", "bwusage-ctl"];
    workspace::succeed(workspace::cargo().args(["build", "--locked", "--release"]).args(PACKAGES))?;
    let daemon = workspace::target_dir()?.join("release").join("bwusaged");
    let mut suite = workspace::cargo();
    suite.args(["test", "--locked", "--quiet", "-p", "bwusaged", "--test", "kernel"]);
    suite.args(["--", "print-load"]).env("BWUSAGED_PROGRAM", daemon);
    match options.load {
        Load::Processes { count, per_second } => {
            suite.args(["processes", &count.to_string(), &per_second.to_string()])
        }
        Load::Sockets { count } => suite.args(["sockets", &count.to_string()]),
    };
    workspace::succeed(&mut suite)?;
    Ok(ExitCode::SUCCESS)
}
