//! `cargo xtask run`: build, start the daemon, wait until it answers, open the terminal interface, stop the daemon.
//!
//! Only the daemon gets administrator rights; the interface runs as the person who typed the command.

mod daemon;
mod platform;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::daemon::Daemon;
use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// Where daemon and clients meet, instead of the system's own place
    #[arg(long, value_name = "PATH", env = "BWUSAGE_SOCKET")]
    socket: Option<PathBuf>,
    /// Arguments for bwusage-tui
    #[arg(last = true, value_name = "TUI ARGUMENTS")]
    tui_arguments: Vec<String>,
}

/// How long a daemon may take until it answers: loading its programs into the kernel takes a second at most.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks at what children and user are doing.
const LOOK: Duration = Duration::from_millis(50);
/// What `bwusage-ctl` exits with when no daemon answers.
const NOT_REACHABLE: i32 = 3;
/// What a shell reports for a program that was interrupted.
const INTERRUPTED_STATUS: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let programs = Programs::build(options.socket.clone())?;
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).context("cannot listen for Ctrl-C")?;
    match start_and_show(&programs, options) {
        Err(error) if error.is::<Interrupted>() => Ok(ExitCode::from(INTERRUPTED_STATUS)),
        outcome => outcome,
    }
}

fn start_and_show(programs: &Programs, options: &Options) -> Result<ExitCode> {
    if programs.daemon_answers()? {
        eprintln!("A daemon already answers: using it, and leaving it running.");
        return show(programs, options);
    }
    let mut daemon = Daemon::start(&programs.path("bwusaged"), &programs.socket_arguments())?;
    let deadline = Instant::now() + START_DEADLINE;
    poll(|| {
        daemon.still_runs()?;
        if Instant::now() > deadline {
            bail!("bwusaged has not answered for {} s\n{}", START_DEADLINE.as_secs(), daemon.last_words());
        }
        Ok(programs.daemon_answers()?.then_some(()))
    })?;
    let shown = show(programs, options);
    daemon.still_runs()?;
    daemon.stop()?;
    shown
}

/// The terminal interface, or, where nobody could use it, the table as text.
fn show(programs: &Programs, options: &Options) -> Result<ExitCode> {
    let mut client = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        let mut tui = platform::as_invoking_user(&programs.path("bwusage-tui"));
        tui.args(programs.socket_arguments()).args(&options.tui_arguments);
        tui
    } else {
        let mut top = platform::as_invoking_user(&programs.path("bwusage-ctl"));
        top.args(["top", "--all", "--limit", "20"]).args(programs.socket_arguments());
        top
    };
    let mut child = client.spawn().with_context(|| format!("cannot start {}", workspace::shown(&client)))?;
    match poll(|| Ok(child.try_wait()?)) {
        Ok(status) => Ok(code_of(status)),
        Err(error) => {
            // It has the terminal: asked to end, it puts it back in order.
            platform::ask_to_end(&mut child);
            child.wait()?;
            Err(error)
        }
    }
}

fn code_of(status: ExitStatus) -> ExitCode {
    match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

/// The user wants to stop.
#[derive(Debug)]
struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Looks again and again until there is something, an error, or Ctrl-C.
fn poll<T>(mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if INTERRUPTED.load(Ordering::SeqCst) {
            return Err(Interrupted.into());
        }
        thread::sleep(LOOK);
    }
}

/// The built programs and the endpoint that they share.
struct Programs {
    folder: PathBuf,
    socket: Option<PathBuf>,
}

impl Programs {
    const NAMES: [&str; 3] = ["bwusaged", "bwusage-tui", "bwusage-ctl"];

    fn build(socket: Option<PathBuf>) -> Result<Self> {
        let mut build = workspace::cargo();
        build.args(["build", "--release", "--locked"]);
        for name in Self::NAMES {
            build.args(["--package", name]);
        }
        workspace::succeed(&mut build)?;
        // A relative path means the same to us and to a daemon that sudo starts.
        let socket = socket.map(std::path::absolute).transpose()?;
        Ok(Self { folder: workspace::target_dir()?.join("release"), socket })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    fn socket_arguments(&self) -> Vec<std::ffi::OsString> {
        self.socket.iter().flat_map(|path| ["--socket".into(), path.into()]).collect()
    }

    /// Asks as a client would. A daemon that answers but cannot be talked to is an error.
    fn daemon_answers(&self) -> Result<bool> {
        let mut status = Command::new(self.path("bwusage-ctl"));
        status.arg("status").args(self.socket_arguments()).stdin(Stdio::null());
        let output = status.output().context("cannot start bwusage-ctl")?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(NOT_REACHABLE) => Ok(false),
            _ => bail!(
                "a daemon answers, but not to us\n{}",
                String::from_utf8_lossy(&output.stderr).trim_end()
            ),
        }
    }
}

/// Waits for `child` for at most `patience`.
fn ended_within(child: &mut Child, patience: Duration) -> Result<bool> {
    let deadline = Instant::now() + patience;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            return Ok(false);
        }
        thread::sleep(LOOK);
    }
    Ok(true)
}
