//! The daemon that was started here, and that ends with us.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{ended_within, platform};
use crate::workspace;

/// How long an orderly end may take.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// A running daemon. Dropping it stops it.
pub(super) struct Daemon {
    child: Child,
    /// What it prints goes here: the terminal belongs to the interface.
    log: PathBuf,
    stopped: bool,
}

impl Daemon {
    pub(super) fn start(program: &Path, arguments: &[OsString]) -> Result<Self> {
        let log = workspace::target_dir()?.join("bwusaged.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = platform::as_administrator(program, arguments)?;
        command.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        let child =
            command.spawn().with_context(|| format!("cannot start {}", workspace::shown(&command)))?;
        Ok(Self { child, log, stopped: false })
    }

    /// Fails, with what the daemon said last, when it ended by itself.
    pub(super) fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                self.stopped = true;
                bail!("bwusaged ended ({status})\n{}", self.last_words())
            }
        }
    }

    /// What it printed.
    pub(super) fn last_words(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default().trim_end().to_owned()
    }

    /// Stops it in an orderly way and waits for its end.
    pub(super) fn stop(&mut self) -> Result<()> {
        if self.stopped {
            return Ok(());
        }
        self.stopped = true;
        platform::stop_daemon(&mut self.child);
        if !ended_within(&mut self.child, STOP_DEADLINE)? {
            bail!(
                "bwusaged has not ended {} s after it was told to; see {}",
                STOP_DEADLINE.as_secs(),
                self.log.display()
            );
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("error: {error:#}");
        }
    }
}
