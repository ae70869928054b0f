//! Who talks to whom: thousands of connections of one process, each with its own bytes, while they are open and after.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use bwusage_proto::connection::{Connection, Connections, Moved, Protocol, RemoteTotal, State};

use super::{
    Test,
    counting::Counting,
    daemon::Daemon,
    folder::Folder,
    generator::UDP_BURST,
    generator::held::{
        DATAGRAM_BYTES, DATAGRAMS, FIRST_PORT, LOOPBACK_BYTES, QUESTION_BYTES, V6_BYTES, answer_bytes,
    },
    network::{CABLE, Family, Network},
    traffic::{Generator, Truth},
};

pub(super) const TESTS: &[Test] = &[
    ("thousands_of_connections_are_each_listed_with_their_own_bytes", each_with_its_own_bytes),
    ("what_closed_connections_moved_adds_up_to_the_process_by_remote_host", after_the_close),
];

/// Light mode does not see what a name server answers.
pub(super) const TESTS_OF_EXACT_MODE: &[Test] = &[("a_remote_host_has_the_name_that_was_asked_for", named)];

const COUNT: u16 = 5000;
/// IP and TCP headers, the latter with a timestamp.
const PACKET: [u64; 2] = [52, 72];
/// The first packet has more options.
const FIRST_PACKET: [u64; 2] = [60, 80];
const MTU: u64 = 1500;

/// A process at the near end with all its connections open, and the servers of it.
struct Scene<'a> {
    daemon: Daemon<'a>,
    client: Generator,
    server: SocketAddr,
    server_v6: SocketAddr,
    udp_server: SocketAddr,
    _servers: [Generator; 3],
}

impl<'a> Scene<'a> {
    fn new(folder: &'a Folder, network: &Network) -> Self {
        let daemon = Daemon::start_in(folder, network.near());
        let serve = |words: &[&str]| {
            let mut server = Generator::start(folder, network.far(), "bw-server", words);
            let address = server.address();
            (server, address)
        };
        let (first, server) = serve(&["serve-held", Family::V4.far_address()]);
        let (second, server_v6) = serve(&["serve-held", Family::V6.far_address()]);
        let (third, udp_server) = serve(&["serve-udp", Family::V4.far_address()]);
        let words = ["hold-each", &server, &server_v6, &udp_server, &COUNT.to_string()];
        let mut client = Generator::start(folder, network.near(), "bw-holding", &words);
        client.paused();
        daemon.settle();
        let parse = |address: String| address.parse().expect("an address");
        Self {
            daemon,
            client,
            server: parse(server),
            server_v6: parse(server_v6),
            udp_server: parse(udp_server),
            _servers: [first, second, third],
        }
    }

    fn connections(&self) -> Connections {
        self.daemon.connections(self.client.pid()).0
    }
}

/// What goes over the wire one way for `payload` bytes beside handshake and acknowledgements.
fn data(payload: u64, header: u64) -> u64 {
    payload + payload.div_ceil(MTU - header) * header
}

/// What a client's connection received over the wire. Acknowledgements may be packets of their own or not.
fn received(payload: u64, family: Family) -> RangeInclusive<u64> {
    let (first, packet) = (FIRST_PACKET[family as usize], PACKET[family as usize]);
    let least = first + data(payload, packet);
    // An answer may come in more pieces than it must.
    least..=least + 4 * packet
}

/// What it sent: two packets of handshake, the question, and acknowledgements.
fn sent(payload: u64, family: Family) -> RangeInclusive<u64> {
    let (first, packet) = (FIRST_PACKET[family as usize], PACKET[family as usize]);
    let least = first + packet + packet + QUESTION_BYTES;
    least..=least + (payload.div_ceil(MTU - packet) + 4) * packet
}

#[track_caller]
fn check(connection: &Connection, rx: &RangeInclusive<u64>, tx: &RangeInclusive<u64>) {
    let Moved { rx_bytes, tx_bytes } = connection.moved;
    assert!(rx.contains(&rx_bytes), "received {rx_bytes}, not {rx:?}: {connection:?}");
    assert!(tx.contains(&tx_bytes), "sent {tx_bytes}, not {tx:?}: {connection:?}");
}

