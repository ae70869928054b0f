//! Whose bytes they are, and which bytes count, where that is not plain.

use super::{
    Test,
    daemon::{Daemon, assert_same_wire},
    folder::Folder,
    network::{Family, Network},
    top::{Row, Traffic},
    traffic::{Generator, Truth},
};

const BYTES: u64 = 20_000_000;

pub(super) const TESTS: &[Test] = &[
    ("a_connection_belongs_to_the_worker_that_serves_it_not_to_who_accepted_it", accepted_for_a_worker),
    ("bytes_that_were_only_looked_at_do_not_count", || check_payload(one_way("download-peeking"))),
    ("bytes_that_go_from_a_file_into_the_socket_unseen_count", || check_payload(one_way("upload-file"))),
    ("bytes_that_go_from_the_socket_into_a_pipe_unseen_count_on_the_wire", || {
        drop(one_way("download-splicing"));
    }),
    ("super_packets_are_counted_as_the_packets_that_go_over_the_wire", super_packets),
    ("traffic_to_oneself_is_loopback_whatever_the_address", to_oneself),
    ("a_public_address_is_the_internet", to_the_internet),
];

fn accepted_for_a_worker() {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let worker = folder.program(&std::env::current_exe().expect("our own path"), "bw-worker");
    let words = ["dispatch", Family::V4.far_address(), worker.to_str().expect("UTF-8")];
    let mut dispatcher = Generator::start(&folder, network.far(), "bw-dispatcher", &words);
    let words = ["upload", &dispatcher.address(), &BYTES.to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-client", &words);
    client.done();
    drop(client);
    let (worker, truth) = dispatcher.lived();
    daemon.settle();

    let top = daemon.top_by_pid();
    let row = top.process(worker);
    assert_eq!((row.name.as_deref(), payload(row.total)), (Some("bw-worker"), truth));
    assert_eq!(payload(top.process(dispatcher.pid()).total), Truth { sent: 0, received: 0 });
    // The dispatcher owns the socket until the worker reads: a window's worth at most.
    assert!(row.total.rx_bytes_total > BYTES - 1_000_000, "{row:?}");
}

fn check_payload((row, truth): (Row, Truth)) {
    assert_eq!(payload(row.total), truth);
}

/// One client moves bytes in its own way: its row, and what it knows about itself. The wire is what the cable carried.
fn one_way(what: &str) -> (Row, Truth) {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let words = [what, &server.address(), &BYTES.to_string()];
    let before = network.carried();
    let mut client = Generator::start(&folder, network.near(), "bw-client", &words);
    let truth = client.done();
    let carried = network.carried().since(before);
    daemon.settle();

    let row = daemon.top_by_pid().process(client.pid()).clone();
    assert!(truth.sent.max(truth.received) >= BYTES);
    let (counted, carried) = if truth.sent > truth.received {
        (row.total.tx_bytes_total, carried.rx_bytes)
    } else {
        (row.total.rx_bytes_total, carried.tx_bytes)
    };
    assert_same_wire("bytes", counted, carried);
    (row, truth)
}

fn super_packets() {
    /// IPv4 and TCP headers, the latter with a timestamp.
    const HEADERS: u64 = 52;
    const PAYLOAD_A_PACKET: u64 = 1500 - HEADERS;
    let (folder, network) = (Folder::new(), Network::with_offloads());
    let daemon = Daemon::start(&folder);
    let row = download(&folder, &network, Family::V4.far_address(), &daemon);

    let packets = BYTES.div_ceil(PAYLOAD_A_PACKET);
    // At least as many as full packets would be; what was written in pieces makes some more.
    assert!((packets..packets * 2).contains(&row.rx_packets_total), "{row:?}");
    assert_same_wire("bytes", row.total.rx_bytes_total, BYTES + row.rx_packets_total * HEADERS);
}

fn to_oneself() {
    for address in ["127.0.0.1:0", "[::1]:0", Family::V4.far_address()] {
        let (folder, network) = (Folder::new(), Network::new());
        let daemon = Daemon::start(&folder);
        let mut server = Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", address]);
        let words = ["download", &server.address(), &BYTES.to_string()];
        let mut client = Generator::start(&folder, network.far(), "bw-client", &words);
        client.done();
        daemon.settle();

        let row = daemon.top_by_pid().process(client.pid()).clone();
        assert_eq!(row.total.rx_payload_bytes_total, BYTES);
        assert_eq!(row.scopes.loopback, row.total, "{address}");
    }
}

fn to_the_internet() {
    for address in ["203.0.113.2:0", "[2001:db8::2]:0"] {
        let (folder, network) = (Folder::new(), Network::new());
        let daemon = Daemon::start(&folder);
        let row = download(&folder, &network, address, &daemon);

        assert_eq!(row.scopes.internet, row.total, "{address}");
    }
}

/// Downloads from `address` at the far end, and returns the client's row.
fn download(folder: &Folder, network: &Network, address: &str, daemon: &Daemon) -> Row {
    let mut server = Generator::start(folder, network.far(), "bw-server", &["serve-tcp", address]);
    let words = ["download", &server.address(), &BYTES.to_string()];
    let mut client = Generator::start(folder, network.near(), "bw-client", &words);
    let truth = client.done();
    daemon.settle();
    let row = daemon.top_by_pid().process(client.pid()).clone();
    assert_eq!(payload(row.total), truth);
    row
}

fn payload(total: Traffic) -> Truth {
    Truth { sent: total.tx_payload_bytes_total, received: total.rx_payload_bytes_total }
}
