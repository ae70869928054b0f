//! `cargo xtask test --vm`: the conformance cases on other kernels, each with the way of counting that belongs to it.
//!
//! Stock kernels of Debian run in QEMU, which needs no right and no hardware for it. What is inside is made anew each time: the
//! kernel's own modules, the daemon, its client and the test program, and busybox around them ([`image`]). The cases report
//! over a serial line ([`report`]).
//!
//! Kernels and images lie in `vm/` in cargo's target folder, the consoles' logs beside them.

mod image;
mod kernel;
mod machine;
mod modules;
mod programs;
mod report;
mod sources;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use self::{kernel::Kernel, machine::Machine};
use crate::{tools, workspace};

/// A kernel, and a way of counting on it.
struct Run {
    /// The version, as far as Debian's release decides it.
    version: &'static str,
    /// Debian's release that has it.
    release: &'static str,
    /// What the daemon is told with `--engine`.
    engine: &'static str,
}

const RUNS: &[Run] = &[
    Run { version: "5.10", release: "bullseye", engine: "packets" },
    Run { version: "6.1", release: "bookworm", engine: "fentry" },
    Run { version: "6.12", release: "trixie", engine: "tracepoints" },
    Run { version: "6.12", release: "trixie", engine: "fentry" },
];

/// What must be there for it, and the Debian package that brings it.
const PACKAGES: &[(&str, &str)] = &[
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("cpio", "cpio"),
    ("strip", "binutils"),
    ("ip", "iproute2"),
    ("ethtool", "ethtool"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
];

/// The word for all of them.
pub(crate) const ALL: &str = "all";

/// After that a machine is stopped, and what it did not come to has failed.
const LIMIT: Duration = Duration::from_mins(30);

/// Plays the cases whose name contains `cases` on the kernels of this version, or on all of them.
pub(crate) fn run(version: &str, cases: &str) -> Result<ExitCode> {
    let chosen: Vec<&Run> = RUNS.iter().filter(|run| version == ALL || run.version == version).collect();
    if chosen.is_empty() {
        let versions: Vec<_> = RUNS.iter().map(|run| run.version).collect();
        bail!("there is no kernel {version} here: name one of {}", versions.join(", "));
    }
    tools::install_packages(PACKAGES)?;
    let folder = workspace::target_dir()?.join("vm");
    let programs = programs::build()?;
    let mut lines = Vec::new();
    let mut succeeded = true;
    for Run { version, release, engine } in chosen {
        println!("\n== Linux {version}, --engine {engine}");
        let start = Instant::now();
        let outcome = Kernel::get(version, release, &folder).and_then(|kernel| {
            let image = image::pack(&kernel, &programs)?;
            let console = folder.join(format!("console-{version}-{engine}.log"));
            Machine { kernel: &kernel.program, image: &image, console: &console, engine, cases }.play(LIMIT)
        });
        let (line, success) = match outcome {
            Ok(totals) => (totals.to_string(), totals.is_success()),
            Err(error) => (format!("FAILED: {error:#}"), false),
        };
        let took = start.elapsed().as_secs_f64();
        println!("-- {line}; took {took:.0} s");
        lines.push(format!("Linux {version:<5} {engine:<12} {took:>5.0} s  {line}"));
        succeeded &= success;
    }
    println!("\n{}", lines.join("\n"));
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
