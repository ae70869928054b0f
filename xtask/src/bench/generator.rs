//! A generator as the bench sees it: a child that works when it is told to.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{
    generate::{Outcome, VERB},
    stage::Namespace,
};

/// A child that makes or takes traffic. Dropping it ends it.
pub(super) struct Generator {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Generator {
    /// Starts one in `namespace`, and waits until it is ready.
    pub(super) fn start(namespace: &Namespace, words: &[&str]) -> Result<Self> {
        let mut command = namespace.command(env::current_exe()?);
        command.arg(VERB).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start a generator")?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).context("it has no pipes")?;
        let mut generator = Self { child, input, output: BufReader::new(output) };
        match generator.line()?.as_str() {
            "ready" => Ok(generator),
            other => bail!("{words:?} said {other:?} instead of being ready"),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to work, and waits until it has. A server has nothing to do, and says at once what it did so far.
    pub(super) fn work(&mut self) -> Result<Outcome> {
        writeln!(self.input).context("a generator ended early")?;
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("a generator said {line:?}"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("a generator ended early ({})", self.child.wait()?);
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
