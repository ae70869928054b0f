//! Many processes that hold many connections and do nothing.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::VERB;

/// More than there are connections.
const FILES: u64 = 20_000;

/// Children whose input is a pipe from here: they end with us.
pub(super) struct Held(#[expect(dead_code, reason = "holding them is the point")] Vec<Child>);

pub(super) fn serve(address: &str) -> io::Result<impl FnMut() -> io::Result<Option<f64>>> {
    setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum: Some(FILES) })?;
    let listener = TcpListener::bind(address)?;
    thread::spawn(move || -> io::Result<()> {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream?;
            stream.write_all(b".")?;
            held.push(stream);
        }
        Ok(())
    });
    Ok(|| Ok(None))
}

/// Spreads `connections` over `processes`, and returns when all of them stand.
pub(super) fn hold(address: &str, processes: u32, connections: u32) -> io::Result<Held> {
    let mut children = Vec::new();
    for number in 0..processes {
        let share = connections / processes + u32::from(number < connections % processes);
        let mut command = Command::new(env::current_exe()?);
        command.args([VERB, "hold-some", address, &share.to_string()]);
        children.push(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    }
    for child in &mut children {
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        if BufReader::new(stdout).read_line(&mut String::new())? == 0 {
            return Err(io::Error::other("a process could not hold its connections"));
        }
    }
    Ok(Held(children))
}

pub(super) fn hold_some(address: &str, connections: u32) -> io::Result<Vec<TcpStream>> {
    let connect = |_| {
        let mut stream = TcpStream::connect(address)?;
        stream.read_exact(&mut [0])?;
        Ok(stream)
    };
    (0..connections).map(connect).collect()
}
