//! Where and when it was measured.

use std::{fs, process::Command, thread};

use anyhow::Result;

use crate::workspace;

/// One line for people.
pub(super) fn describe() -> Result<String> {
    let date = workspace::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let processors = thread::available_parallelism()?;
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let commit = workspace::output(workspace::command("git").args(["rev-parse", "--short=12", "HEAD"]));
    let commit = commit.map_or_else(|_| String::new(), |commit| format!(", commit {}", commit.trim()));
    Ok(format!("{}, Linux {}, {processors} x {model}{commit}", date.trim(), release.trim()))
}

/// How many programs wanted a processor over the last minute, on average.
pub(super) fn load() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}
