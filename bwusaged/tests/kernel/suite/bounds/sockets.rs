//! Very many connections at once, each having moved a known number of bytes.

use std::time::Duration;

use super::{Daemon, Family, Folder, INTERVAL_MS, Network, cost::Costs};
use crate::suite::traffic::Generator;

const CLIENT: &str = "bw-holder";
const SERVER: &str = "bw-held";
/// What goes over each connection.
const BYTES: u64 = 500;
const LISTENERS: usize = 8;
/// The daemon's memory, however many sockets there are.
const MOST_RSS: u64 = 64 << 20;

pub(super) fn play(sockets: u64, costs: &mut Costs) {
    let connections = sockets / 2;
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start_every(&folder, INTERVAL_MS);
    let words = ["serve-many", Family::V4.far_address(), &connections.to_string()];
    let mut server = Generator::start(&folder, network.far(), SERVER, &words);
    let addresses: Vec<String> = (0..LISTENERS).map(|_| server.address()).collect();
    daemon.settle();
    let before = network.carried();
    let idle = costs.of("before", &daemon);

    let words = ["connect-many", &addresses.join(","), &connections.to_string(), &BYTES.to_string()];
    let mut client = Generator::start(&folder, network.near(), CLIENT, &words);
    assert_eq!((client.paused().sent, server.holding().received), (connections * BYTES, connections * BYTES));
    daemon.settle();
    let held = costs.of(&format!("{sockets} sockets held"), &daemon);
    let (client_pid, server_pid) = (client.pid(), server.pid());
    let compare = |moment: &str| {
        let carried = network.carried().since(before);
        daemon.settle();
        let top = daemon.top_by_pid();
        let (client, server) = (top.process(client_pid), top.process(server_pid));
        assert_eq!(client.total.tx_payload_bytes_total, connections * BYTES, "{moment}: payload sent");
        assert_eq!(server.total.rx_payload_bytes_total, connections * BYTES, "{moment}: payload received");
        let wire = [client, server].map(|row| (row.total.tx_bytes_total, row.total.rx_bytes_total));
        let both = [(carried.rx_bytes, carried.tx_bytes), (carried.tx_bytes, carried.rx_bytes)];
        assert_eq!(wire, both, "{moment}: wire bytes of client and server, beside the cable's");
    };
    compare("held");
    costs.wait(Duration::from_secs(30));
    let later = costs.of("held for 30 s more", &daemon);
    assert!(later.rss_peak <= MOST_RSS, "{} bytes of memory, and {MOST_RSS} are the bound", later.rss_peak);

    client.resume();
    client.done();
    server.closed();
    costs.of("all closed", &daemon);
    compare("closed");
    daemon.assert_nothing_lost();
    costs.wait(Duration::from_mins(2));
    costs.of("2 min later", &daemon);
    costs.note(&format!(
        "\n{sockets} sockets: payload and wire of both ends as on the cable; processor {:.2} s while they were opened; nothing \
         lost.",
        (held.cpu_ms - idle.cpu_ms) as f64 / 1000.0,
    ));
}
