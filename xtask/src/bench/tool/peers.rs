//! The classic tools, each in the cheapest way that it can be asked for totals by process.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    Counted,
    process::{LOG, Process, Table},
};
use crate::{
    bench::{
        lab::Lab,
        stage::{INTERFACE, Stage},
    },
    tools, workspace,
};

/// The newest that the compiler of this workspace builds.
const BANDWHICH_VERSION: &str = "0.23.1";

/// Installs what can be installed. What is missing afterwards is skipped when it cannot be started.
pub(in crate::bench) fn install() {
    let outcomes = [tools::install_packages(&[("nethogs", "nethogs")]), install_bandwhich()];
    for error in outcomes.into_iter().filter_map(Result::err) {
        println!("cannot install: {error:#}");
    }
}

fn bandwhich_program() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("bench/bin/bandwhich"))
}

fn install_bandwhich() -> Result<()> {
    if bandwhich_program()?.exists() {
        return Ok(());
    }
    let root = workspace::target_dir()?.join("bench");
    println!("installing bandwhich {BANDWHICH_VERSION} into {}", root.display());
    let mut install = workspace::cargo();
    install.args(["install", "--quiet", "--locked", "--version", BANDWHICH_VERSION, "bandwhich", "--root"]);
    workspace::succeed(install.arg(root))
}

pub(super) fn start_nethogs(lab: &Lab, stage: &Stage) -> Result<Process> {
    let folder = lab.folder("nethogs")?;
    let mut command = stage.near.command("nethogs");
    // Text instead of a screen; totals in bytes; UDP too.
    command.args(["-t", "-v", "2", "-C", INTERFACE]);
    let table = table_in(&folder, nethogs_total);
    Process::start(command, &folder, table, listens).context("apt-get install nethogs brings it")
}

pub(super) fn start_bandwhich(lab: &Lab, stage: &Stage) -> Result<Process> {
    let folder = lab.folder("bandwhich")?;
    let mut command = stage.near.command(bandwhich_program()?);
    command.args(["--raw", "--no-resolve", "--processes", "--total-utilization", "--interface", INTERFACE]);
    let table = table_in(&folder, bandwhich_total);
    Process::start(command, &folder, table, listens)
        .with_context(|| format!("cargo install --locked --version {BANDWHICH_VERSION} bandwhich brings it"))
}

/// It listens when it has a packet socket.
fn listens(pid: u32) -> bool {
    // The list is that of the process's network namespace, where nobody else listens.
    fs::read_to_string(format!("/proc/{pid}/net/packet")).is_ok_and(|list| has_packet_socket(&list))
}

/// The first line has the names of the columns.
fn has_packet_socket(list: &str) -> bool {
    list.lines().nth(1).is_some()
}

fn table_in(folder: &Path, total: fn(&str, u32) -> Option<Counted>) -> Table {
    let log = folder.join(LOG);
    Box::new(move |pid| {
        let text = fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
        // It may not know the process: that is nothing counted.
        Ok(total(&text, pid).unwrap_or_default())
    })
}

/// The last line `PROGRAM/PID/UID<tab>SENT<tab>RECEIVED` of `pid`. They are totals.
fn nethogs_total(log: &str, pid: u32) -> Option<Counted> {
    let mut lines = log.lines().rev();
    lines.find_map(|line| {
        let [who, sent, received] = *line.split('\t').collect::<Vec<_>>() else { return None };
        let found = who.rsplit('/').nth(1)?;
        (found == pid.to_string()).then_some(())?;
        Some(Counted {
            sent_bytes: sent.parse().ok()?,
            received_bytes: received.parse().ok()?,
            payload: None,
        })
    })
}

/// It names processes and gives no numbers.
fn bandwhich_total(log: &str, pid: u32) -> Option<Counted> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    bandwhich_total_of(log, name.trim_end())
}

/// The lines `process: <TIME> "NAME" up/down Bps: SENT/RECEIVED connections: N` of `name` behind the last `Refreshing:`. Their
/// unit is wrong: asked for totals, they are totals.
fn bandwhich_total_of(log: &str, name: &str) -> Option<Counted> {
    let (_, last) = log.rsplit_once("Refreshing:")?;
    let start = format!("\"{name}\" up/down Bps: ");
    let totals = last.lines().filter(|line| line.starts_with("process: ")).filter_map(|line| {
        let (sent, received) = line.split_once(&start)?.1.split_once(' ')?.0.split_once('/')?;
        Some((sent.parse::<u64>().ok()?, received.parse::<u64>().ok()?))
    });
    let (sent_bytes, received_bytes) = totals.reduce(|sum, row| (sum.0 + row.0, sum.1 + row.1))?;
    Some(Counted { sent_bytes, received_bytes, payload: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_total_of_a_process_is_what_nethogs_says() {
        let log = "Refreshing:\n/usr/bin/a/17/0\t10\t20\nRefreshing:\n/usr/bin/a/17/0\t508872\t3440\nunknown TCP/0/0\t0\t0\n";
        let counted = nethogs_total(log, 17).expect("it is there");
        assert_eq!((counted.sent_bytes, counted.received_bytes), (508_872, 3440));
        assert_eq!(nethogs_total(log, 7), None);
    }

    #[test]
    fn the_last_total_of_a_name_is_what_bandwhich_says() {
        let line = |moved| format!("process: <1700000000> \"xtask\" up/down Bps: {moved} connections: 1\n");
        let log = format!(
            "Refreshing:\n{}Refreshing:\n{}process: <1700000000> \"other\" up/down Bps: 7/7 connections: 1\n",
            line("1/1"),
            line("1500/64")
        );
        let counted = bandwhich_total_of(&log, "xtask").expect("it is there");
        assert_eq!((counted.sent_bytes, counted.received_bytes), (1500, 64));
        assert_eq!(bandwhich_total_of(&log, "nobody"), None);
    }

    #[test]
    fn a_list_with_nothing_but_names_of_columns_has_no_socket() {
        assert!(!has_packet_socket("sk RefCnt Type\n"));
        assert!(has_packet_socket("sk RefCnt Type\n0000 3 3\n"));
    }
}
