//! Control groups that are named as systemd and the container runtimes name them.

use super::{
    Test,
    daemon::Daemon,
    folder::Folder,
    group::Group,
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
    let join = group.join(&folder, &program);
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
