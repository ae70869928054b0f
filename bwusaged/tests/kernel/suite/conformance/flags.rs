//! Flags and options of TCP, connections that begin in an unusual way or not at all, and many of them.

use super::{
    Case,
    stage::{Side, Stage},
};
use crate::suite::{generator, network::Family};

const BYTES: &str = "20000000";

pub(super) const CASES: &[Case] = &[
    Case::new("recv with MSG_WAITALL", |stage| tcp(stage, "download-waiting")),
    Case::new("recv with MSG_TRUNC and MSG_DONTWAIT", |stage| tcp(stage, "download-truncating")),
    Case::new("send with MSG_ZEROCOPY", |stage| tcp(stage, "upload-zerocopy")),
    Case::new("shutdown of one half, then the other way", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-echo", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["upload-then-download", &address, BYTES]);
    }),
    Case::new("splice both ways (proxy)", proxy),
    Case::new("TCP Fast Open", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-fast-open", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["fetch-fast-open", &address, "3000"]);
    })
    .where_offered(generator::has_fast_open)
    // The cookie is an option of the SYN that light mode does not know of: 12 bytes of each short connection.
    .light_wire(0.006),
    Case::new("connect() refused", |stage| {
        let client = stage.start(Side::Near, "bw-knocking", &["knock", "10.98.0.2:9", "10000"]);
        stage.done(client);
    }),
    Case::new("SYN to a host that never answers", |stage| {
        let nobody = stage.network.nobody();
        let client =
            stage.start(Side::Near, "bw-calling", &["call-nobody", &format!("{nobody}:80"), "10000"]);
        stage.done(client);
    }),
    Case::new("2,000 connections a second", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-short", Family::V4.far_address()]);
        let mut client = stage.start(Side::Near, "bw-client", &["fetch-fast", &address, "10000"]);
        let rate = client.generator.rate();
        stage.note = Some(format!("{rate} connections a second were made"));
        stage.done(client);
        stage.finish(server);
    }),
];

fn tcp(stage: &mut Stage, what: &str) {
    let (server, address) = stage.serve_tcp(Family::V4);
    stage.client(server, "bw-client", &[what, &address, BYTES]);
}

/// The proxy is alone at its end of the cable.
fn proxy(stage: &mut Stage) {
    let (server, address) = stage.serve_tcp(Family::V4);
    let mut proxy = stage.start(Side::Near, "bw-proxy", &["proxy", "10.98.0.1:0", &address, "2"]);
    let address = proxy.generator.address();
    for (name, what) in [("bw-down", "download"), ("bw-up", "upload")] {
        let client = stage.start(Side::Far, name, &[what, &address, BYTES]);
        stage.done(client);
    }
    stage.finish(proxy);
    stage.finish(server);
}
