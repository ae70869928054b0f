//! A virtual machine: started, listened to, and stopped in time.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::report::{Report, Totals};
use crate::workspace;

const QEMU: &str = "qemu-system-x86_64";

pub(super) struct Machine<'a> {
    pub(super) kernel: &'a Path,
    pub(super) image: &'a Path,
    /// What the kernel and the daemon say goes into this file.
    pub(super) console: &'a Path,
    pub(super) engine: &'a str,
    /// Plays the cases whose name contains this.
    pub(super) cases: &'a str,
}

impl Machine<'_> {
    /// Plays the cases and prints each as it ends. After `limit` the machine is stopped.
    pub(super) fn play(&self, limit: Duration) -> Result<Totals> {
        let deadline = Instant::now() + limit;
        let mut qemu = Running(self.start()?);
        let lines = listen(qemu.0.stdout.take().context("piped")?);
        let mut report = Report::default();
        let in_time = loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(shown) = report.take(&line) {
                        println!("{shown}");
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break true,
                Err(RecvTimeoutError::Timeout) => break false,
            }
        };
        drop(qemu);
        if let Some(broken_off) = report.broken_off() {
            let why = if in_time {
                "the machine stopped".into()
            } else {
                format!("{} s were over", limit.as_secs())
            };
            println!(
                "{broken_off}: {why}; the console's last words, of {}:\n{}",
                self.console.display(),
                self.last_words()
            );
        }
        Ok(report.totals())
    }

    fn start(&self) -> Result<Child> {
        let mut qemu = workspace::command(QEMU);
        // Without cx16: versions before 8 emulate it wrongly across threads, and kernels use it to allocate memory.
        qemu.args(["-accel", "tcg,thread=multi", "-cpu", "max,-cx16", "-smp", "2", "-m", "2048"]);
        qemu.args(["-nodefaults", "-no-reboot", "-display", "none", "-nic", "none"]);
        qemu.arg("-kernel").arg(self.kernel).arg("-initrd").arg(self.image);
        // The kernel gives words that it does not know to the first process, as its environment.
        let words = format!(
            "console=ttyS0 quiet panic=-1 mitigations=off BWUSAGED_TEST_ENGINE={} \"CASES={}\"",
            self.engine, self.cases
        );
        qemu.args(["-append", &words]);
        qemu.arg("-serial").arg(format!("file:{}", self.console.display())).args(["-serial", "stdio"]);
        qemu.stdin(Stdio::null()).stdout(Stdio::piped());
        qemu.spawn().with_context(|| format!("cannot start {QEMU}"))
    }

    fn last_words(&self) -> String {
        const LINES: usize = 15;
        let console = fs::read(self.console).unwrap_or_default();
        let console = String::from_utf8_lossy(&console);
        let lines: Vec<&str> = console.lines().map(str::trim_end).collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

/// A process that does not outlive us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; either way it is waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines of `stream` as they come, to its end.
fn listen(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        // Not `lines()`: a process may be called anything.
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if sender.send(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()).is_err()
            {
                return;
            }
            line.clear();
        }
    });
    receiver
}
