//! Traffic that is neither TCP nor UDP.

use super::{Case, stage::Side};
use crate::suite::generator;

pub(super) const CASES: &[Case] = &[
    Case::new("ICMP echo (raw socket)", |stage| {
        let pinger = stage.start(Side::Near, "bw-ping", &["ping", "10.98.0.2", "6400", "1000"]);
        stage.done(pinger);
    }),
    Case::new("ICMP echo (ping socket)", |stage| {
        let pinger = stage.start(Side::Near, "bw-ping", &["ping-unprivileged", "10.98.0.2", "6400", "1000"]);
        stage.done(pinger);
    }),
    Case::new("ICMPv6 echo (raw socket)", |stage| {
        let pinger = stage.start(Side::Near, "bw-ping", &["ping", "fd98::2", "6400", "1000"]);
        stage.done(pinger);
    }),
    Case::new("raw IP, protocol 253", |stage| {
        let (server, _) = stage.serve("bw-raw-server", &["serve-raw", "253", "10.98.0.2"]);
        stage.client(server, "bw-raw-client", &["send-raw", "253", "10.98.0.2", "6400", "1000"]);
    }),
    // What a scanner does. Its socket is no connection, although it speaks TCP. The packets have a header that is too short, so
    // that nobody answers them.
    Case::new("raw IP, protocol TCP", |stage| {
        let (server, _) = stage.serve("bw-raw-server", &["serve-raw", "6", "10.98.0.2"]);
        stage.client(server, "bw-raw-client", &["send-raw", "6", "10.98.0.2", "6400", "1000"]);
    }),
    Case::new("AF_PACKET send", |stage| {
        let sender = stage.start(Side::Near, "bw-packet", &["send-packet", "6400", "1000"]);
        stage.done(sender);
    }),
    Case::new("kTLS", |stage| {
        let (server, address) = stage.serve("bw-server", &["serve-ktls", "10.98.0.2:0"]);
        stage.client(server, "bw-client", &["upload-ktls", &address, "20000000"]);
    })
    .where_offered(generator::has_ktls),
];
