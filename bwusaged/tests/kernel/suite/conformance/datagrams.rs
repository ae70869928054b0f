//! UDP as others use it than a client with one server, and the transports beside it.

use super::{
    Case,
    stage::{Cable, Side, Stage},
};
use crate::suite::{generator, network::Family};

pub(super) const CASES: &[Case] = &[
    Case::new("QUIC-like, one connected client", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-quic", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["converse", &address, "2000"]);
    }),
    Case::new("QUIC-like, a server of many peers", |stage| {
        quic(stage, Side::Near, Family::V4.far_address());
    }),
    Case::new("QUIC-like, super-packets at both ends", |stage| {
        stage.cable = Cable::Unused;
        quic(stage, Side::Far, "127.0.0.1:0");
    }),
    Case::new("child receives on the parent's UDP socket", |stage| {
        let words = ["serve-udp-by-child", Family::V4.far_address(), "20000", "bw-child"];
        let (mut parent, address) = stage.serve("bw-parent", &words);
        let client = stage.start(Side::Near, "bw-client", &["send-udp", &address, "20000", "1000"]);
        stage.done(client);
        stage.lived(&mut parent, "bw-child");
        stage.finish_bystander(parent);
    }),
    Case::new("child sends on the parent's UDP socket", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-udp", Family::V4.far_address()]);
        let words = ["send-udp-by-child", &address, "20000", "1000", "bw-child"];
        let mut parent = stage.start(Side::Near, "bw-parent", &words);
        stage.lived(&mut parent, "bw-child");
        stage.finish_bystander(parent);
        stage.finish(server);
    }),
    Case::new("UDP with MSG_PEEK, then MSG_TRUNC", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-measuring", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["send-udp", &address, "20000", "1000"]);
    }),
    Case::new("multicast, one sender and two receivers", |stage| group(stage, "239.98.0.1", 2)),
    Case::new("broadcast", |stage| group(stage, "10.98.0.255", 1)),
    Case::new("UDP-Lite", |stage| beside_udp(stage, "serve-udplite", "send-udplite"))
        .where_offered(generator::has_udplite),
    Case::new("DCCP", |stage| beside_udp(stage, "serve-dccp", "send-dccp"))
        .where_offered(generator::has_dccp),
    Case::new("SCTP", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-sctp", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["download-sctp", &address, "20000000"]);
    })
    .where_offered(generator::has_sctp),
];

fn quic(stage: &mut Stage, side: Side, address: &str) {
    const CLIENTS: usize = 4;
    let (server, address) = stage.serve("bw-server", &["serve-quic", address]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| stage.start(side, &format!("bw-client-{number}"), &["converse", &address, "500"]))
        .collect();
    for client in clients {
        stage.done(client);
    }
    stage.finish(server);
}

fn group(stage: &mut Stage, group: &str, receivers: usize) {
    // The far end takes one packet for each of its receivers.
    stage.cable = if receivers > 1 { Cable::NearEnd } else { Cable::BothEnds };
    let start = |number| stage.serve(&format!("bw-receiver-{number}"), &["join", group, "9898", "10.98.0.2"]);
    let (listening, addresses): (Vec<_>, Vec<_>) = (0..receivers).map(start).unzip();
    let receivers = receivers.to_string();
    let words = ["send-to-group", &addresses[0], "10.98.0.1", &receivers, "20000", "1000"];
    let sender = stage.start(Side::Near, "bw-sender", &words);
    stage.done(sender);
    for receiver in listening {
        stage.finish(receiver);
    }
}

fn beside_udp(stage: &mut Stage, serve: &str, send: &str) {
    let (server, address) = stage.serve("bw-server", &[serve, Family::V4.far_address()]);
    stage.client(server, "bw-client", &[send, &address, "20000", "1000"]);
}
