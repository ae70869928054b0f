//! The daemon under test, in a folder of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use bwusage_proto::{
    codec::CODEC_ID,
    frame::{self, DAEMON_TO_CLIENT_MAX, Frame},
    greeting::{ClientGreeting, DaemonGreeting},
    message::{Reply, Request},
    transport::Endpoint,
    version::VersionRange,
};
use bytes::BytesMut;
use tempfile::TempDir;

/// So long a test waits for what must happen, before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Daemon {
    child: Child,
    folder: TempDir,
}

/// The recording that the repository ships.
pub(crate) fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/demo.jsonl")
}

/// `bwusaged` with nothing said yet.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bwusaged"));
    command.env_remove("BWUSAGE_SOCKET").env_remove("BWUSAGE_LOG").env("RUST_BACKTRACE", "1");
    command
}

impl Daemon {
    pub(crate) fn start() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), &[])
    }

    /// Starts one in `folder` and waits until it says that it is ready.
    pub(crate) fn start_with(folder: TempDir, options: &[&str]) -> Self {
        Self::start_playing(folder, &recording(), options)
    }

    /// As [`Daemon::start_with`], with another recording.
    pub(crate) fn start_playing(folder: TempDir, recording: &Path, options: &[&str]) -> Self {
        Self::start_as(folder, recording, options, command())
    }

    /// As [`Daemon::start_playing`], by a command that ends in being the daemon.
    pub(crate) fn start_as(
        folder: TempDir,
        recording: &Path,
        options: &[&str],
        mut command: Command,
    ) -> Self {
        let mut child = command
            .arg(format!("--engine=replay:{}", recording.display()))
            .arg("--socket")
            .arg(folder.path().join("bwusage.sock"))
            .args(["--interval", "100"])
            .args(options)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("ready") {
            assert!(log.read_line(&mut said).unwrap() > 0, "bwusaged ended before it was ready:\n{said}");
        }
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, folder }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("bwusage.sock")
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.socket())
    }

    /// A connection on which nothing was said yet.
    pub(crate) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection that is greeted.
    pub(crate) fn greeted(&self) -> Raw {
        let mut stream = self.connect();
        let hello = ClientGreeting {
            versions: VersionRange::OURS,
            features: 0,
            codec: CODEC_ID,
            name: "test".into(),
        };
        stream.write_all(&hello.to_bytes()).unwrap();
        let daemon = read_greeting(&mut stream);
        assert_eq!(daemon.chosen, VersionRange::OURS.max);
        Raw { stream, inbox: BytesMut::new() }
    }

    /// The daemon's resident memory.
    pub(crate) fn rss_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
    }

    /// Ends it as a crash would; its folder is left as it was.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the daemon's greeting from a blocking stream.
pub(crate) fn read_greeting(stream: &mut UnixStream) -> DaemonGreeting {
    let mut bytes = vec![0; 41];
    stream.read_exact(&mut bytes[..40]).unwrap();
    stream.read_exact(&mut bytes[40..]).unwrap();
    let mut version = vec![0; usize::from(bytes[39])];
    let missing = version.len() - 1;
    version[0] = bytes[40];
    stream.read_exact(&mut version[1..=missing]).unwrap();
    bytes.truncate(40);
    bytes.extend(version);
    block_on(DaemonGreeting::read(&mut &bytes[..])).unwrap()
}

/// A connection on which frames can be sent that no client would send.
pub(crate) struct Raw {
    pub(crate) stream: UnixStream,
    inbox: BytesMut,
}

impl Raw {
    pub(crate) fn ask(&mut self, request: &Request) -> Reply {
        let mut bytes = Vec::new();
        request.encode_into(1, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
        self.reply()
    }

    pub(crate) fn send_frame(&mut self, kind: u16, body: &[u8]) {
        let mut bytes = u32::try_from(body.len() + 8).unwrap().to_le_bytes().to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0, 0, 9, 0, 0, 0]);
        bytes.extend(body);
        self.stream.write_all(&bytes).unwrap();
    }

    pub(crate) fn reply(&mut self) -> Reply {
        Reply::decode(&self.frame()).unwrap()
    }

    pub(crate) fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = frame::take(&mut self.inbox, DAEMON_TO_CLIENT_MAX).unwrap() {
                return frame;
            }
            let mut chunk = vec![0; 65_536];
            match self.stream.read(&mut chunk) {
                Ok(read) => {
                    assert!(read > 0, "the daemon closed the connection");
                    self.inbox.extend_from_slice(&chunk[..read]);
                }
                // A debugger's or a neighbouring test's signal is no answer.
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "{error}"),
            }
        }
    }

    /// Waits until the daemon closes, whatever it says before.
    pub(crate) fn wait_until_closed(&mut self) {
        let mut chunk = vec![0; 65_536];
        // A reset is an end too: the daemon closed with something of ours unread.
        while self.stream.read(&mut chunk).is_ok_and(|read| read > 0) {}
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
