//! One cable, at whose near end the daemon is.

use super::{Scene, Side, assert_attributed, assert_reason};
use crate::suite::{
    Test,
    folder::Folder,
    namespace::{Frames, output},
    network::{CABLE, ETHERNET_HEADER, Family, Network},
    top::Top,
    traffic::Generator,
};

pub(super) const TESTS: &[Test] = &[
    ("every_byte_of_a_download_has_a_name", || load(Network::new, &["download", "", BULK])),
    ("every_byte_of_an_upload_has_a_name", || load(Network::new, &["upload", "", BULK])),
    ("every_byte_of_a_download_in_super_packets_has_a_name", || {
        load(Network::with_offloads, &["download", "", BULK]);
    }),
    ("every_byte_of_an_upload_in_super_packets_has_a_name", || {
        load(Network::with_offloads, &["upload", "", BULK]);
    }),
    ("every_byte_of_many_datagrams_has_a_name", || load(Network::new, &["send-udp", "", "50000", "1000"])),
    ("every_byte_of_datagrams_in_super_packets_has_a_name", || {
        load(Network::with_offloads, &["converse", "", "3000"]);
    }),
    ("every_byte_of_many_short_connections_has_a_name", || {
        load(Network::new, &["fetch-and-close", "", "5000"]);
    }),
    ("every_byte_of_a_mixed_load_has_a_name", mixed),
    ("what_was_counted_before_the_daemon_started_is_called_so", before_the_daemon),
    ("frames_that_are_not_ip_are_called_so", not_ip),
    ("frames_past_ip_are_of_the_process_that_sent_them", past_ip),
    ("what_a_closed_port_answers_is_the_kernels", closed_port),
    ("a_packet_that_two_sockets_took_is_counted_once_by_the_interface", copies),
    ("what_a_queue_dropped_was_not_sent", dropped_in_the_queue),
];

const BULK: &str = "100000000";

/// What serves this kind of client.
fn server_for(client: &str) -> &'static str {
    match client {
        "send-udp" => "serve-udp",
        "converse" => "serve-quic",
        "fetch-and-close" => "serve-short",
        _ => "serve-tcp",
    }
}

/// One client at the near end moves bytes in its own way (with the server's address for the empty word).
fn load(network: fn() -> Network, words: &[&str]) {
    let (folder, network) = (Folder::new(), network());
    let scene = Scene::new(&folder, network.near());
    let (_server, address) = scene.serve(network.far(), &[server_for(words[0]), Family::V4.far_address()]);
    let before = network.near().frames(CABLE);
    let client = start(&scene, &network, "bw-client", words, &address);
    balance(&scene, before, vec![client]);
}

fn mixed() {
    let (folder, network) = (Folder::new(), Network::with_offloads());
    let scene = Scene::new(&folder, network.near());
    let before = network.near().frames(CABLE);
    let (mut servers, mut clients) = (Vec::new(), Vec::new());
    for (family, words) in [
        (Family::V4, &["download", "", BULK][..]),
        (Family::V6, &["upload", "", BULK]),
        (Family::V6, &["send-udp", "", "20000", "1000"]),
        (Family::V4, &["fetch-and-close", "", "3000"]),
        (Family::V4, &["upload-file", "", "20000000"]),
        (Family::V4, &["converse", "", "1000"]),
    ] {
        let (server, address) = scene.serve(network.far(), &[server_for(words[0]), family.far_address()]);
        clients.push(start(&scene, &network, words[0], words, &address));
        servers.push(server);
    }
    balance(&scene, before, clients);
}

fn start(scene: &Scene, network: &Network, name: &str, words: &[&str], address: &str) -> Generator {
    let words: Vec<&str> = words.iter().map(|&word| if word.is_empty() { address } else { word }).collect();
    scene.run(network.near(), name, &words)
}

/// Waits for the clients, which are alone at the near end: what they moved, and the link's headers, is what the interface counted.
fn balance(scene: &Scene, before: Frames, mut clients: Vec<Generator>) {
    for client in &mut clients {
        client.done();
    }
    let ledger = scene.ledger();
    let passed = scene.host.frames(CABLE).since(before);
    let top = scene.daemon.top_by_pid();
    let sum = |of: fn(&Top, u32) -> u64| clients.iter().map(|client| of(&top, client.pid())).sum::<u64>();
    let interface = ledger.interface(CABLE);
    for (side, packets, rows) in [
        (&interface.rx, passed.rx_packets, sum(|top, pid| top.process(pid).total.rx_bytes_total)),
        (&interface.tx, passed.tx_packets, sum(|top, pid| top.process(pid).total.tx_bytes_total)),
    ] {
        assert_eq!(side.bytes("processes").unsigned_abs(), rows, "as in the table: {side:?}");
        assert_reason(side, "link_headers", packets * ETHERNET_HEADER);
    }
    assert_attributed(interface);
}

