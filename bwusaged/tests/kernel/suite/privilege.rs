//! A daemon that is started as root is an ordinary user's when it answers, and does all that it is there for. So is the daemon
//! of every other test here: its ledgers, carriers and connections are those of a process without root.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bwusage_proto::mirror::{Mirror, Process};

use super::{
    Test,
    daemon::{self, Daemon, PROGRAM},
    folder::Folder,
    namespace::output,
    network::{Family, Network},
    traffic::Generator,
};

pub(super) mod needs;

pub(super) const TESTS: &[Test] = &[
    ("a_daemon_started_as_root_has_the_least_rights", least_rights),
    ("without_root_it_counts_and_sees_what_root_sees", sees_what_root_sees),
    ("hidden_processes_are_seen_without_root", hidden_processes),
    ("the_socket_is_gone_at_the_end_and_the_same_directories_serve_again", stops_and_starts),
    ("directories_that_root_left_are_given_away_and_others_are_not", directories),
    ("an_engine_that_fails_ends_the_daemon_with_a_status_of_its_own", engine_fails),
    ("the_configuration_names_the_user", configured),
    ("where_it_may_not_become_another_user_it_goes_on", in_a_container),
    ("a_recording_is_its_starters_file_and_is_made_without_root", recording),
];

/// `CAP_DAC_READ_SEARCH` and `CAP_SYS_PTRACE`: see the table of `bwusaged::privilege`.
const KEPT: &str = "0000000000080004";
const NONE: &str = "0000000000000000";

/// A line of `/proc/PID/status`, without blanks at its ends.
fn line(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {status}")).trim().to_owned()
}

fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs")
}

/// All four identities of a process are this user's.
fn user(pid: u32) -> u32 {
    let line = line(&status(pid), "Uid");
    let uids: Vec<u32> = line.split_ascii_whitespace().map(|uid| uid.parse().expect("a number")).collect();
    assert!(uids.iter().all(|uid| *uid == uids[0]), "{uids:?}");
    uids[0]
}

fn least_rights() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder);

    let threads = fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("it runs");
    let mut looked_at = 0;
    for thread in threads {
        let path = thread.expect("a thread").path().join("status");
        let status = fs::read_to_string(path).expect("it runs");
        for identity in ["Uid", "Gid"] {
            let line = line(&status, identity);
            assert_eq!(
                line.split_ascii_whitespace().filter(|id| *id != "0").count(),
                4,
                "{identity}: {line}"
            );
        }
        assert_eq!(line(&status, "Groups"), "");
        assert_eq!((line(&status, "CapPrm"), line(&status, "CapEff")), (KEPT.into(), KEPT.into()));
        for set in ["CapInh", "CapBnd", "CapAmb"] {
            assert_eq!(line(&status, set), NONE, "{set}");
        }
        assert_eq!(line(&status, "NoNewPrivs"), "1");
        looked_at += 1;
    }
    assert!(looked_at > 0);
    assert!(daemon.rights().ends_with("with CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE"), "{}", daemon.rights());
}

/// A process of root that wrote to a disk and then does nothing, and never used the network.
struct Idle(Child);

const WRITTEN: u64 = 1 << 20;
/// Each process is measured every few seconds.
const MEASURE_DEADLINE: Duration = Duration::from_mins(1);

impl Idle {
    fn start(folder: &Folder) -> Self {
        const SCRIPT: &str = "import os, sys\nwith open(sys.argv[1], 'wb') as f:\n    f.write(b'x' * int(sys.argv[2]))\n    f.flush()\n    os.fsync(f.fileno())\nprint('written', flush=True)\nsys.stdin.read()";
        let file = folder.path().join("written");
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).arg(file).arg(WRITTEN.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start python3");
        let mut heard = [0; 8];
        child.stdout.as_mut().expect("piped").read_exact(&mut heard).expect("it says so");
        Self(child)
    }

