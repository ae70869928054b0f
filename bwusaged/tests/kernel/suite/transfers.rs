//! One process moves a known number of bytes: what the table says about it and about the process at the other end.

use super::{
    Test,
    daemon::{Daemon, assert_all_lan, assert_same_wire},
    folder::Folder,
    generator::UDP_BURST,
    namespace::Frames,
    network::{Family, Network},
    top::Row,
    traffic::{Generator, Truth},
};

const BYTES: u64 = 100_000_000;
const UDP_HEADER: u64 = 8;

pub(super) const TESTS: &[Test] = &[
    ("a_download_is_counted_to_the_byte_over_ipv4", || download(Family::V4)),
    ("a_download_is_counted_to_the_byte_over_ipv6", || download(Family::V6)),
    ("an_upload_is_counted_to_the_byte_over_ipv4", || upload(Family::V4)),
    ("an_upload_is_counted_to_the_byte_over_ipv6", || upload(Family::V6)),
    ("small_datagrams_are_counted_to_the_byte_over_ipv4", || datagrams(Family::V4, 64, 60_000)),
    ("small_datagrams_are_counted_to_the_byte_over_ipv6", || datagrams(Family::V6, 64, 60_000)),
    ("large_datagrams_are_counted_to_the_byte_over_ipv4", || datagrams(Family::V4, 1400, 30_000)),
    ("large_datagrams_are_counted_to_the_byte_over_ipv6", || datagrams(Family::V6, 1400, 30_000)),
];

fn download(family: Family) {
    let seen = transfer(family, "serve-tcp", "bw-download", &["download", "", &BYTES.to_string()]);

    assert_eq!(seen.client.total.rx_payload_bytes_total, BYTES);
    assert_same_wire("bytes down", seen.client.total.rx_bytes_total, seen.carried.tx_bytes);
    assert_same_wire("packets down", seen.client.rx_packets_total, seen.carried.tx_packets);
    assert_same_wire("bytes from the server", seen.server.total.tx_bytes_total, seen.carried.tx_bytes);
}

fn upload(family: Family) {
    let seen = transfer(family, "serve-tcp", "bw-upload", &["upload", "", &BYTES.to_string()]);

    assert!(seen.client.total.tx_payload_bytes_total >= BYTES);
    assert_same_wire("bytes up", seen.client.total.tx_bytes_total, seen.carried.rx_bytes);
    assert_same_wire("packets up", seen.client.tx_packets_total, seen.carried.rx_packets);
    assert_same_wire("bytes to the server", seen.server.total.rx_bytes_total, seen.carried.rx_bytes);
}

fn datagrams(family: Family, size: u64, count: u64) {
    let words = ["send-udp", "", &count.to_string(), &size.to_string()];
    let seen = transfer(family, "serve-udp", "bw-datagrams", &words);

    assert_eq!(seen.client.total.tx_payload_bytes_total, size * count);
    assert_same_wire("bytes up", seen.client.total.tx_bytes_total, seen.carried.rx_bytes);
    assert_same_wire("bytes to the server", seen.server.total.rx_bytes_total, seen.carried.rx_bytes);
    // Nothing is ever sent twice, so here the very byte is known.
    let headers = family.ip_header() + UDP_HEADER;
    let answers = count / UDP_BURST;
    assert_eq!((seen.client.tx_packets_total, seen.client.rx_packets_total), (count, answers));
    assert_eq!(seen.client.total.tx_bytes_total, count * (size + headers));
    assert_eq!(seen.client.total.rx_bytes_total, answers * (1 + headers));
}

/// Both ends of a transfer in the table, and what the cable carried for it.
struct Seen {
    client: Row,
    server: Row,
    carried: Frames,
}

/// Runs `words` (with the server's address for the empty word) as process `name`, and checks what is true of every transfer.
fn transfer(family: Family, server: &str, name: &str, words: &[&str]) -> Seen {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server = Generator::start(&folder, network.far(), "bw-server", &[server, family.far_address()]);
    let address = server.address();
    let words: Vec<&str> =
        words.iter().map(|&word| if word.is_empty() { address.as_str() } else { word }).collect();

    let before = network.carried();
    let mut client = Generator::start(&folder, network.near(), name, &words);
    let truth = client.done();
    let carried = network.carried().since(before);
    daemon.settle();

    let top = daemon.top_by_pid();
    let seen = Seen {
        client: top.process(client.pid()).clone(),
        server: top.process(server.pid()).clone(),
        carried,
    };
    drop(client);
    check(&seen.client, name, truth);
    check(&seen.server, "bw-server", server.finish());
    daemon.assert_nothing_lost();
    seen
}

/// The row says what the process knows about itself.
fn check(row: &Row, name: &str, truth: Truth) {
    assert_eq!(
        (row.name.as_deref(), row.app.as_str(), row.user.as_deref()),
        (Some(name), name, Some("root"))
    );
    let counted =
        Truth { sent: row.total.tx_payload_bytes_total, received: row.total.rx_payload_bytes_total };
    assert_eq!(counted, truth, "{name}");
    assert_all_lan(row.total, row.scopes.lan);
}
