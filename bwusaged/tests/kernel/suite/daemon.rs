//! The real daemon, and what an unprivileged user sees of it.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bwusage_proto::{
    client::Client,
    connection::{Connections, ConnectionsQuery},
    snapshot::ResidualReason,
    transport::Endpoint,
};

use super::{
    folder::Folder,
    ledger::book::Ledger,
    namespace::{Namespace, output},
    top::{Top, Traffic},
};

/// The daemon's program.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_bwusaged");

/// Which engine the tests are about, where it is not the best one: `cargo xtask conformance --engine …`.
pub(super) const ENGINE_VARIABLE: &str = "BWUSAGED_TEST_ENGINE";

/// Short, so that tests need not wait long for the next tick.
const INTERVAL_MS: &str = "100";
/// More ticks than pass between two readings of the list of processes.
const LISTING_TICKS: u32 = 6;
const START_DEADLINE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon<'a> {
    child: Child,
    folder: &'a Folder,
}

impl<'a> Daemon<'a> {
    /// Starts one whose socket and state are in `folder`, and waits until it answers.
    pub(super) fn start(folder: &'a Folder) -> Self {
        Self::start_as(folder, Command::new(PROGRAM))
    }

    /// The same in a network namespace of its own choosing, whose interfaces it then watches.
    pub(super) fn start_in(folder: &'a Folder, namespace: &Namespace) -> Self {
        Self::start_as(folder, Self::command_in(namespace))
    }

    /// The same with an engine of its own choosing.
    pub(super) fn start_in_with(folder: &'a Folder, namespace: &Namespace, engine: &str) -> Self {
        let mut command = Self::command_in(namespace);
        command.args(["--engine", engine]);
        Self::start_with(folder, command)
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

    fn start_as(folder: &'a Folder, mut command: Command) -> Self {
        if let Some(engine) = env::var_os(ENGINE_VARIABLE) {
            command.arg("--engine").arg(engine);
        }
        Self::start_with(folder, command)
    }

    fn start_with(folder: &'a Folder, mut command: Command) -> Self {
        let log = log_file(folder);
        command.args(arguments(folder)).args(["--interval", INTERVAL_MS]);
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

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("kill the daemon");
        self.child.wait().expect("wait for the daemon");
    }

    /// Waits for a tick that begins from now on, so that it holds everything that happened before.
    pub(super) fn settle(&self) {
        block_on(async {
            let client = Client::connect(&endpoint(self.folder), "kernel tests").await.expect("connect");
            let mut subscription = client.subscribe(Duration::ZERO).await.expect("subscribe");
            let seq = subscription.mirror().seq;
            while subscription.mirror().seq == seq {
                subscription.tick().await.expect("a tick");
            }
        });
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
            let mut client = Client::connect(&endpoint(self.folder), "kernel tests").await.expect("connect");
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
            let client = Client::connect(&endpoint(self.folder), "kernel tests").await.expect("connect");
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

    fn as_nobody(&self, words: &str) -> String {
        let ctl = self.folder.program(&Path::new(PROGRAM).with_file_name("bwusage-ctl"), "bwusage-ctl");
        let socket = endpoint(self.folder);
        let line = format!("{} {words} --socket {socket}", ctl.display());
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

/// Where a daemon of this test listens and keeps its state.
pub(super) fn arguments(folder: &Folder) -> [String; 4] {
    let state = folder.path().join("state");
    ["--socket".into(), endpoint(folder).to_string(), "--state-dir".into(), state.display().to_string()]
}

fn endpoint(folder: &Folder) -> Endpoint {
    Endpoint::new(folder.path().join("bwusage.sock"))
}

fn log_file(folder: &Folder) -> PathBuf {
    folder.path().join("bwusaged.log")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// What went over the wire must be what the cable carried, to a thousandth.
pub(super) fn assert_same_wire(what: &str, counted: u64, carried: u64) {
    let off = counted.abs_diff(carried);
    assert!(off <= carried / 1000, "{what}: counted {counted}, carried {carried}: {off} off");
}

/// No traffic of the test left the cable.
pub(super) fn assert_all_lan(total: Traffic, lan: Traffic) {
    assert_eq!(total, lan, "the cable's addresses are private");
}