    /// Its executable, and the bytes that it wrote, as root sees them: its own, and what its interpreter keeps.
    fn truth(&self) -> (Option<String>, u64) {
        let io = fs::read_to_string(format!("/proc/{}/io", self.0.id())).expect("root may look");
        let written = line(&io, "write_bytes").parse().expect("a number");
        assert!(written >= WRITTEN, "{io}");
        (Some(self.exe()), written)
    }

    fn exe(&self) -> String {
        let path = fs::read_link(format!("/proc/{}/exe", self.0.id())).expect("root may look");
        path.into_os_string().into_string().expect("UTF-8")
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn row(mirror: &Mirror, pid: u32) -> Option<&Process> {
    mirror.processes.values().find(|process| process.info.id.is_some_and(|id| id.pid == pid))
}

/// Waits until the daemon says of `idle` what root sees. It may have measured it before, while it had not written all.
fn assert_measured(daemon: &Daemon, idle: &Idle) {
    let (truth, deadline) = (idle.truth(), Instant::now() + MEASURE_DEADLINE);
    daemon.follow(|mirror| {
        let process = row(mirror, idle.0.id())?;
        let said = (process.info.exe.clone(), process.resources?.disk_write_bytes_total?);
        assert!(said == truth || Instant::now() < deadline, "{said:?} is said, and {truth:?} is true");
        (said == truth).then_some(())
    });
}

fn sees_what_root_sees() {
    const BYTES: u64 = 5_000_000;
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    assert_ne!(user(daemon.pid()), 0);
    // After the daemon: what it saw while it was root does not count.
    let idle = Idle::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let words = ["download", &server.address(), &BYTES.to_string(), "pause-after", &(BYTES / 2).to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-client", &words);
    client.paused();

    let (connections, _) = daemon.connections(client.pid());
    assert!(connections.open.iter().any(|row| row.moved.rx_bytes > BYTES / 2), "{connections:?}");
    client.resume();
    assert_eq!(client.done().received, BYTES);
    daemon.settle();
    assert_eq!(daemon.top_by_pid().process(client.pid()).total.rx_payload_bytes_total, BYTES);
    daemon.assert_nothing_lost();

    assert_measured(&daemon, &idle);
    let mirror = daemon.snapshot();
    let client = row(&mirror, client.pid()).expect("it is in the table");
    assert!(client.info.exe.as_deref().is_some_and(|exe| exe.ends_with("/bw-client")), "{:?}", client.info);
}

fn hidden_processes() {
    const MOUNT: &str = "mount -t proc -o hidepid=2 none /proc && exec \"$0\" \"$@\"";
    let folder = Folder::new();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", MOUNT, PROGRAM]);
    let daemon = Daemon::start_as(&folder, command);
    assert_ne!(user(daemon.pid()), 0);
    let idle = Idle::start(&folder);

    assert_measured(&daemon, &idle);
}

fn stops_and_starts() {
    let folder = Folder::new();
    let socket = daemon::endpoint(&folder);
    let socket = socket.address();
    let first = Daemon::start(&folder);
    let account = user(first.pid());
    for own in [socket, socket.parent().expect("it has one"), &daemon::state_dir(&folder)] {
        assert_eq!(fs::symlink_metadata(own).expect("it is there").uid(), account, "{}", own.display());
    }

    assert!(first.stop().success());
    assert!(!socket.exists(), "the socket is still there");

    let second = Daemon::start(&folder);
    second.settle();
    second.kill();
    assert!(socket.exists(), "a crash leaves it");
    let third = Daemon::start(&folder);
    third.settle();
    assert!(third.stop().success());
    assert!(!socket.exists(), "the socket is still there");
}

fn directories() {
    let left = Folder::new();
    let state = daemon::state_dir(&left);
    fs::create_dir(&state).expect("make a directory");
    fs::write(state.join("bwusaged.lock"), "").expect("write a lock");
    let daemon = Daemon::start(&left);
    let account = user(daemon.pid());
    for given in [state.clone(), state.join("bwusaged.lock")] {
        assert_eq!(fs::metadata(&given).expect("it is there").uid(), account, "{}", given.display());
    }

    let of_others = Folder::new();
    let state = daemon::state_dir(&of_others);
    fs::create_dir(&state).expect("make a directory");
    fs::write(state.join("somebody's"), "").expect("write a file");
    let _daemon = Daemon::start(&of_others);
    for kept in [state.clone(), state.join("somebody's")] {
        assert_eq!(fs::metadata(&kept).expect("it is there").uid(), 0, "{}", kept.display());
    }
}

/// A connection of this machine with itself, which is over.
fn talk() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let mut here = TcpStream::connect(listener.local_addr().expect("an address")).expect("connect");
    let (mut there, _) = listener.accept().expect("accept");
    here.write_all(b"x").expect("write");
    there.read_exact(&mut [0]).expect("read");
}

fn engine_fails() {
    /// `bwusaged::daemon::MustRestart::EXIT_STATUS`.
    const MUST_RESTART: i32 = 75;
    let folder = Folder::new();
    let daemon = Daemon::start(&folder);
    // To read the remote hosts, where there are any, opens a file; from now on none can be opened.
    let (pid, user) = (daemon.pid().to_string(), user(daemon.pid()));
    let ids = [
        format!("--reuid={user}"),
        format!("--regid={}", line(&status(daemon.pid()), "Gid").split('\t').next().expect("one")),
    ];
    let mut limit = Command::new("setpriv");
    limit.args(ids).args(["--clear-groups", "prlimit", "--pid", &pid, "--nofile=4:4"]);
    output(&mut limit);
    talk();

    let (status, log) = daemon.ended();

    assert_eq!(status.code(), Some(MUST_RESTART), "{log}");
    assert!(log.contains("the engine failed") && log.contains("must be started again"), "{log}");
    let again = Daemon::start(&folder);
    again.settle();
}

fn configured() {
    let folder = Folder::new();
    let config = folder.path().join("bwusaged.toml");
    let with = |user: &str| {
        fs::write(&config, format!("user = \"{user}\"\n")).expect("write a configuration");
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(&config);
        command
    };
    let daemon = Daemon::start_as(&folder, with("61234"));
    assert_eq!(user(daemon.pid()), 61234);
    assert!(daemon.stop().success());

    for (user, words) in [("no-such-user", "useradd"), ("root", "ordinary user")] {
        let output = with(user).args(daemon::arguments(&folder)).output().expect("start");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!output.status.success() && said.contains(user) && said.contains(words), "{said}");
    }
}

fn in_a_container() {
    let folder = Folder::new();
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid", PROGRAM]);
    let daemon = Daemon::start_as(&folder, command);

    assert_eq!(user(daemon.pid()), 0);
    assert_eq!(line(&status(daemon.pid()), "CapEff"), KEPT, "even so it needs no more");
    assert!(daemon.rights().starts_with("user root (0) with "), "{}", daemon.rights());
    assert!(daemon.stop().success());
}

fn recording() {
    let folder = Folder::new();
    let file = folder.path().join("recording.jsonl");
    let mut command = Command::new(PROGRAM);
    command.args(["record", "--interval", "100", "--out"]).arg(&file).stderr(Stdio::null());
    let mut child = command.spawn().expect("start bwusaged");
    // The header is written before the first moment, and that after the rights are gone.
    while fs::read_to_string(&file).map_or(0, |text| text.lines().count()) < 3 {
        assert!(child.try_wait().expect("look").is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_ne!(user(child.id()), 0);
    let metadata = fs::metadata(&file).expect("it is there");
    assert_eq!((metadata.uid(), metadata.permissions().mode() & 0o777), (0, 0o600));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .expect("ask it to end");
    assert!(child.wait().expect("wait for it").success());
}