fn each_with_its_own_bytes() {
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, &network);

    let (answer, took) = scene.daemon.connections(scene.client.pid());
    println!("{} connections were listed in {took:?}", answer.open.len());

    let row = answer.open[0].row;
    assert!(answer.open.iter().all(|connection| connection.row == row && row.is_some()));
    let mut by_port: HashMap<u16, &Connection> = answer
        .open
        .iter()
        .filter(|connection| connection.remote == Some(scene.server))
        .map(|connection| (connection.local.port(), connection))
        .collect();
    assert_eq!(by_port.len(), usize::from(COUNT), "each once, and no other");
    for number in 0..COUNT {
        let connection = by_port.remove(&(FIRST_PORT + number)).expect("each is listed");
        let payload = answer_bytes(number);
        check(connection, &received(payload, Family::V4), &sent(payload, Family::V4));
        let what =
            (connection.protocol, connection.state, connection.inbound, connection.interface.as_deref());
        assert_eq!(what, (Protocol::TCP, State::Established, Some(false), Some(CABLE)));
        assert_eq!(connection.local.ip(), IpAddr::from([10, 98, 0, 1]));
    }

    let one = |remote: SocketAddr| {
        let mut found = answer.open.iter().filter(|connection| connection.remote == Some(remote));
        let connection = found.next().unwrap_or_else(|| panic!("{remote} is not there"));
        assert!(found.next().is_none(), "{remote} is there twice");
        connection
    };
    check(one(scene.server_v6), &received(V6_BYTES, Family::V6), &sent(V6_BYTES, Family::V6));
    let datagrams = one(scene.udp_server);
    let (up, down) = (DATAGRAMS * (DATAGRAM_BYTES + 28), DATAGRAMS / UDP_BURST * 29);
    check(datagrams, &(down..=down), &(up..=up));
    assert_eq!((datagrams.protocol, datagrams.state), (Protocol::UDP, State::Established));
    loopback(&answer);
    check_sums(&scene, &answer);
}

/// Both ends of it are the process's.
fn loopback(answer: &Connections) {
    let ends: Vec<_> = answer
        .open
        .iter()
        .filter(|end| end.remote.is_some_and(|remote| remote.ip() == IpAddr::from([127, 0, 0, 1])))
        .collect();
    let [asking, answering] = ends[..] else { panic!("{ends:?}") };
    let (asking, answering) =
        if asking.inbound == Some(false) { (asking, answering) } else { (answering, asking) };
    assert_eq!((asking.inbound, answering.inbound), (Some(false), Some(true)));
    assert_eq!(asking.remote, Some(answering.local));
    for end in [asking, answering] {
        assert_eq!(end.interface.as_deref(), Some("lo"));
    }
    // The interface takes packets of up to 64 KiB.
    let least = FIRST_PACKET[0] + PACKET[0] + LOOPBACK_BYTES;
    assert!((least..least + 4 * PACKET[0]).contains(&asking.moved.rx_bytes), "{asking:?}");
    let (syn, ack) = match Counting::of_this_test() {
        // The handshake is the listener's.
        Counting::Exact => (FIRST_PACKET[0], PACKET[0]),
        // It is in the counters of the socket that accept() returned.
        Counting::Light => (0, 0),
    };
    let seen_from_there =
        Moved { rx_bytes: answering.moved.tx_bytes + syn, tx_bytes: answering.moved.rx_bytes + syn + ack };
    assert_eq!(asking.moved, seen_from_there);
}

/// Open connections, remote hosts and what is not itemised are the process's bytes; here, everything is itemised.
#[track_caller]
fn check_sums(scene: &Scene, answer: &Connections) {
    let [process] = answer.processes[..] else { panic!("{:?}", answer.processes) };
    assert_eq!(process.not_itemised, Moved::default());
    let mut itemised = Moved::default();
    for &moved in
        answer.open.iter().map(|open| &open.moved).chain(answer.remotes.iter().map(|remote| &remote.moved))
    {
        itemised += moved;
    }
    assert_eq!(itemised, process.moved);
    // Over so many sockets light mode does not walk at each tick; the connections were just asked for, so it has now.
    scene.daemon.settle();
    let row = scene.daemon.top_by_pid().process(scene.client.pid()).clone();
    let in_table = Moved { rx_bytes: row.total.rx_bytes_total, tx_bytes: row.total.tx_bytes_total };
    assert_eq!(process.moved, in_table, "as in the table");
    assert_eq!(answer.hidden, 0);
}

