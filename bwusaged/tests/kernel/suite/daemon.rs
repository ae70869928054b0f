//! The real daemon, and what an unprivileged user sees of it.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bwusage_proto::{
    client::Client,
    connection::{Connections, ConnectionsQuery},
    mirror::Mirror,
    snapshot::ResidualReason,
    transport::Endpoint,
};

use super::{
    counting::Counting,
    folder::Folder,
    ledger::book::Ledger,
    namespace::{Namespace, output},
    top::{Top, Traffic},
};

/// The daemon's program, as it is built for tests.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_bwusaged");
/// Names another build of it, with the client beside it: loads are played against the one that people have.
const NAMED: &str = "BWUSAGED_PROGRAM";

/// Which engine the tests are about, where it is not the best one: `cargo xtask conformance --engine …`.
pub(super) const ENGINE_VARIABLE: &str = "BWUSAGED_TEST_ENGINE";

/// Short, so that tests need not wait long for the next tick.
const INTERVAL_MS: &str = "100";
/// More ticks than pass between two readings of the list of processes.
const LISTING_TICKS: u32 = 6;
const START_DEADLINE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(10);

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon<'a> {
    child: Child,
    folder: &'a Folder,
}

impl<'a> Daemon<'a> {
    /// Starts one whose socket and state are in `folder`, and waits until it answers.
    pub(super) fn start(folder: &'a Folder) -> Self {
        Self::start_as(folder, Command::new(program()))
    }

    /// The same at another pace.
    pub(super) fn start_every(folder: &'a Folder, interval_ms: u32) -> Self {
        Self::start_with(folder, Command::new(program()), &interval_ms.to_string())
    }

    /// The same in a network namespace of its own choosing, whose interfaces it then watches.
    pub(super) fn start_in(folder: &'a Folder, namespace: &Namespace) -> Self {
        Self::start_as(folder, Self::command_in(namespace))
    }

    /// The same with an engine of its own choosing.
    pub(super) fn start_in_with(folder: &'a Folder, namespace: &Namespace, engine: &str) -> Self {
        let mut command = Self::command_in(namespace);
        command.args(["--engine", engine]);
        Self::start_with(folder, command, INTERVAL_MS)
    }

    fn command_in(namespace: &Namespace) -> Command {
        // Not `ip netns exec`: that hides the control groups.
        const MOUNT: &str =
            "mount -t sysfs none /sys && mount -t cgroup2 none /sys/fs/cgroup && exec \"$0\" \"$@\"";
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", namespace.path().display()));
        command.args(["unshare", "--mount", "sh", "-c", MOUNT, PROGRAM]);
        command
    }

    /// Starts it by `command`, which becomes the daemon, with its usual arguments behind those that `command` has.
    pub(super) fn start_as(folder: &'a Folder, mut command: Command) -> Self {
        if let Some(engine) = env::var_os(ENGINE_VARIABLE) {
            command.arg("--engine").arg(engine);
        }
        Self::start_with(folder, command, INTERVAL_MS)
    }

    fn start_with(folder: &'a Folder, mut command: Command, interval_ms: &str) -> Self {
        let log = log_file(folder);
        command.args(arguments(folder)).args(["--interval", interval_ms]);
        command.args(["--counting", Counting::of_this_test().name()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log).expect("a log"));
        let child = command.spawn().expect("start bwusaged");
        let mut daemon = Self { child, folder };
        daemon.wait_until_it_answers();
        daemon
    }

    fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + START_DEADLINE;
        while !block_on(async { Client::connect(&endpoint(self.folder), "kernel tests").await.is_ok() }) {
            let ended = self.child.try_wait().expect("look at the daemon");
            assert!(ended.is_none() && Instant::now() < deadline, "bwusaged: {ended:?}\n{}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// A connection of root's. On a machine that has no time left a greeting may be late.
    async fn connect(&self) -> Client {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            match Client::connect(&endpoint(self.folder), "kernel tests").await {
                Ok(client) => return client,
                Err(error) => assert!(Instant::now() < deadline, "connect: {error}"),
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("kill the daemon");
        self.child.wait().expect("wait for the daemon");
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("ask the daemon to end");
        self.child.wait().expect("wait for the daemon")
    }

    /// Waits until it ends by itself; its status and what it said.
    pub(super) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("wait for the daemon");
        (status, self.log())
    }

    /// Everything, as root sees it.
    pub(super) fn snapshot(&self) -> Mirror {
        block_on(async { self.connect().await.snapshot().await.expect("a snapshot") })
    }

    /// Follows what root sees until `found` finds something.
    pub(super) fn follow<T>(&self, mut found: impl FnMut(&Mirror) -> Option<T>) -> T {
        block_on(async {
            let client = self.connect().await;
            let mut subscription = client.subscribe(Duration::ZERO).await.expect("subscribe");
            loop {
                if let Some(found) = found(subscription.mirror()) {
                    return found;
                }
                subscription.tick().await.expect("a tick");
            }
        })
    }

    /// What the daemon says of its rights.
    pub(super) fn rights(&self) -> String {
        let status: serde_json::Value = serde_json::from_str(&self.as_nobody("status --json")).expect("JSON");
        status["privilege"].as_str().expect("Linux tells").to_owned()
    }

    /// Waits for a tick that begins from now on, so that it holds everything that happened before.
    pub(super) fn settle(&self) {
        block_on(async {
            let client = self.connect().await;
            let mut subscription = client.subscribe(Duration::ZERO).await.expect("subscribe");
            let seq = subscription.mirror().seq;
            while subscription.mirror().seq == seq {
                subscription.tick().await.expect("a tick");
            }
        });
    }

    /// Everything that root may see, as of the last tick.
    pub(super) fn mirror(&self) -> Mirror {
        block_on(async { self.connect().await.snapshot().await.expect("a snapshot") })
    }

    /// Every process, as user nobody sees it.
    pub(super) fn top_by_pid(&self) -> Top {
        self.top_by("pid")
    }

    /// Every application, as user nobody sees it.
    pub(super) fn top_by_app(&self) -> Top {
        self.top_by("app")
    }

    /// The rows of another kind, as user nobody sees them.
    pub(super) fn top_by(&self, by: &str) -> Top {
        let text = self.as_nobody(&format!("top --json --all --by {by}"));
        let top: Top = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(top.schema, "bwusage.top/1");
        top
    }

    /// The background processes that moved data, as user nobody sees them.
    pub(super) fn top_background(&self) -> Top {
        serde_json::from_str(&self.as_nobody("top --background --json")).expect("a table")
    }

    /// The same for people.
    pub(super) fn top_background_as_text(&self) -> String {
        self.as_nobody("top --background --no-trunc")
    }

    /// Waits until the list of processes was read anew.
    pub(super) fn settle_listing(&self) {
        (0..LISTING_TICKS).for_each(|_| self.settle());
    }

    /// Who talks to whom, of one process, as root sees it: a reading that begins from now on, and how long the answer took.
    pub(super) fn connections(&self, pid: u32) -> (Connections, Duration) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        block_on(async {
            let mut client = self.connect().await;
            loop {
                let asked = Instant::now();
                let query = ConnectionsQuery { pid: Some(pid) };
                let answer = client.connections(query).await.expect("connections");
                let took = asked.elapsed();
                // Many who ask share a reading.
                if u128::from(answer.taken_at_unix_ms) > now {
                    return (answer, took);
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    /// Where the bytes of the interfaces went, as user nobody sees it.
    pub(super) fn ledger(&self) -> Ledger {
        let text = self.as_nobody("ledger --json");
        let ledger: Ledger = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(ledger.schema, "bwusage.ledger/1");
        ledger
    }

    /// Fails if the daemon says that it could not count something.
    pub(super) fn assert_nothing_lost(&self) {
        let status = self.status();
        let losses = status["losses"].as_array().expect("a list of losses");
        let lost: Vec<_> = losses.iter().filter(|loss| loss["count"] != 0).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }

    /// Wire bytes received that have this reason instead of a process.
    pub(super) fn residual_rx(&self, reason: ResidualReason) -> u64 {
        block_on(async {
            let client = self.connect().await;
            let subscription = client.subscribe(Duration::ZERO).await.expect("subscribe");
            let mut residuals = subscription.mirror().residuals.iter();
            let found = residuals.find(|residual| residual.reason == reason);
            found.map_or(0, |residual| residual.counters.total().wire.rx_bytes)
        })
    }

    /// What the daemon says about itself, as user nobody sees it.
    pub(super) fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.as_nobody("status --json")).expect("JSON")
    }

    /// What the client prints for user nobody.
    pub(super) fn as_nobody(&self, words: &str) -> String {
        let ctl = self.folder.program(&program().with_file_name("bwusage-ctl"), "bwusage-ctl");
        let socket = endpoint(self.folder);
        let line = format!("{} {words} --timeout 1m --socket {socket}", ctl.display());
        output(Command::new("su").args(["nobody", "-s", "/bin/sh", "-c", &line]))
    }

    fn log(&self) -> String {
        fs::read_to_string(log_file(self.folder)).unwrap_or_default()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        // After `kill` it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
    }
}

fn program() -> PathBuf {
    env::var_os(NAMED).map_or_else(|| PROGRAM.into(), PathBuf::from)
}

/// Where a daemon of this test listens and keeps its state.
pub(super) fn arguments(folder: &Folder) -> [String; 4] {
    let state = state_dir(folder).display().to_string();
    ["--socket".into(), endpoint(folder).to_string(), "--state-dir".into(), state]
}

/// In a directory of the daemon's own, as the system's is.
pub(super) fn endpoint(folder: &Folder) -> Endpoint {
    Endpoint::new(folder.path().join("run/bwusage.sock"))
}

pub(super) fn state_dir(folder: &Folder) -> PathBuf {
    folder.path().join("state")
}

fn log_file(folder: &Folder) -> PathBuf {
    folder.path().join("bwusaged.log")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// What went over the wire must be what the cable carried, as closely as the mode counts.
pub(super) fn assert_same_wire(what: &str, counted: u64, carried: u64) {
    let off = counted.abs_diff(carried);
    let tolerance = carried / 1000;
    assert!(off <= tolerance, "{what}: counted {counted}, carried {carried}: {off} off");
}

/// No traffic of the test left the cable.
pub(super) fn assert_all_lan(total: Traffic, lan: Traffic) {
    assert_eq!(total, lan, "the cable's addresses are private");
}
