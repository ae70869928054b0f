//! Which application a process belongs to, of what sort it is, and who started it.

use std::{env, fs, path::PathBuf, process::Command, time::SystemTime};

use bwusage_proto::report::Moment;

use super::{
    Test,
    daemon::Daemon,
    folder::Folder,
    generator::{BEAT_BYTES, VERB},
    group::Group,
    namespace::Namespace,
    network::{Family, Network},
    traffic::Generator,
};

pub(super) const TESTS: &[Test] = &[
    ("a_beacon_is_found_in_the_background_beside_a_large_transfer", beacon),
    ("a_browser_and_its_helpers_are_one_application", browser),
    ("a_python_script_is_named_after_the_script", python),
    ("a_process_in_a_namespace_made_with_unshare_has_its_name_and_its_parent", unshared),
    ("a_program_in_a_terminal_is_told_from_one_in_a_unit", categories),
];

const BYTES: u64 = 1_000_000;
const IP_AND_UDP_HEADERS: u64 = 28;

fn beacon() {
    const BEATS: u64 = 5;
    /// Bytes of the transfer, which goes on until it has moved them: how fast that is, is the machine's.
    const BESIDE_AT_LEAST: u64 = 1_000_000_000;
    let folder = Folder::new();
    let own_id = std::process::id();
    // Groups outlive what is in them.
    let groups = [format!("bw-test-bulk-{own_id}.service"), format!("bw-test-beacon-{own_id}")]
        .map(|name| Group::new(&name));
    let [service, hidden] = &groups;
    let network = Network::with_offloads();
    let daemon = Daemon::start(&folder);
    let generator = |group: &Group, namespace: &Namespace, name: &str, words: &[&str]| {
        let program = folder.program(&env::current_exe().expect("our own path"), name);
        let mut command = namespace.command(group.join(&folder, &program));
        command.arg(VERB).args(words);
        Generator::run(command)
    };
    let mut server =
        generator(service, network.far(), "bw-server", &["serve-flood", Family::V4.far_address()]);
    let mut sink = generator(service, network.far(), "bw-sink", &["serve-udp", Family::V4.far_address()]);
    let client = generator(service, network.near(), "bw-bulk", &["take-flood", &server.address()]);

    let before = Moment(unix_ms());
    let words = ["leave-behind", "bw-beacon", &sink.address(), &BEATS.to_string()];
    let mut launcher = generator(hidden, network.near(), "bw-launcher", &words);
    let beacon = launcher.beating();
    daemon.settle();
    let after = Moment(unix_ms());
    let bulk_before = daemon.top_by_pid().process(client.pid()).total.rx_payload_bytes_total;
    launcher.done();
    daemon.settle();

    let bulk = loop {
        let bulk = daemon.top_by_pid().process(client.pid()).clone();
        if bulk.total.rx_payload_bytes_total - bulk_before > BESIDE_AT_LEAST {
            break bulk;
        }
        daemon.settle();
    };
    assert_eq!(bulk.category.as_deref(), Some("service"));
    let top = daemon.top_background();
    assert!(top.rows.iter().all(|row| row.category.as_deref() == Some("background")), "{:?}", top.rows);
    let known = [beacon, client.pid(), server.pid(), sink.pid(), launcher.pid(), daemon.pid()];
    let listed: Vec<_> =
        top.rows.iter().filter_map(|row| row.pid).filter(|pid| known.contains(pid)).collect();
    assert_eq!(listed, [beacon]);
    let row = top.process(beacon);
    assert_eq!((row.name.as_deref(), row.unit.as_deref()), (Some("bw-beacon"), None));
    let payload = BEATS * BEAT_BYTES as u64;
    assert_eq!((row.total.tx_payload_bytes_total, row.total.rx_payload_bytes_total), (payload, 0));
    assert_eq!(
        (row.total.tx_bytes_total, row.total.rx_bytes_total),
        (payload + BEATS * IP_AND_UDP_HEADERS, 0)
    );
    let first_seen_at = row.first_seen_at.clone().expect("it was seen");
    assert!(
        (before.to_string()..=after.to_string()).contains(&first_seen_at),
        "{before} {first_seen_at} {after}"
    );
    let text = daemon.top_background_as_text();
    let line = text.lines().find(|line| line.contains("bw-beacon")).expect("it is in the table");
    assert!(text.contains("FIRST SEEN") && line.contains(&first_seen_at[..19]), "{text}");
    drop((client, server, sink));
    launcher.over();
}