fn after_the_close() {
    let (folder, network) = (Folder::new(), Network::new());
    let mut scene = Scene::new(&folder, &network);
    scene.client.resume();
    let truth = scene.client.done();
    // Until the last packet of the last connection.
    let answer = loop {
        let answer = scene.connections();
        let of_server = |total: &&RemoteTotal| {
            (total.remote, total.port) == (Some(scene.server.ip()), scene.server.port())
        };
        let closed = answer.remotes.iter().find(of_server).map_or(0, |total| total.connections);
        let open = answer.open.iter().filter(|open| open.remote == Some(scene.server)).count() as u64;
        assert!(open + closed >= u64::from(COUNT), "{open} are open and {closed} closed");
        if answer.open.is_empty() {
            break answer;
        }
    };
    scene.daemon.settle();
    let answer = Connections { open: answer.open, ..scene.connections() };

    check_sums(&scene, &answer);
    let to = |remote: SocketAddr, protocol| -> &RemoteTotal {
        let mut found = answer.remotes.iter().filter(|total| {
            (total.remote, total.port, total.protocol) == (Some(remote.ip()), remote.port(), protocol)
        });
        let total = found.next().unwrap_or_else(|| panic!("{remote} is not there"));
        assert!(found.next().is_none(), "{remote} is there twice");
        assert!(!total.inbound);
        total
    };
    let all = to(scene.server, Protocol::TCP);
    assert_eq!((all.connections, all.interface.as_deref()), (u64::from(COUNT), Some(CABLE)));
    let least: u64 = (0..COUNT).map(|number| *received(answer_bytes(number), Family::V4).start()).sum();
    let most: u64 = (0..COUNT).map(|number| *received(answer_bytes(number), Family::V4).end()).sum();
    assert!((least..=most).contains(&all.moved.rx_bytes), "{all:?}");
    assert_eq!(to(scene.server_v6, Protocol::TCP).connections, 1);
    let (up, down) = (DATAGRAMS * (DATAGRAM_BYTES + 28), DATAGRAMS / UDP_BURST * 29);
    assert_eq!(to(scene.udp_server, Protocol::UDP).moved, Moved { rx_bytes: down, tx_bytes: up });
    let row = scene.daemon.top_by_pid().process(scene.client.pid()).clone();
    let payload = (row.total.tx_payload_bytes_total, row.total.rx_payload_bytes_total);
    assert_eq!(Truth { sent: payload.0, received: payload.1 }, truth);
}

/// By the answers of a name server, which say that it is another name of an alias, which has the addresses.
fn named() {
    const NAME: &str = "download.bwusage.test";
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start_in(&folder, network.near());
    let words = ["serve-names", "10.98.0.2:53", "edge-7.cdn.test", "10.98.0.2", "fd98::2"];
    let mut names = Generator::start(&folder, network.far(), "bw-names", &words);
    names.address();
    Generator::start(&folder, network.near(), "bw-asking", &["ask-name", "10.98.0.2:53", NAME]).done();
    for family in [Family::V4, Family::V6] {
        let words = ["serve-tcp", family.far_address()];
        let mut server = Generator::start(&folder, network.far(), "bw-server", &words);
        let address = server.address();
        let words = ["download", &address, "200000", "pause-after", "100000"];
        let mut client = Generator::start(&folder, network.near(), "bw-client", &words);
        client.paused();
        daemon.settle();
        let (answer, _) = daemon.connections(client.pid());
        let open = answer.open.iter().find(|open| open.remote == address.parse().ok());
        let open = open.unwrap_or_else(|| panic!("{address} is not in {answer:?}"));
        assert_eq!(open.remote_name.as_deref(), Some(NAME));
        client.resume();
        client.done();
        daemon.settle();
        let closed = daemon.connections(client.pid()).0.remotes;
        assert!(closed.iter().all(|total| total.remote_name.as_deref() == Some(NAME)), "{closed:?}");
    }
}