fn before_the_daemon() {
    let (folder, network) = (Folder::new(), Network::new());
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let address = server.address();
    let words = ["download", &address, "5000000"];
    Generator::start(&folder, network.near(), "bw-early", &words).done();
    let before = network.near().frames(CABLE);
    let scene = Scene::new(&folder, network.near());
    let after = network.near().frames(CABLE);
    let mut client = scene.run(network.near(), "bw-late", &["download", &address, "20000000"]);
    client.done();

    let ledger = scene.ledger();
    let interface = ledger.interface(CABLE);
    for (side, before, after) in
        [(&interface.rx, before.rx_bytes, after.rx_bytes), (&interface.tx, before.tx_bytes, after.tx_bytes)]
    {
        // A connection may say its last word while the daemon starts.
        assert!((before..=after).contains(&side.bytes("before_start").unsigned_abs()), "{side:?}");
    }
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    assert_eq!(interface.rx.bytes("processes").unsigned_abs(), row.total.rx_bytes_total);
}

fn not_ip() {
    const COUNT: u64 = 6400;
    const SIZE: u64 = 1000;
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, network.near());
    let words = ["send-foreign", &COUNT.to_string(), &SIZE.to_string()];
    scene.run(network.far(), "bw-foreign", &words).done();

    let ledger = scene.ledger();
    let rx = &ledger.interface(CABLE).rx;
    assert_eq!(rx.bytes("non_ip").unsigned_abs(), COUNT * SIZE, "{rx:?}");
}

fn past_ip() {
    const COUNT: u64 = 6400;
    const SIZE: u64 = 1000;
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, network.near());
    let words = ["send-packet", &COUNT.to_string(), &SIZE.to_string()];
    scene.run(network.near(), "bw-packet", &words).done();

    let ledger = scene.ledger();
    let interface = ledger.interface(CABLE);
    assert_eq!(interface.tx.bytes("processes").unsigned_abs(), COUNT * (SIZE - ETHERNET_HEADER));
    assert_attributed(interface);
}

/// The far end asks, and is refused.
fn closed_port() {
    const COUNT: u64 = 5000;
    let (folder, network) = (Folder::new(), Network::new());
    network.switch_ipv6_off();
    let scene = Scene::new(&folder, network.near());
    let before = network.near().frames(CABLE);
    scene.run(network.far(), "bw-knocking", &["knock", "10.98.0.1:9", &COUNT.to_string()]).done();

    let ledger = scene.ledger();
    let passed = network.near().frames(CABLE).since(before);
    let interface = ledger.interface(CABLE);
    let kernels = |side: &Side| (side.bytes("kernel") + side.bytes("no_socket")).unsigned_abs();
    assert_eq!(kernels(&interface.rx), passed.rx_bytes - passed.rx_packets * ETHERNET_HEADER);
    assert_eq!(kernels(&interface.tx), passed.tx_bytes - passed.tx_packets * ETHERNET_HEADER);
}

fn copies() {
    const COUNT: u64 = 20_000;
    const SIZE: u64 = 1000;
    const HEADERS: u64 = 28;
    let (folder, network) = (Folder::new(), Network::new());
    let scene = Scene::new(&folder, network.near());
    let join = ["join", "239.98.0.1", "9898", "10.98.0.1"];
    let (_first, address) = scene.serve(network.near(), &join);
    let (_second, _) = scene.serve(network.near(), &join);
    let (count, size) = (COUNT.to_string(), SIZE.to_string());
    let words = ["send-to-group", &address, "10.98.0.2", "2", &count, &size];
    scene.run(network.far(), "bw-sender", &words).done();

    let ledger = scene.ledger();
    let rx = &ledger.interface(CABLE).rx;
    assert_reason(rx, "processes", 2 * COUNT * (SIZE + HEADERS));
    assert_reason(rx, "copies", COUNT * (SIZE + HEADERS));
    assert!(rx.bytes("copies") < 0, "{rx:?}");
}

/// A queue that is too slow for what is sent.
fn dropped_in_the_queue() {
    const COUNT: u64 = 5000;
    const WIRE: u64 = 1028;
    let (folder, network) = (Folder::new(), Network::new());
    let slow = ["qdisc", "add", "dev", CABLE, "root", "tbf", "rate", "8mbit", "burst", "20k", "limit", "20k"];
    output(network.near().command("tc").args(slow));
    let scene = Scene::new(&folder, network.near());
    let before = network.near().frames(CABLE);
    let words = ["shout", "10.98.0.2:9", &COUNT.to_string(), "1000"];
    let client = {
        let mut client = scene.run(network.near(), "bw-shouting", &words);
        client.done();
        client
    };

    let ledger = scene.ledger();
    let passed = network.near().frames(CABLE).since(before);
    let tx = &ledger.interface(CABLE).tx;
    let row = scene.daemon.top_by_pid().process(client.pid()).clone();
    assert_eq!(row.total.tx_bytes_total, COUNT * WIRE);
    assert_eq!(tx.bytes("processes").unsigned_abs(), COUNT * WIRE, "{tx:?}");
    let arrived = passed.tx_bytes - passed.tx_packets * ETHERNET_HEADER;
    assert!(arrived < COUNT * WIRE / 2, "the queue dropped most: {passed:?}");
    assert!(tx.bytes("not_sent") < 0, "{tx:?}");
    assert_reason(tx, "not_sent", COUNT * WIRE - arrived);
}
