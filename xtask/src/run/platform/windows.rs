//! Without elevation: the daemon says itself what it cannot do.

use std::{
    ffi::OsString,
    path::Path,
    process::{Child, Command},
};

use anyhow::Result;

#[expect(clippy::unnecessary_wraps, reason = "elsewhere, the right to start it can be refused")]
pub(crate) fn as_administrator(program: &Path, arguments: &[OsString]) -> Result<Command> {
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

pub(crate) fn as_invoking_user(program: &Path) -> Command {
    Command::new(program)
}

pub(crate) fn stop_daemon(child: &mut Child) {
    // It may have ended meanwhile.
    let _ = child.kill();
}

pub(crate) fn ask_to_end(child: &mut Child) {
    // Ctrl-C reaches every program of the console, so it was asked already.
    let _ = child.try_wait();
}
