//! What it costs to be there when nothing happens.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::Tool;
use crate::bench::{
    cpu,
    generator::Generator,
    lab::Lab,
    report::Table,
    stage::{SERVER, Stage},
    tool::Running,
};

pub(super) const TOOLS: &[Tool] = &[Tool::Light, Tool::Exact, Tool::Nethogs, Tool::Bandwhich];

const SECONDS: f64 = 30.0;
const PROCESSES: &str = "300";
const CONNECTIONS: &str = "5000";
/// Processes that have just begun and connected are looked at more often for a while.
const CALM: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    let seconds = lab.effort.seconds(SECONDS);
    let caption = format!("300 processes with 5,000 connections that do nothing, for {seconds} s, at 1 Hz");
    let mut table = Table::new(caption, &["counting", "watched by", "% of a core", "resident, MiB"]);
    for tool in lab.tools(TOOLS) {
        let stage = Stage::new()?;
        let _server = Generator::start(&stage.far, &["serve-held", SERVER])?;
        let running = tool.start(lab, &stage)?;
        let _held = Generator::start(&stage.near, &["hold", SERVER, PROCESSES, CONNECTIONS])?;
        thread::sleep(CALM);
        table.row(rest(tool, &running, "nobody", seconds)?);
        if let Some(watcher) = running.watch(lab) {
            let _watcher = watcher?;
            table.row(rest(tool, &running, "one client", seconds)?);
        }
    }
    table.note("The 5,000 connections are 10,000 sockets here: both ends are on this machine.");
    Ok(vec![table])
}

fn rest(tool: Tool, running: &Running, watched_by: &str, seconds: f64) -> Result<[String; 4]> {
    let pid = running.pid().context("it has no process")?;
    let (before, start) = (running.cpu()?, Instant::now());
    thread::sleep(Duration::from_secs_f64(seconds));
    let used = running.cpu()?.saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64();
    let resident = cpu::resident_bytes(pid)? as f64 / f64::from(1 << 20);
    Ok([tool.to_string(), watched_by.into(), format!("{:.3}", used * 100.0), format!("{resident:.1}")])
}
