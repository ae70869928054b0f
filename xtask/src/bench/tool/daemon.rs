//! Our daemon, whose home is the near end: there it watches the interfaces too.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{
    Counted,
    process::{LOG, Process},
};
use crate::{
    bench::{lab::Lab, stage::Stage},
    workspace,
};

const SOCKET: &str = "bwusage.sock";
/// `ip netns exec` would hide the control groups.
const MOUNT: &str = "mount -t sysfs none /sys && mount -t cgroup2 none /sys/fs/cgroup && exec \"$0\" \"$@\"";

pub(super) fn start(lab: &Lab, stage: &Stage, counting: &str) -> Result<Process> {
    let folder = lab.folder("bwusaged")?;
    let socket = folder.join(SOCKET);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "nsenter"]);
    command.arg(format!("--net={}", stage.near.path().display()));
    command.args(["unshare", "--mount", "sh", "-c", MOUNT]).arg(lab.program("bwusaged"));
    command.args(["--counting", counting]).arg("--socket").arg(&socket);
    command.arg("--state-dir").arg(folder.join("state"));
    let ctl = lab.program("bwusage-ctl");
    let answers = {
        let (ctl, socket) = (ctl.clone(), socket.clone());
        move |_| status(&ctl, &socket)
    };
    let table = Box::new(move |pid| counted(&ctl, &socket, pid));
    Process::start(command, &folder, table, answers)
}

/// Subscribes to `daemon`, as everyone who looks does. What it prints is not looked at.
pub(super) fn watch(lab: &Lab, daemon: &Process) -> Result<Process> {
    let mut watch = Command::new("setpriv");
    watch.args(["--pdeathsig", "TERM"]).arg(lab.program("bwusage-ctl"));
    watch.args(["watch", "--json", "--all", "--socket"]).arg(daemon.folder().join(SOCKET));
    let folder = lab.folder("watch")?;
    let log = folder.join(LOG);
    // With the first line it is subscribed.
    let prints = move |_| fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    Process::start(watch, &folder, Box::new(|_| Ok(Counted::default())), prints)
}

fn status(ctl: &Path, socket: &Path) -> bool {
    let mut status = Command::new(ctl);
    status.args(["status", "--socket"]).arg(socket).stdout(Stdio::null()).stderr(Stdio::null());
    status.status().is_ok_and(|status| status.success())
}

#[derive(Deserialize)]
struct Top {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    pid: Option<u32>,
    rx_bytes_total: u64,
    tx_bytes_total: u64,
    rx_payload_bytes_total: u64,
    tx_payload_bytes_total: u64,
}

fn counted(ctl: &PathBuf, socket: &Path, pid: u32) -> Result<Counted> {
    let mut top = Command::new(ctl);
    top.args(["top", "--json", "--all", "--by", "pid", "--socket"]).arg(socket);
    parse(&workspace::output(&mut top)?, pid)
}

fn parse(text: &str, pid: u32) -> Result<Counted> {
    let top: Top = serde_json::from_str(text).context("bwusage-ctl's table is not understood")?;
    let row = top.rows.iter().find(|row| row.pid == Some(pid));
    Ok(row.map_or_else(Counted::default, |row| Counted {
        sent_bytes: row.tx_bytes_total,
        received_bytes: row.rx_bytes_total,
        payload: Some([row.tx_payload_bytes_total, row.rx_payload_bytes_total]),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_by_its_process_and_a_missing_one_counted_nothing() {
        let row = r#"{"pid":17,"rx_bytes_total":1,"tx_bytes_total":2,"rx_payload_bytes_total":3,"tx_payload_bytes_total":4}"#;
        let text = format!(r#"{{"rows":[{row}]}}"#);
        let expected = Counted { sent_bytes: 2, received_bytes: 1, payload: Some([4, 3]) };
        assert_eq!(parse(&text, 17).expect("JSON"), expected);
        assert_eq!(parse(&text, 18).expect("JSON"), Counted::default());
    }
}
