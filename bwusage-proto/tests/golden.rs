//! The bytes of every message ever released. A failure here means that two versions would misread each other: give the
//! changed message a new kind instead of changing the bytes.
//!
//! `cargo run -p bwusage-proto --example golden >> bwusage-proto/tests/golden.txt` appends the bytes of messages that are new.

use std::{collections::BTreeMap, path::PathBuf};

use bwusage_proto::{
    frame::{self, DAEMON_TO_CLIENT_MAX},
    message::{Reply, Request},
};
use bytes::BytesMut;

#[path = "samples/encoded.rs"]
mod encoded;
mod samples;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt")
}

fn released() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file()).expect("tests/golden.txt is there");
    text.lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, hex)| (name.into(), hex.into()))
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_bytes_of_every_message_are_those_that_were_released() {
    let now: BTreeMap<_, _> =
        encoded::all().into_iter().map(|(name, bytes)| (name, encoded::hex(&bytes))).collect();
    assert_eq!(now, released());
}

#[test]
fn every_released_message_is_still_read_as_what_it_was() {
    let frame = |name: &str| {
        let mut bytes = BytesMut::from(&unhex(&released()[name])[..]);
        frame::take(&mut bytes, DAEMON_TO_CLIENT_MAX).unwrap().unwrap()
    };
    for (name, request) in samples::requests() {
        assert_eq!(Request::decode(&frame(name)).unwrap(), request, "{name}");
    }
    for (name, reply) in samples::replies() {
        assert_eq!(Reply::decode(&frame(name)).unwrap(), reply, "{name}");
    }
}

#[test]
fn an_encoding_for_many_is_the_same_bytes() {
    for (name, reply) in samples::replies() {
        let shared = reply.encode(true).unwrap();
        let mut bytes = shared.header(7).to_vec();
        bytes.extend_from_slice(shared.body());
        assert_eq!(encoded::hex(&bytes), released()[name], "{name}");
    }
}
