//! `bwusaged` as a process, playing the demonstration recording, alone in a folder of its own.

use std::{
    io::{self, BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::daemon_program::daemon_program;

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bwusaged/tests/data/demo.jsonl");

/// Where a daemon can live.
pub(crate) struct Home {
    folder: TempDir,
}

/// A daemon that is ready. It is killed with the value, as by `kill -9`.
pub(crate) struct Daemon(Child);

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room for a folder") }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.file("bwusage.sock")
    }

    /// Starts a daemon and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Daemon {
        let mut child = Command::new(daemon_program())
            .args(["--engine", &format!("replay:{RECORDING}"), "--socket"])
            .arg(self.socket())
            .arg("--state-dir")
            .arg(self.file("state"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("bwusaged starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log is a pipe"));
        let mut said = String::new();
        while !said.contains("ready") {
            let read = log.read_line(&mut said).expect("its log can be read");
            assert!(read > 0, "bwusaged ended before it was ready:\n{said}");
        }
        std::thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Daemon(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
