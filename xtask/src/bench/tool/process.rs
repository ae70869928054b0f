//! A tool that is a process of its own, and how its table is read.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::Counted;
use crate::workspace;

/// What it prints goes here, in its folder.
pub(super) const LOG: &str = "log";
/// How long starting and ending may take.
const DEADLINE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// Reads what was counted of a process.
pub(super) type Table = Box<dyn Fn(u32) -> Result<Counted>>;

/// A running tool. Dropping it ends it.
pub(in crate::bench) struct Process {
    child: Child,
    folder: PathBuf,
    table: Table,
}

impl Process {
    /// Starts it with its output in the file [`LOG`] of `folder`, and waits until `counts` says that it is at work.
    pub(super) fn start(
        mut command: Command,
        folder: &Path,
        table: Table,
        counts: impl Fn(u32) -> bool,
    ) -> Result<Self> {
        let log = folder.join(LOG);
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child =
            command.spawn().with_context(|| format!("cannot start {}", workspace::shown(&command)))?;
        let mut process = Self { child, folder: folder.to_owned(), table };
        let deadline = Instant::now() + DEADLINE;
        while !counts(process.pid()) {
            if let Some(status) = process.child.try_wait()? {
                bail!("it ended ({status}): {}", process.last_words());
            }
            if Instant::now() > deadline {
                bail!("it does not count after {} s: {}", DEADLINE.as_secs(), process.last_words());
            }
            thread::sleep(LOOK);
        }
        Ok(process)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its own folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn counted(&self, pid: u32) -> Result<Counted> {
        (self.table)(pid)
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join(LOG)).unwrap_or_default();
        log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("without a word").to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Until it is waited for, the number stays its own.
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let deadline = Instant::now() + DEADLINE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            thread::sleep(LOOK);
        }
    }
}
