//! Starting generators and hearing from them.

use std::{
    env,
    io::{BufRead as _, BufReader, Lines, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{folder::Folder, generator::VERB, namespace::Namespace};

/// A running generator. Dropping it ends it.
pub(super) struct Generator {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a generator knows that it sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Generator {
    /// Starts one in `namespace` whose process is called `name`.
    pub(super) fn start(folder: &Folder, namespace: &Namespace, name: &str, words: &[&str]) -> Self {
        let own = env::current_exe().expect("our own path");
        // `ip netns exec` becomes the program, so the child's number is the generator's.
        let mut command = namespace.command(folder.program(&own, name));
        command.arg(VERB).args(words);
        Self::run(command)
    }

    /// Runs a command that speaks as a generator does.
    pub(super) fn run(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("start a generator");
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, input, lines }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The rest of the next line, which must begin with `word`.
    fn hear(&mut self, word: &str) -> String {
        let line = self.lines.next().expect("the generator ended").expect("read");
        let rest = line.strip_prefix(word).unwrap_or_else(|| panic!("heard {line:?}, not {word}"));
        rest.trim_start().to_owned()
    }

    /// Where it listens.
    pub(super) fn address(&mut self) -> String {
        self.hear("listening")
    }

    /// Waits until it pauses.
    pub(super) fn paused(&mut self) -> Truth {
        Truth::read(&self.hear("paused"))
    }

    /// Ends its pause.
    pub(super) fn resume(&mut self) {
        self.input.as_mut().expect("still listening").write_all(b"\n").expect("resume");
    }

    /// Waits until one of the processes that it started has ended.
    pub(super) fn lived(&mut self) -> (u32, Truth) {
        let line = self.hear("lived");
        let (pid, truth) = line.split_once(' ').expect("a pid and more");
        (pid.parse().expect("a pid"), Truth::read(truth))
    }

    /// How many connections a second it made.
    pub(super) fn rate(&mut self) -> u64 {
        self.hear("rate").parse().expect("a number")
    }

    /// Waits until it holds all its connections.
    pub(super) fn holding(&mut self) -> Truth {
        Truth::read(&self.hear("holding"))
    }

    /// Waits until all its connections are closed.
    pub(super) fn closed(&mut self) -> Truth {
        Truth::read(&self.hear("closed"))
    }

    /// Waits until it has done its work; it stays alive.
    pub(super) fn done(&mut self) -> Truth {
        Truth::read(&self.hear("done"))
    }

    /// Waits until a process without parents says its number, and that it has sent for the first time.
    pub(super) fn beating(&mut self) -> u32 {
        self.hear("beating").parse().expect("a pid")
    }

    /// Waits until everything that it started has ended.
    pub(super) fn over(mut self) {
        drop(self.input.take());
        self.lines.by_ref().for_each(drop);
    }

    /// Tells a server that no more clients come.
    pub(super) fn finish(&mut self) -> Truth {
        drop(self.input.take());
        self.done()
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended already; either way it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Truth {
    fn read(text: &str) -> Self {
        let (sent, received) = text.split_once(' ').expect("two numbers");
        Self { sent: sent.parse().expect("a number"), received: received.parse().expect("a number") }
    }
}
