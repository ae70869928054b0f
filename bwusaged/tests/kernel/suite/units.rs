//! Control groups that are named as systemd and the container runtimes name them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    Test,
    daemon::Daemon,
    folder::Folder,
    network::{Family, Network},
    top::Top,
    traffic::Generator,
};

pub(super) const TESTS: &[Test] = &[
    ("processes_of_a_moment_are_counted_under_their_unit", in_a_unit),
    ("processes_of_a_moment_are_counted_under_their_container", in_a_container),
];

const COUNT: u64 = 20;
const BYTES: u64 = 100_000;

fn in_a_unit() {
    let unit = format!("bw-test-{}.service", std::process::id());
    let top = counted_in(&unit, "unit");
    let row = top.rows.iter().find(|row| row.unit.as_deref() == Some(&unit)).expect("the unit has a row");
    assert_eq!((row.processes, row.total.rx_payload_bytes_total), (Some(COUNT), COUNT * BYTES));
}

fn in_a_container() {
    let id = format!("{:064x}", std::process::id());
    let top = counted_in(&format!("docker-{id}.scope"), "container");
    let is_it =
        |container: &serde_json::Value| container["runtime"] == "docker" && container["id"] == id.as_str();
    let row = top.rows.iter().find(|row| is_it(&row.container)).expect("the container has a row");
    assert_eq!((row.processes, row.total.rx_payload_bytes_total), (Some(COUNT), COUNT * BYTES));
}

/// Lets short-lived processes receive in a control group called `name`, and gives the table that counts them.
fn counted_in(name: &str, by: &str) -> Top {
    let (folder, network) = (Folder::new(), Network::new());
    let group = Group::new(name);
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let program = folder.program(&std::env::current_exe().expect("our own path"), "bw-member");
    let join = join(&folder, &group, &program);
    let join = join.to_str().expect("UTF-8");
    let words = ["swarm", &server.address(), &COUNT.to_string(), &BYTES.to_string(), join];
    let mut swarm = Generator::start(&folder, network.near(), "bw-swarm", &words);
    for _ in 0..COUNT {
        assert_eq!(swarm.lived().1.received, BYTES);
    }
    swarm.done();
    daemon.settle();
    daemon.top_by(by)
}

/// A script that becomes `program` inside `group`, as a service manager would.
fn join(folder: &Folder, group: &Group, program: &Path) -> PathBuf {
    let script = folder.path().join("join");
    // `ip netns exec` puts an empty /sys over ours; through this process's root it is still there.
    let procs = format!("/proc/{}/root{}/cgroup.procs", std::process::id(), group.0.display());
    let text = format!("#!/bin/sh\nset -e\necho $$ > '{procs}'\nexec '{}' \"$@\"\n", program.display());
    fs::write(&script, text).expect("write a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("make it a program");
    script
}

/// A control group of the test's own, gone with it.
struct Group(PathBuf);

impl Group {
    fn new(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").expect("every system has it");
        let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let root =
            mounts.find(|fields| fields[2] == "cgroup2").expect("the daemon needs one too")[1].to_owned();
        let path = PathBuf::from(root).join(name);
        fs::create_dir(&path).expect("root may make control groups");
        Self(path)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
