//! What is checked, in the order in which it is worth knowing.

use std::{
    io::{BufRead as _, BufReader, IsTerminal as _, Read},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{Step, Tally};
use crate::{bpf, browser, tools, workspace};

pub(super) const STEPS: &[Step] = &[
    Step { name: "tools", what: "programs from outside that the checks need", run: tools },
    Step { name: "fmt", what: "formatting", run: fmt },
    Step { name: "bpf", what: "the committed BPF object is what its source compiles to", run: bpf_object },
    Step { name: "clippy", what: "lints, warnings denied, benches included", run: clippy },
    Step { name: "tests", what: "unit, end-to-end, kernel and terminal tests", run: tests },
    Step {
        name: "browser",
        what: "the dashboard in a browser, before a real daemon and real traffic",
        run: in_browser,
    },
    Step { name: "doctests", what: "examples in the documentation", run: doctests },
    Step { name: "benches", what: "every benchmark's body, once", run: benches },
    Step { name: "docs", what: "documentation, its warnings denied", run: docs },
    Step { name: "deny", what: "licences, sources and duplicates of what we depend on", run: deny },
    Step { name: "cross", what: "lints for Windows and macOS", run: cross },
];

fn tools() -> Result<Tally> {
    tools::install_missing()?;
    Ok(Tally::PASSED)
}

fn fmt() -> Result<Tally> {
    check(workspace::cargo().args(["fmt", "--all", "--check"]))
}

fn bpf_object() -> Result<Tally> {
    bpf::check()?;
    Ok(Tally::PASSED)
}

fn clippy() -> Result<Tally> {
    check(workspace::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))
}

fn tests() -> Result<Tally> {
    let mut nextest = workspace::cargo();
    nextest.args(["nextest", "run", "--workspace", "--locked", "--profile", "ci"]);
    // It is built with the tests: those of the other packages need not build it again while others run it.
    let daemon =
        workspace::target_dir()?.join("debug").join(format!("bwusaged{}", std::env::consts::EXE_SUFFIX));
    nextest.env("BWUSAGED_PROGRAM", daemon);
    counted(&mut nextest, Tally::from_nextest)
}

fn in_browser() -> Result<Tally> {
    browser::equip()?;
    counted(&mut browser::tests()?, Tally::from_node)
}

fn doctests() -> Result<Tally> {
    counted(workspace::cargo().args(["test", "--workspace", "--locked", "--doc"]), Tally::from_libtest)
}

fn benches() -> Result<Tally> {
    check(workspace::cargo().args(["test", "--workspace", "--locked", "--bench", "*", "--quiet"]))
}

fn docs() -> Result<Tally> {
    let mut doc = workspace::cargo();
    doc.args(["doc", "--workspace", "--locked", "--no-deps", "--document-private-items"]);
    // Private items are documented too, so links to them lead somewhere.
    check(doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))
}

/// Known vulnerabilities are not asked for: the list of them is elsewhere, and changes without us. `.deny.toml` says how.
fn deny() -> Result<Tally> {
    let mut deny = workspace::cargo();
    check(deny.args(["deny", "--locked", "check", "bans", "licenses", "sources"]))
}

fn cross() -> Result<Tally> {
    check(workspace::command("bash").args(["xtask/cross-check.sh", "check"]))
}

/// A command that either passes or fails, and counts as one check.
fn check(command: &mut Command) -> Result<Tally> {
    workspace::succeed(command)?;
    Ok(Tally::PASSED)
}

/// A command that says itself how many passed. What it prints goes on to the terminal.
fn counted(command: &mut Command, read: fn(&str) -> Option<Tally>) -> Result<Tally> {
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", workspace::shown(command)))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let tally = std::thread::scope(|scope| {
        let stdout = scope.spawn(move || stdout.map(|stdout| pass_on(stdout, read)).unwrap_or_default());
        let stderr = stderr.map(|stderr| pass_on(stderr, read)).unwrap_or_default();
        stderr + stdout.join().unwrap_or(Tally::FAILED)
    });
    let status = child.wait()?;
    match tally {
        tally if status.success() || tally.failed > 0 => Ok(tally),
        _ => bail!("{} failed ({status})", workspace::shown(command)),
    }
}

/// Prints every line as it comes and adds up those that `read` understands.
fn pass_on(stream: impl Read, read: fn(&str) -> Option<Tally>) -> Tally {
    let mut lines = BufReader::new(stream);
    let mut tally = Tally::default();
    let mut line = Vec::new();
    // Not `lines()`: what a test prints need not be UTF-8.
    while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        tally = tally + read(&anstream::adapter::strip_str(&text).to_string()).unwrap_or_default();
        line.clear();
    }
    tally
}
