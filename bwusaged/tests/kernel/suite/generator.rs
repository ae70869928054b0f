//! The process that makes traffic, and counts its own bytes.
//!
//! `PROGRAM generate WHAT ARGUMENT...`. It talks with the test over its standard streams, a line at a time: `listening ADDRESS`,
//! `paused SENT RECEIVED` (goes on after a line of input), `done SENT RECEIVED` (ends when its input does, so that it is still
//! there when the table is looked at).

use std::{
    env,
    io::{self, BufRead as _, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Command, ExitCode, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The word that makes this program a generator.
pub(super) const VERB: &str = "generate";

/// Datagrams that are under way at most, each answered by one byte: they fit into any receive buffer, so none is ever lost.
pub(super) const UDP_BURST: u64 = 32;
/// Longer than any scheduling delay; a lost datagram would otherwise block for ever.
const UDP_PATIENCE: Duration = Duration::from_secs(20);

static SENT: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Acts as a generator where the command line says so.
pub(super) fn main() -> Option<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().map(String::as_str) != Some(VERB) {
        return None;
    }
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    Some(match generate(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{words:?}: {error}");
            ExitCode::FAILURE
        }
    })
}

fn generate(words: &[&str]) -> io::Result<()> {
    match *words {
        ["serve-tcp", address] => serve_tcp(address)?,
        ["serve-udp", address] => serve_udp(address)?,
        ["download", address, bytes] => download(address, number(bytes)?, u64::MAX)?,
        ["download", address, bytes, "pause-after", pause] => {
            download(address, number(bytes)?, number(pause)?)?;
        }
        ["upload", address, bytes] => upload(address, number(bytes)?)?,
        ["send-udp", address, count, size] => send_udp(address, number(count)?, number(size)?)?,
        ["short", address, bytes, milliseconds] => {
            let end = Instant::now() + Duration::from_millis(number(milliseconds)?);
            download(address, number(bytes)?, u64::MAX)?;
            thread::sleep(end.saturating_duration_since(Instant::now()));
            return say("done");
        }
        ["swarm", address, count, bytes, program] => swarm(address, number(count)?, bytes, program)?,
        _ => return Err(io::Error::other("unknown words")),
    }
    say("done")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn number(word: &str) -> io::Result<u64> {
    word.parse().map_err(io::Error::other)
}

fn say(word: &str) -> io::Result<()> {
    let (sent, received) = (SENT.load(Ordering::SeqCst), RECEIVED.load(Ordering::SeqCst));
    writeln!(io::stdout(), "{word} {sent} {received}")
}

fn say_listening(address: SocketAddr) -> io::Result<()> {
    writeln!(io::stdout(), "listening {address}")
}

/// A stream that counts.
struct Counted(TcpStream);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        RECEIVED.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.0.write(buffer)?;
        SENT.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a client asks of the server: a byte that says which way, and how many bytes.
const DOWN: u8 = 0;
const UP: u8 = 1;

/// Serves until the input ends.
fn serve_tcp(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve_stream(Counted(stream)));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn serve_stream(mut stream: Counted) -> io::Result<()> {
    let mut request = [0; 9];
    stream.read_exact(&mut request)?;
    let (way, length) = request.split_at(1);
    let bytes = u64::from_le_bytes(length.try_into().expect("eight bytes"));
    if way == [DOWN] {
        io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    } else {
        io::copy(&mut (&mut stream).take(bytes), &mut io::sink())?;
        stream.write_all(b"!")?;
    }
    // Until the client is done with it: whoever closes first would keep the connection's last packets.
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}

fn ask(address: &str, way: u8, bytes: u64) -> io::Result<Counted> {
    let mut stream = Counted(TcpStream::connect(address)?);
    let mut request = [way, 0, 0, 0, 0, 0, 0, 0, 0];
    request[1..].copy_from_slice(&bytes.to_le_bytes());
    stream.write_all(&request)?;
    Ok(stream)
}

fn download(address: &str, bytes: u64, pause_after: u64) -> io::Result<()> {
    let mut stream = ask(address, DOWN, bytes)?;
    let first = io::copy(&mut (&mut stream).take(bytes.min(pause_after)), &mut io::sink())?;
    if first < bytes {
        say("paused")?;
        io::stdin().lock().read_line(&mut String::new())?;
        io::copy(&mut (&mut stream).take(bytes - first), &mut io::sink())?;
    }
    Ok(())
}

fn upload(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = ask(address, UP, bytes)?;
    io::copy(&mut io::repeat(b'.').take(bytes), &mut stream)?;
    stream.read_exact(&mut [0])
}

/// Answers every burst with one byte, until the input ends.
fn serve_udp(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = vec![0; 65_536];
        for count in 1_u64.. {
            let (length, peer) = socket.recv_from(&mut buffer)?;
            RECEIVED.fetch_add(length as u64, Ordering::SeqCst);
            if count.is_multiple_of(UDP_BURST) {
                SENT.fetch_add(socket.send_to(b"!", peer)? as u64, Ordering::SeqCst);
            }
        }
        Ok(())
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn send_udp(address: &str, count: u64, size: u64) -> io::Result<()> {
    let server: SocketAddr = address.parse().map_err(io::Error::other)?;
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(UDP_PATIENCE))?;
    let datagram = vec![b'.'; size as usize];
    for number in 1..=count {
        SENT.fetch_add(socket.send(&datagram)? as u64, Ordering::SeqCst);
        if number.is_multiple_of(UDP_BURST) {
            RECEIVED.fetch_add(socket.recv(&mut [0])? as u64, Ordering::SeqCst);
        }
    }
    Ok(())
}

/// Starts `count` processes out of `program`, two at a time, that live for 20 to 50 ms each and download `bytes`.
/// Each says `lived PID SENT RECEIVED`.
fn swarm(address: &str, count: u64, bytes: &str, program: &str) -> io::Result<()> {
    let lanes = 2;
    let run = |lane: u64| -> io::Result<()> {
        for number in (lane..count).step_by(lanes) {
            let milliseconds = (20 + 30 * number / count).to_string();
            let mut command = Command::new(program);
            command
                .args([VERB, "short", address, bytes, &milliseconds])
                .stdin(Stdio::null())
                .stdout(Stdio::piped());
            let child = command.spawn()?;
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
        let lanes: Vec<_> = (0..lanes as u64).map(|lane| scope.spawn(move || run(lane))).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane"))
    })
}
