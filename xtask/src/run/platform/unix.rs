//! With sudo, where we are not root.

use std::{
    env,
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::workspace;

/// Runs the daemon until the standard input ends, then stops it with SIGTERM and waits for it.
///
/// Whoever started a program through sudo may not send it a signal, but may always close a pipe; and the pipe is closed
/// even where we are killed.
const UNTIL_INPUT_ENDS: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- & daemon=$!
{ read -r _ <&3; kill "$daemon" 2>/dev/null; } &
wait "$daemon"
"#;

pub(crate) fn as_administrator(program: &Path, arguments: &[OsString]) -> Result<Command> {
    let mut command = if geteuid().is_root() {
        Command::new("sh")
    } else {
        eprintln!("bwusaged needs root to count: starting it, and only it, through sudo.");
        ask_for_password()?;
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "--", "sh"]);
        sudo
    };
    command.args(["-c", UNTIL_INPUT_ENDS, "sh"]).arg(program).args(arguments);
    // Ctrl-C on the terminal is for us; the daemon is then stopped in order.
    command.process_group(0);
    Ok(command)
}

/// Lets sudo ask now, while the terminal is still ours.
fn ask_for_password() -> Result<()> {
    let mut sudo = Command::new("sudo");
    sudo.arg("--validate");
    match workspace::succeed(&mut sudo) {
        Err(error) if error.downcast_ref::<std::io::Error>().is_some() => bail!(
            "bwusaged needs root to count, and there is no sudo here: run `cargo xtask run` as root, or start \
             bwusaged as root yourself and run `cargo xtask run` again"
        ),
        outcome => outcome.context("sudo did not grant root"),
    }
}

/// `program` as the person who typed the command, who may have typed `sudo cargo xtask run`.
pub(crate) fn as_invoking_user(program: &Path) -> Command {
    match env::var("SUDO_UID") {
        Ok(uid) if geteuid().is_root() && uid != "0" => {
            let mut sudo = Command::new("sudo");
            sudo.arg("--set-home").arg(format!("--user=#{uid}")).arg("--").arg(program);
            sudo
        }
        _ => Command::new(program),
    }
}

/// The end of its input is what the daemon's shell waits for.
pub(crate) fn stop_daemon(child: &mut Child) {
    drop(child.stdin.take());
}

pub(crate) fn ask_to_end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended meanwhile; until it is waited for, the number stays its own.
        let _ = kill_process(pid, Signal::TERM);
    }
}
