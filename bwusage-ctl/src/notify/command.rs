//! A command: an argument vector that the user wrote, with the event in its environment and as JSON on its standard
//! input.
//!
//! Nothing of the event becomes an argument, and no shell is between: there is no word that a process could call itself
//! by and so have run.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::{io::AsyncWriteExt as _, process, time::timeout};

use bwusage_proto::notify::Notice;

use super::Undelivered;

/// A program and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    program: PathBuf,
    arguments: Vec<String>,
    timeout: Duration,
}

/// Why an argument vector cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgvError {
    #[error("argv must name a program, such as [\"/usr/bin/logger\", \"-t\", \"bwusage\"]")]
    Empty,
    #[error(
        "argv must begin with the whole path of a program, such as \"/usr/bin/logger\"; it is not read by a shell"
    )]
    NotAbsolute,
}

impl Command {
    pub(crate) fn new(argv: &[String], timeout: Duration) -> Result<Self, ArgvError> {
        let (program, arguments) = argv.split_first().ok_or(ArgvError::Empty)?;
        let program = PathBuf::from(program);
        if !program.is_absolute() {
            return Err(ArgvError::NotAbsolute);
        }
        Ok(Self { program, arguments: arguments.to_vec(), timeout })
    }

    /// The program, as it was written.
    pub(crate) fn program(&self) -> String {
        self.program.display().to_string()
    }

    /// Runs it for `notice`, once, and waits for its end.
    pub(crate) async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        let program = self.program();
        let mut child = process::Command::new(&self.program)
            .args(&self.arguments)
            .envs(notice.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Undelivered::Run { program: program.clone(), source })?;
        let mut stdin = child.stdin.take();
        let line = format!("{}\n", notice.json);
        let run = async {
            if let Some(stdin) = &mut stdin {
                // A command need not read it.
                let _ = stdin.write_all(line.as_bytes()).await;
            }
            drop(stdin);
            child.wait().await
        };
        // Whoever takes longer is killed with the value.
        let status = timeout(self.timeout, run)
            .await
            .map_err(|_| Undelivered::TooLong { what: program.clone(), within: self.timeout })?
            .map_err(|source| Undelivered::Run { program: program.clone(), source })?;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => Err(Undelivered::Exit { program, code }),
            None => Err(Undelivered::Signal { program }),
        }
    }
}

#[cfg(test)]
mod tests;
