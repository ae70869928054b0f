//! A daemon that is killed leaves nothing behind, and another one takes over.

use std::{
    collections::BTreeSet,
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    Test,
    daemon::Daemon,
    folder::Folder,
    namespace::output,
    network::{Family, Network},
    traffic::Generator,
};

pub(super) const TESTS: &[Test] = &[
    ("a_killed_daemon_leaves_no_program_in_the_kernel", killed_daemon_leaves_nothing),
    ("a_download_goes_on_while_the_daemon_is_killed_and_started_again", killed_daemon_disturbs_nobody),
    ("two_daemons_count_beside_each_other", two_daemons),
];

/// The kernel frees programs a moment after their last user is gone.
const FREE_DEADLINE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

fn killed_daemon_leaves_nothing() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder);
    let programs = programs_of(daemon.pid());
    assert!(!programs.is_empty(), "the daemon holds no program");
    assert!(programs.is_subset(&loaded_programs()));
    let in_cgroups = programs.intersection(&cgroup_programs()).count();
    assert!(in_cgroups >= 2, "{in_cgroups} programs are attached to a cgroup");

    daemon.kill();

    let deadline = Instant::now() + FREE_DEADLINE;
    loop {
        let left: Vec<_> = programs.intersection(&loaded_programs()).copied().collect();
        let attached: Vec<_> = programs.intersection(&cgroup_programs()).copied().collect();
        if left.is_empty() && attached.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "still loaded: {left:?}, still attached: {attached:?}");
        thread::sleep(LOOK);
    }
    // The same socket, the same state: at once.
    let second = Daemon::start(&folder);
    second.settle();
    assert!(!programs_of(second.pid()).is_empty());
}

fn killed_daemon_disturbs_nobody() {
    const BYTES: u64 = 40_000_000;
    const BEFORE: u64 = 10_000_000;
    let (folder, network) = (Folder::new(), Network::new());
    let first = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let words = ["download", &server.address(), &BYTES.to_string(), "pause-after", &BEFORE.to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-survivor", &words);
    client.paused();

    first.kill();
    let second = Daemon::start(&folder);
    client.resume();
    assert_eq!(client.done().received, BYTES);
    second.settle();

    let top = second.top_by_pid();
    assert_eq!(top.process(client.pid()).total.rx_payload_bytes_total, BYTES - BEFORE);
}

fn two_daemons() {
    const BYTES: u64 = 5_000_000;
    let (folder, other_folder, network) = (Folder::new(), Folder::new(), Network::new());
    let (daemon, other) = (Daemon::start(&folder), Daemon::start(&other_folder));
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let words = ["download", &server.address(), &BYTES.to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-both", &words);
    client.done();

    for daemon in [&daemon, &other] {
        daemon.settle();
        let top = daemon.top_by_pid();
        assert_eq!(top.process(client.pid()).total.rx_payload_bytes_total, BYTES);
    }
}

/// The numbers of the BPF programs that a process holds, itself or through a link.
fn programs_of(pid: u32) -> BTreeSet<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("the daemon's files");
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    let number = |text: String| {
        text.lines()
            .find_map(|line| line.strip_prefix("prog_id:"))
            .map(|id| id.trim().parse().expect("a number"))
    };
    texts.filter_map(number).collect()
}

fn loaded_programs() -> BTreeSet<u64> {
    let programs: Value =
        serde_json::from_str(&output(Command::new("bpftool").args(["prog", "show", "-j"]))).expect("JSON");
    programs.as_array().expect("a list").iter().filter_map(|program| program["id"].as_u64()).collect()
}

fn cgroup_programs() -> BTreeSet<u64> {
    let text = output(Command::new("bpftool").args(["cgroup", "tree", "-j"]));
    let cgroups: Value = serde_json::from_str(&text).expect("JSON");
    let programs =
        cgroups.as_array().expect("a list").iter().filter_map(|cgroup| cgroup["programs"].as_array());
    programs.flatten().filter_map(|program| program["id"].as_u64()).collect()
}
