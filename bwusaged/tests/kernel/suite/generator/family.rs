//! Processes that start processes.

use std::{
    io::{self, Write as _},
    net::{TcpListener, TcpStream},
    os::fd::{AsFd as _, OwnedFd},
    process::{Command, Stdio},
    thread,
};

use super::{VERB, say_listening, say_lived, tcp, until_input_ends};

/// How many processes of a swarm live at a time.
const LANES: usize = 2;

/// Starts `count` processes out of `program` that live for 20 to 50 ms each and download `bytes`.
pub(super) fn swarm(address: &str, count: u64, bytes: &str, program: &str) -> io::Result<()> {
    let run = |lane: u64| -> io::Result<()> {
        for number in (lane..count).step_by(LANES) {
            let milliseconds = (20 + 30 * number / count).to_string();
            let mut command = Command::new(program);
            command.args([VERB, "short", address, bytes, &milliseconds]);
            let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
            let pid = child.id();
            let output = child.wait_with_output()?;
            let said = String::from_utf8_lossy(&output.stdout);
            let truth =
                said.trim_end().strip_prefix("done ").ok_or_else(|| io::Error::other("a child failed"))?;
            writeln!(io::stdout(), "lived {pid} {truth}")?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES as u64).map(|lane| scope.spawn(move || run(lane))).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane"))
    })
}

/// Accepts connections and hands each to a process of its own, made out of `program`, until the input ends.
pub(super) fn dispatch(address: &str, program: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    let program = program.to_owned();
    thread::spawn(move || -> io::Result<()> {
        for stream in listener.incoming() {
            let mut worker = Command::new(&program);
            worker.args([VERB, "serve-inherited"]).stdin(OwnedFd::from(stream?)).spawn()?;
        }
        Ok(())
    });
    until_input_ends()
}

/// Serves the client that is at the other end of the standard input.
pub(super) fn serve_inherited() -> io::Result<()> {
    let stream = TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    tcp::serve_stream(stream)?;
    say_lived()
}
