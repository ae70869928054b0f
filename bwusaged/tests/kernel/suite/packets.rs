//! The engine without BPF, on a cable of its own: what passes is counted, most of it under the right name, and the rest is a number.
//!
//! It looks for processes after it has seen their packets, so that a figure is right a while after the traffic at the latest.

use std::collections::HashMap;

use bwusage_proto::snapshot::ResidualReason;

use super::{
    Test,
    daemon::{Daemon, assert_all_lan, assert_same_wire},
    folder::Folder,
    network::{Family, Network},
    top::{Row, Top},
    traffic::{Generator, Truth},
};

pub(super) const TESTS: &[Test] = &[
    ("packets_a_download_is_counted_over_ipv4", || download(Family::V4)),
    ("packets_a_download_is_counted_over_ipv6", || download(Family::V6)),
    ("packets_an_upload_is_counted_over_ipv4", || upload(Family::V4)),
    ("packets_an_upload_is_counted_over_ipv6", || upload(Family::V6)),
    ("packets_datagrams_are_counted_to_the_byte", datagrams),
    ("packets_super_packets_weigh_what_their_segments_do", super_packets),
    ("packets_of_many_short_processes_no_byte_is_lost", short_lived),
    ("packets_say_what_they_do_not_see", coverage),
];

const ENGINE: &str = "packets";
const BYTES: u64 = 50_000_000;
/// More ticks than pass before the engine gives up to look for a process.
const LOOK_TICKS: u32 = 60;

/// The near end of a cable, counted without BPF, and a server at the far end, which is not.
struct Scene<'a> {
    folder: &'a Folder,
    network: &'a Network,
    daemon: Daemon<'a>,
}

impl<'a> Scene<'a> {
    fn new(folder: &'a Folder, network: &'a Network) -> Self {
        Self { folder, network, daemon: Daemon::start_in_with(folder, network.near(), ENGINE) }
    }

    fn server(&self, what: &str, family: Family) -> (Generator, String) {
        let words = [what, family.far_address()];
        let mut server = Generator::start(self.folder, self.network.far(), "bw-server", &words);
        let address = server.address();
        (server, address)
    }

    fn client(&self, name: &str, words: &[&str]) -> Generator {
        Generator::start(self.folder, self.network.near(), name, words)
    }

    /// The table as soon as `is_complete`, or when nobody looks any more.
    fn top_when(&self, is_complete: impl Fn(&Top) -> bool) -> Top {
        for _ in 0..LOOK_TICKS {
            self.daemon.settle();
            let top = self.daemon.top_by_pid();
            if is_complete(&top) {
                return top;
            }
        }
        self.daemon.top_by_pid()
    }

    fn row_when(&self, pid: u32, is_complete: impl Fn(&Row) -> bool) -> Row {
        let is_it = |row: &&Row| row.pid == Some(pid);
        let top = self.top_when(|top| top.rows.iter().find(is_it).is_some_and(&is_complete));
        self.daemon.assert_nothing_lost();
        top.process(pid).clone()
    }
}

fn download(family: Family) {
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, &network);
    let (_server, address) = scene.server("serve-tcp", family);
    // It pauses with the connection open, so that there is a process to find.
    let words = ["download", &address, &BYTES.to_string(), "pause-after", "10000000"];
    let before = network.carried();
    let mut client = scene.client("bw-download", &words);
    client.paused();
    scene.row_when(client.pid(), |row| row.total.rx_payload_bytes_total >= 10_000_000);
    client.resume();
    assert_eq!(client.done().received, BYTES);
    let carried = network.carried().since(before);

    let row = scene.row_when(client.pid(), |row| row.total.rx_bytes_total >= carried.tx_bytes);
    assert_eq!((row.name.as_deref(), row.user.as_deref()), (Some("bw-download"), Some("root")));
    assert_same_wire("bytes down", row.total.rx_bytes_total, carried.tx_bytes);
    assert_same_wire("bytes up", row.total.tx_bytes_total, carried.rx_bytes);
    assert_same_wire("packets down", row.rx_packets_total, carried.tx_packets);
    // What was sent twice is in it, and nothing else.
    let twice = row.total.rx_payload_bytes_total - BYTES;
    assert!(twice <= BYTES / 50, "{twice} bytes of payload came twice");
    assert_all_lan(row.total, row.scopes.lan);
}

