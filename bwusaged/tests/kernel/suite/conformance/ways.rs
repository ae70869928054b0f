//! System calls that move bytes over TCP and UDP.

use super::{
    Case,
    stage::{Cable, Side, Stage},
};
use crate::suite::{generator, network::Family};

const BYTES: &str = "20000000";

pub(super) const CASES: &[Case] = &[
    Case::new("sendfile", |stage| tcp(stage, "upload-file")),
    Case::new("splice into a socket", |stage| tcp(stage, "upload-splicing")),
    Case::new("splice out of a socket", |stage| tcp(stage, "download-splicing")),
    Case::new("MSG_PEEK", |stage| tcp(stage, "download-peeking")),
    Case::new("io_uring send", |stage| tcp(stage, "upload-uring")).where_offered(generator::has_uring),
    Case::new("io_uring recv", |stage| tcp(stage, "download-uring")).where_offered(generator::has_uring),
    Case::new("TCP over IPv6", |stage| {
        let (server, address) = stage.serve_tcp(Family::V6);
        stage.client(server, "bw-client", &["download", &address, BYTES]);
    }),
    Case::new("IPv4 on IPv6 sockets (mapped)", mapped),
    Case::new("loopback", loopback),
    Case::new("UDP, connected", |stage| udp(stage, &["send-udp", "", "20000", "1000"])),
    Case::new("UDP in fragments", |stage| udp(stage, &["send-udp", "", "6400", "2000"])),
    Case::new("UDP, not connected", |stage| udp(stage, &["send-udp-to", "", "20000", "1000"])),
    Case::new("sendmmsg and recvmmsg", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-mmsg", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["send-mmsg", &address, "20000", "1000"]);
    }),
    Case::new("MSG_ERRQUEUE (timestamps)", |stage| udp(stage, &["send-timestamped", "", "6400", "1000"])),
    Case::new("UDP GSO (UDP_SEGMENT)", |stage| udp(stage, &["send-gso", "", "20000", "1000"])),
    Case::new("UDP GSO and GRO", gro).where_offered(generator::has_udp_gro),
    Case::new("MPTCP", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-mptcp", Family::V4.far_address()]);
        stage.client(server, "bw-client", &["download-mptcp", &address, BYTES]);
    })
    .where_offered(generator::has_mptcp),
];

fn tcp(stage: &mut Stage, what: &str) {
    let (server, address) = stage.serve_tcp(Family::V4);
    stage.client(server, "bw-client", &[what, &address, BYTES]);
}

fn udp(stage: &mut Stage, words: &[&str; 4]) {
    let (server, address) = stage.serve("bw-server", &["serve-udp", Family::V4.far_address()]);
    stage.client(server, "bw-client", &[words[0], &address, words[2], words[3]]);
}

fn mapped(stage: &mut Stage) {
    let (server, address) = stage.serve("bw-server", &["serve-tcp", "[::]:0"]);
    let port = address.rsplit(':').next().expect("a port");
    let address = format!("[::ffff:10.98.0.2]:{port}");
    stage.client(server, "bw-client", &["download", &address, BYTES]);
}

fn loopback(stage: &mut Stage) {
    stage.cable = Cable::Unused;
    let (server, address) = stage.serve("bw-server", &["serve-tcp", "127.0.0.1:0"]);
    let client = stage.start(Side::Far, "bw-client", &["download", &address, BYTES]);
    stage.done(client);
    stage.finish(server);
}

/// On the loopback interface, which does not take the super-packets apart: they arrive as they were sent.
fn gro(stage: &mut Stage) {
    stage.cable = Cable::Unused;
    let (server, address) = stage.serve("bw-server", &["serve-gro", "127.0.0.1:0"]);
    let client = stage.start(Side::Far, "bw-client", &["send-gso", &address, "20000", "1000"]);
    stage.done(client);
    stage.finish(server);
}
