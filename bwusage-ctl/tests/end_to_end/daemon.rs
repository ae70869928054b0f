//! `bwusaged` as a process, playing a recording, alone in a folder of its own.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{daemon_program::daemon_program, recording};

/// Where a daemon can live: the recording is there, the daemon perhaps.
pub(crate) struct Home {
    folder: TempDir,
}

/// A daemon that is ready. It is killed with the value, as by `kill -9`.
pub(crate) struct Daemon(Child);

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        recording::write(&folder.path().join("recording.jsonl"));
        Self { folder }
    }

    /// The same machine in light mode: nothing is known of its interfaces.
    pub(crate) fn computing() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        recording::write_computed(&home.folder.path().join("recording.jsonl"));
        home
    }

    /// The same machine, on which the file of a program is called as badly as can be.
    pub(crate) fn hostile() -> Self {
        let home = Self::new();
        let file = home.folder.path().join("recording.jsonl");
        let name = serde_json::to_string(recording::HOSTILE_NAME).unwrap();
        let named = fs::read_to_string(&file)
            .unwrap()
            .replace("/usr/bin/hidden\"", &format!("/usr/bin/{}", &name[1..]));
        fs::write(&file, named).unwrap();
        home
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("bwusage.sock")
    }

    /// Starts a daemon and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Daemon {
        let file = |name: &str| self.folder.path().join(name);
        let mut child = Command::new(daemon_program())
            .arg("--engine")
            .arg(format!("replay:{}", file("recording.jsonl").display()))
            .arg("--socket")
            .arg(self.socket())
            .arg("--state-dir")
            .arg(file("state"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("ready") {
            assert!(log.read_line(&mut said).unwrap() > 0, "bwusaged ended before it was ready:\n{said}");
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