/// The same from the other end: here it is the server that is counted.
fn upload(family: Family) {
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, &network);
    let near = match family {
        Family::V4 => "10.98.0.1:0",
        Family::V6 => "[fd98::1]:0",
    };
    let mut server = scene.client("bw-upload", &["serve-tcp", near]);
    let words = ["download", &server.address(), &BYTES.to_string(), "pause-after", "10000000"];
    let before = network.carried();
    let mut client = Generator::start(&folder, network.far(), "bw-client", &words);
    client.paused();
    scene.row_when(server.pid(), |row| row.total.tx_payload_bytes_total >= 10_000_000);
    client.resume();
    client.done();
    assert_eq!(server.finish().sent, BYTES);
    let carried = network.carried().since(before);

    let row = scene.row_when(server.pid(), |row| row.total.tx_bytes_total >= carried.rx_bytes);
    assert_eq!(row.name.as_deref(), Some("bw-upload"));
    assert_same_wire("bytes up", row.total.tx_bytes_total, carried.rx_bytes);
    assert_same_wire("bytes down", row.total.rx_bytes_total, carried.tx_bytes);
    assert_same_wire("packets up", row.tx_packets_total, carried.rx_packets);
}

fn datagrams() {
    const COUNT: u64 = 30_000;
    const SIZE: u64 = 1000;
    for family in [Family::V4, Family::V6] {
        let (folder, network) = (Folder::new(), Network::new());
        let scene = Scene::new(&folder, &network);
        let (_server, address) = scene.server("serve-udp", family);
        let words = ["send-udp", &address, &COUNT.to_string(), &SIZE.to_string()];
        let mut client = scene.client("bw-datagrams", &words);
        assert_eq!(client.done().sent, COUNT * SIZE);

        let wire = COUNT * (SIZE + 8 + family.ip_header());
        let row = scene.row_when(client.pid(), |row| row.total.tx_bytes_total >= wire);
        assert_eq!((row.total.tx_bytes_total, row.tx_packets_total), (wire, COUNT));
        assert_eq!(row.total.tx_payload_bytes_total, COUNT * SIZE);
    }
}

fn super_packets() {
    const SIZE: u64 = 1000;
    const COUNT: u64 = 20_000;
    let (folder, network) = (Folder::new(), Network::with_offloads());
    let scene = Scene::new(&folder, &network);
    let (_server, address) = scene.server("serve-udp", Family::V4);
    let words = ["send-gso", &address, &COUNT.to_string(), &SIZE.to_string()];
    let before = network.carried();
    let mut client = scene.client("bw-super", &words);
    client.done();
    let carried = network.carried().since(before);

    let wire = COUNT * (SIZE + 28);
    let row = scene.row_when(client.pid(), |row| row.total.tx_bytes_total >= wire);
    assert_eq!((row.total.tx_bytes_total, row.tx_packets_total), (wire, COUNT));
    assert!(carried.rx_packets < COUNT, "the cable carried super-packets: {carried:?}");
}

/// Some are gone before anybody looks: then their bytes have a reason instead of a process, and none has them who did not move them.
fn short_lived() {
    const COUNT: u64 = 100;
    const PAYLOAD: u64 = 100_000;
    const NAME: &str = "bw-moment";
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, &network);
    let (_server, address) = scene.server("serve-tcp", Family::V4);
    let program = folder.program(&std::env::current_exe().expect("our own path"), NAME);
    let program = program.to_str().expect("UTF-8");
    let before = network.carried();
    let words = ["swarm", &address, &COUNT.to_string(), &PAYLOAD.to_string(), program];
    let mut swarm = scene.client("bw-swarm", &words);
    let lived: HashMap<u32, Truth> = (0..COUNT).map(|_| swarm.lived()).collect();
    swarm.done();
    let carried = network.carried().since(before);

    let named = |top: &Top| -> u64 { top.rows.iter().map(|row| row.total.rx_bytes_total).sum() };
    let nameless = || scene.daemon.residual_rx(ResidualReason::Stale);
    let top = scene.top_when(|top| named(top) + nameless() >= carried.tx_bytes);
    let (named, nameless) = (named(&top), nameless());
    assert_same_wire("with and without a name", named + nameless, carried.tx_bytes);
    for row in top.rows.iter().filter(|row| row.total.rx_bytes_total > 0) {
        let truth = row.pid.and_then(|pid| lived.get(&pid));
        let truth = truth.unwrap_or_else(|| panic!("{row:?} moved nothing"));
        // What was sent twice is in it.
        let most = truth.received + truth.received / 10;
        assert!(row.total.rx_payload_bytes_total <= most, "{row:?} moved {truth:?}");
    }
    scene.daemon.assert_nothing_lost();
    eprintln!("{named} bytes with a name, {nameless} without");
}

fn coverage() {
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, &network);
    let status = scene.daemon.status().to_string();
    for word in ["sampled", "AF_PACKET", "NETLINK_SOCK_DIAG", "other network namespaces"] {
        assert!(status.contains(word), "{word} in {status}");
    }
}
