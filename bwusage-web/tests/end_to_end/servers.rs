//! The real daemon, playing a recording, and the real web server in front of it, each in a process of its own.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{daemon_program::daemon_program, recording};

/// The configuration of the web server, where it has one.
const CONFIG: &str = "bwusage-web.toml";
/// Where it remembers what it told, in its state directory.
const TOLD: &str = "deliveries.json";
/// Longest wait for anything; only a failing test ever waits as long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn kill(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("a child can be ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// A daemon and a web server, alone in a folder of their own.
pub(crate) struct Servers {
    folder: TempDir,
    daemon: Running,
    web: Running,
    origin: String,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        recording::write(&folder.path().join("recording.jsonl"));
        Self::play(folder)
    }

    /// With the daemon of the same machine in light mode.
    pub(crate) fn start_computing() -> Self {
        let folder = tempfile::tempdir().unwrap();
        recording::write_computed(&folder.path().join("recording.jsonl"));
        Self::play(folder)
    }

    /// Telling whoever is named in `config` of alerts.
    pub(crate) fn start_telling(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        recording::write(&folder.path().join("recording.jsonl"));
        let mut file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        file.write_all(config.as_bytes()).unwrap();
        // As it was made, nobody else can read it.
        file.persist(folder.path().join(CONFIG)).unwrap();
        let servers = Self::play(folder);
        servers.wait_until_it_tells();
        servers
    }

    /// Waits until the server remembers of every channel where it began: what fires from then on is told.
    fn wait_until_it_tells(&self) {
        let board: Value = serde_json::from_str(&self.get("/api/v1/deliveries")).unwrap();
        let begun = self.folder.path().join("web").join(TOLD);
        let started = Instant::now();
        loop {
            // It is replaced as a whole, so whoever reads it gets all of it.
            let told: Value =
                fs::read(&begun).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
            let is_begun = |line: &Value| !told["done"][line["channel"].as_str().unwrap()].is_null();
            if board["channels"].as_array().unwrap().iter().all(is_begun) {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "{told} of {board}");
            thread::yield_now();
        }
    }

    fn play(folder: TempDir) -> Self {
        let daemon = start_daemon(folder.path());
        let (web, origin) = start_web(folder.path(), "127.0.0.1:0");
        Self { folder, daemon, web, origin }
    }

    /// The body of the answer to `GET path`, by the plainest client there is.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = request(&self.origin, path);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// The head and the body of the answer to `GET path`, also where it comes in pieces.
    pub(crate) fn answer(&self, path: &str) -> (String, String) {
        answer(&self.origin, path)
    }

    /// The status and the body of the answer to a request with a body of JSON.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let address = self.origin.strip_prefix("http://").unwrap();
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
        (status, body)
    }

    /// The lines of the event stream of an open page.
    pub(crate) fn stream(&self) -> impl Iterator<Item = String> {
        BufReader::new(request(&self.origin, "/api/v1/stream")).lines().map(Result::unwrap)
    }

    /// The daemon's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Where the page is: `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn kill_daemon(&mut self) {
        self.daemon.kill();
    }

    pub(crate) fn restart_daemon(&mut self) {
        self.daemon = start_daemon(self.folder.path());
    }

    pub(crate) fn kill_web(&mut self) {
        self.web.kill();
    }

    pub(crate) fn restart_web(&mut self) {
        let address = self.origin.strip_prefix("http://").unwrap().to_owned();
        (self.web, self.origin) = start_web(self.folder.path(), &address);
    }
}

/// Returns when it is ready.
fn start_daemon(folder: &Path) -> Running {
    let mut child = Command::new(daemon_program())
        .arg("--engine")
        .arg(format!("replay:{}", folder.join("recording.jsonl").display()))
        .arg("--socket")
        .arg(folder.join("socket"))
        .arg("--state-dir")
        .arg(folder.join("state"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("ready") {
        assert!(log.read_line(&mut said).unwrap() > 0, "bwusaged ended before it was ready:\n{said}");
    }
    std::thread::spawn(move || io::copy(&mut log, &mut io::stderr()));
    Running(child)
}

/// Returns when it shows what the daemon says.
fn start_web(folder: &Path, listen: &str) -> (Running, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bwusage-web"));
    if folder.join(CONFIG).exists() {
        command.arg("--config").arg(folder.join(CONFIG));
    }
    let mut child = command
        .args(["--no-login", "--listen", listen, "--socket"])
        .arg(folder.join("socket"))
        .arg("--state")
        .arg(folder.join("web"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let origin = line.trim_end().rsplit(' ').next().unwrap().trim_end_matches('/').to_owned();
    let mut stream = BufReader::new(request(&origin, "/api/v1/stream"));
    let mut said = String::new();
    while !said.contains("event: top") {
        assert!(stream.read_line(&mut said).unwrap() > 0, "the stream ended:\n{said}");
    }
    (Running(child), origin)
}

/// The head, in small letters, and the body of what `origin` answers to `GET path`.
pub(crate) fn answer(origin: &str, path: &str) -> (String, String) {
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    // Whoever speaks this version is sent the body as it is, to the end of the connection.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn request(origin: &str, path: &str) -> TcpStream {
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    // In one piece, as everywhere here: a server may answer and close before it has read a second one.
    stream.write_all(request.as_bytes()).unwrap();
    stream
}