fn browser() {
    const HELPERS: u64 = 6;
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let [browser, helper] = ["browser", "helper"].map(|name| installed(&folder, name));
    let mut command = network.near().command(&browser);
    let bytes = BYTES.to_string();
    let helper = helper.to_str().expect("UTF-8");
    command.args([VERB, "swarm", &server.address(), &HELPERS.to_string(), &bytes, helper]);
    let mut browser = Generator::run(command);
    let helpers: Vec<u32> = (0..HELPERS).map(|_| browser.lived().0).collect();
    browser.done();
    daemon.settle_listing();

    let by_app = daemon.top_by_app();
    let app = by_app.app("browser");
    assert_eq!(app.total.rx_payload_bytes_total, HELPERS * BYTES);
    assert!(by_app.rows.iter().all(|row| row.app != "helper"), "{:?}", by_app.rows);
    let by_pid = daemon.top_by_pid();
    for pid in helpers {
        let row = by_pid.process(pid);
        assert_eq!((row.name.as_deref(), row.app.as_str()), (Some("helper"), "browser"));
        let parent = row.parents.first().expect("somebody started it");
        assert_eq!((parent.pid, parent.name.as_deref()), (browser.pid(), Some("browser")));
    }
}

/// The generator under another name, where a browser would be.
fn installed(folder: &Folder, name: &str) -> PathBuf {
    let directory = folder.path().join("opt/browser");
    fs::create_dir_all(&directory).expect("make a directory");
    let path = directory.join(name);
    fs::copy(env::current_exe().expect("our own path"), &path).expect("copy a program");
    path
}

const SCRIPT: &str = r#"
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
want = int(sys.argv[2])
stream = socket.create_connection((host, int(port)))
sent = stream.send(bytes([0]) + want.to_bytes(8, "little"))
received = 0
while received < want:
    received += len(stream.recv(65536))
print("done", sent, received, flush=True)
sys.stdin.read()
"#;

fn python() {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let script = folder.path().join("fetch.py");
    fs::write(&script, SCRIPT).expect("write a script");
    let mut command = network.near().command("python3");
    command.arg("-u").arg(&script).args([&server.address(), &BYTES.to_string()]);
    let mut fetch = Generator::run(command);
    let truth = fetch.done();
    daemon.settle();

    let by_app = daemon.top_by_app();
    let app = by_app.app("fetch.py");
    assert_eq!((truth.received, app.total.rx_payload_bytes_total), (BYTES, BYTES));
    assert_eq!(app.total.tx_payload_bytes_total, truth.sent);
}

fn unshared() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder);
    let program = folder.program(&env::current_exe().expect("our own path"), "bw-inside");
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork"]).arg(program).args([VERB, "unshare", &BYTES.to_string()]);
    let mut unshare = Generator::run(command);
    let truth = unshare.done();
    daemon.settle_listing();

    let top = daemon.top_by_pid();
    let row =
        top.rows.iter().find(|row| row.name.as_deref() == Some("bw-inside")).expect("it is in the table");
    assert_eq!((row.app.as_str(), row.total.rx_payload_bytes_total), ("bw-inside", truth.received));
    let parent = row.parents.first().expect("somebody started it");
    assert_eq!((parent.pid, parent.name.as_deref()), (unshare.pid(), Some("unshare")));
    unshare.over();
}

fn categories() {
    const MILLISECONDS: &str = "1500";
    let (folder, network) = (Folder::new(), Network::new());
    let group = Group::new(&format!("bw-test-{}.service", std::process::id()));
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let (address, bytes) = (server.address(), BYTES.to_string());
    let words = [VERB, "short", &address, &bytes, MILLISECONDS];
    let program = |name: &str| folder.program(&env::current_exe().expect("our own path"), name);
    let mut in_unit = network.near().command(group.join(&folder, &program("bw-in-unit")));
    let mut in_unit = Generator::run({
        in_unit.args(words);
        in_unit
    });
    let line = format!("{} {}", program("bw-in-window").display(), words.join(" "));
    let mut in_terminal = network.near().command("script");
    in_terminal.args(["--quiet", "--command", &line, "/dev/null"]);
    let mut in_terminal = Generator::run(in_terminal);
    in_unit.done();
    in_terminal.done();
    daemon.settle();

    let top = daemon.top_by_pid();
    let category = |name: &str| {
        let row = top.rows.iter().find(|row| row.name.as_deref() == Some(name)).expect("it is in the table");
        (row.category.clone().unwrap_or_default(), row.total.rx_payload_bytes_total)
    };
    assert_eq!(category("bw-in-unit"), ("service".into(), BYTES));
    assert_eq!(category("bw-in-window"), ("terminal".into(), BYTES));
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as u64
}
