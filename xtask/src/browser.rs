//! `cargo xtask screenshots`, `cargo xtask page-cost`, and how the scripts of `bwusage-web/tests/playwright` are started: a real browser before the real
//! programs, driven by Node.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{tools, workspace};

#[derive(Args)]
pub(crate) struct Options {
    /// Put the pictures here instead of among the dashboard's own
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CostOptions {
    /// How long each measurement takes
    #[arg(default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    seconds: u16,
    /// Programs that move data meanwhile
    #[arg(default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    programs: u16,
}

/// The programs that the scripts need beside ours, and the Debian packages that bring them.
const PACKAGES: &[(&str, &str)] = &[
    ("node", "nodejs"),
    ("npm", "npm"),
    ("chromium", "chromium"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
];
/// The programs of ours that they start. Traffic is made by this one, which is there already.
const PROGRAMS: [&str; 6] = ["-p", "bwusaged", "-p", "bwusage-web", "-p", "bwusage-ctl"];
/// Tells the scripts where these are.
const PROGRAMS_VARIABLE: &str = "BWUSAGE_PROGRAMS";
/// What npm writes when it has installed everything.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Draws the pictures of the README anew.
pub(crate) fn screenshots(options: &Options) -> Result<ExitCode> {
    demand("screenshots")?;
    let past = ["build", "--locked", "--quiet", "-p", "bwusaged", "--example", "demo_history"];
    workspace::succeed(workspace::cargo().args(past))?;
    let mut script = script("screenshots.js")?;
    if let Some(out) = &options.out {
        script.arg(std::path::absolute(out).context("no such folder can be")?);
    }
    workspace::succeed(&mut script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what the page costs a browser.
pub(crate) fn cost(options: &CostOptions) -> Result<ExitCode> {
    demand("page-cost")?;
    workspace::succeed(script("cost.js")?.args([options.seconds, options.programs].map(|n| n.to_string())))?;
    Ok(ExitCode::SUCCESS)
}

/// Everything that the scripts need. They start servers as users without rights, which takes root.
fn demand(task: &str) -> Result<()> {
    if !tools::is_root() {
        bail!("programs are started as other users, which needs root: sudo cargo xtask {task}");
    }
    tools::install_packages(PACKAGES)?;
    equip()
}

/// Builds what the scripts start, and installs what they are written with.
pub(crate) fn equip() -> Result<()> {
    workspace::succeed(workspace::cargo().args(["build", "--locked", "--quiet"]).args(PROGRAMS))?;
    let folder = folder();
    if is_older(&folder.join(INSTALLED), &folder.join("package-lock.json"))? {
        let mut npm = workspace::command(tools::path("npm")?);
        workspace::output(npm.current_dir(&folder).args(["ci", "--prefer-offline"]))?;
    }
    Ok(())
}

/// All tests, with a summary that can be read.
pub(crate) fn tests() -> Result<Command> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder()).context("there are no tests in a browser")? {
        files.extend(entry?.file_name().into_string().ok().filter(|name| name.ends_with(".test.js")));
    }
    files.sort();
    let mut node = node()?;
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files);
    Ok(node)
}

/// One script.
fn script(name: &str) -> Result<Command> {
    let mut node = node()?;
    node.arg(name);
    Ok(node)
}

fn node() -> Result<Command> {
    let mut node = workspace::command(tools::path("node")?);
    node.current_dir(folder()).env(PROGRAMS_VARIABLE, workspace::target_dir()?.join("debug"));
    Ok(node)
}

fn folder() -> PathBuf {
    workspace::root().join("bwusage-web/tests/playwright")
}

/// Whether `made` is missing or older than what it is made from.
fn is_older(made: &Path, from: &Path) -> Result<bool> {
    let Ok(made) = fs::metadata(made) else { return Ok(true) };
    let from = fs::metadata(from).with_context(|| format!("cannot read {}", from.display()))?;
    Ok(made.modified()? < from.modified()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_its_source_changed_is_made_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (made, from) = (folder.path().join("made"), folder.path().join("from"));
        fs::write(&from, "").expect("write");
        assert!(is_older(&made, &from).expect("a source"));
        fs::write(&made, "").expect("write");
        let file = fs::File::options().write(true).open(&made).expect("open");
        let changed = fs::metadata(&from).expect("metadata").modified().expect("a time");
        file.set_modified(changed).expect("set a time");
        assert!(!is_older(&made, &from).expect("a source"));
        file.set_modified(changed - std::time::Duration::from_secs(1)).expect("set a time");
        assert!(is_older(&made, &from).expect("a source"));
    }
}
