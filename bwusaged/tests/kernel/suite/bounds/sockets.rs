//! Very many connections at once, each having moved a known number of bytes.

use std::time::Duration;

use super::{Daemon, Family, Folder, INTERVAL_MS, Network, cost::Costs};
use crate::suite::{
    namespace::Frames,
    top::{Row, Top},
    traffic::Generator,
};

const CLIENT: &str = "bw-holder";
const SERVER: &str = "bw-held";
/// An acknowledgement or the end of a connection: headers of IPv4 and TCP, with timestamps.
const LAST_PACKET: u64 = 52;
/// What goes over each connection.
const BYTES: u64 = 500;
/// A process may have 20,000 files, and has 28,232 local ports.
const MOST_CONNECTIONS: u64 = 16_000;
/// The daemon's memory, however many sockets there are.
const MOST_RSS: u64 = 96 << 20;

/// Two processes that hold both ends of as many connections.
struct Pair {
    client: Generator,
    server: Generator,
    connections: u64,
}

impl Pair {
    fn start(folder: &Folder, network: &Network, connections: u64) -> Self {
        let words = ["serve-many", Family::V4.far_address(), &connections.to_string()];
        let mut server = Generator::start(folder, network.far(), SERVER, &words);
        let words = ["connect-many", &server.address(), &connections.to_string(), &BYTES.to_string()];
        let client = Generator::start(folder, network.near(), CLIENT, &words);
        Self { client, server, connections }
    }

    fn wait_until_held(&mut self) {
        let moved = self.connections * BYTES;
        assert_eq!((self.client.paused().sent, self.server.holding().received), (moved, moved));
    }

    fn close(&mut self) {
        self.client.resume();
        self.client.done();
        self.server.closed();
    }

    /// What both are said to have moved: client and server, each sent and received on the wire.
    fn wire(&self, top: &Top) -> [(u64, u64); 2] {
        let (client, server) = (top.process(self.client.pid()), top.process(self.server.pid()));
        assert_eq!(client.total.tx_payload_bytes_total, self.connections * BYTES, "payload sent");
        assert_eq!(server.total.rx_payload_bytes_total, self.connections * BYTES, "payload received");
        [client, server].map(|row: &Row| (row.total.tx_bytes_total, row.total.rx_bytes_total))
    }
}

/// The daemon says how much room its tables have, and that they are neither empty nor full.
pub(super) fn fill() {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut pair = Pair::start(&folder, &network, 10);
    pair.wait_until_held();
    daemon.settle();
    let status = daemon.status();
    let tables = status["tables"].as_array().expect("a list of tables");
    let slots = tables.iter().find(|table| table["table"] == "slots").expect("the table of processes");
    let [entries, capacity] = ["entries", "capacity"].map(|name| slots[name].as_u64().expect("a number"));
    assert!((2..capacity).contains(&entries), "client and server: {slots}");
    for table in tables {
        assert!(table["entries"].as_u64() <= table["capacity"].as_u64(), "{table}");
    }
    pair.close();
}

pub(super) fn play(sockets: u64, costs: &mut Costs) {
    let (folder, network) = (Folder::new(), Network::new());
    network.switch_ipv6_off();
    let daemon = Daemon::start_every(&folder, INTERVAL_MS);
    let before = network.carried();
    let idle = costs.of("before", &daemon);

    let mut pairs = Vec::new();
    let mut left = sockets / 2;
    while left > 0 {
        let connections = left.min(MOST_CONNECTIONS);
        left -= connections;
        let mut pair = Pair::start(&folder, &network, connections);
        pair.wait_until_held();
        pairs.push(pair);
    }
    daemon.settle();
    let held = costs.of(&format!("{sockets} sockets held"), &daemon);
    compare(&daemon, &network, before, &pairs);
    costs.wait(Duration::from_secs(30));
    let later = costs.of("held for 30 s more", &daemon);
    assert!(later.rss_peak <= MOST_RSS, "{} bytes of memory, and {MOST_RSS} are the bound", later.rss_peak);

    pairs.iter_mut().for_each(Pair::close);
    daemon.settle();
    costs.of("all closed", &daemon);
    compare(&daemon, &network, before, &pairs);
    daemon.assert_nothing_lost();
    costs.wait(Duration::from_mins(2));
    costs.of("2 min later", &daemon);
    costs.note(&format!(
        "\n{sockets} sockets: payload and wire of both ends as on the cable, held and closed; processor {:.2} s while they \
         were opened; nothing lost.",
        (held.cpu_ms - idle.cpu_ms) as f64 / 1000.0,
    ));
}

/// Payload is what the processes say themselves, and the wire what the cable carried, to the byte. When thousands close at once,
/// the cable may drop some of their last packets; each has been sent all the same.
fn compare(daemon: &Daemon, network: &Network, before: Frames, pairs: &[Pair]) {
    // Acknowledgements are late: figures of the same moment are those between two equal readings of the cable.
    let (carried, top) = loop {
        let carried = network.carried();
        daemon.settle();
        let top = daemon.top_by_pid();
        if network.carried() == carried {
            break (carried.since(before), top);
        }
    };
    let add = |sum: (u64, u64), more: (u64, u64)| (sum.0 + more.0, sum.1 + more.1);
    let wire = pairs.iter().map(|pair| pair.wire(&top));
    let [client, server] = wire.fold([(0, 0); 2], |sum, pair| [add(sum[0], pair[0]), add(sum[1], pair[1])]);
    let [near, far] = network.dropped().map(|packets| packets * LAST_PACKET);
    let (to_far, to_near) = (carried.rx_bytes, carried.tx_bytes);
    assert_eq!(client, (to_far + near, to_near), "wire bytes of the clients, beside the cable's");
    assert_eq!(server, (to_near + far, to_far), "wire bytes of the servers, beside the cable's");
}
