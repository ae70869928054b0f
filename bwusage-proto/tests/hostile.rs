//! What strangers may send: any bytes at all. Nothing panics, nothing reserves more than the cap, nothing loops.

use bwusage_proto::{
    frame::{self, CLIENT_TO_DAEMON_MAX, DAEMON_TO_CLIENT_MAX, Frame},
    message::{Reply, Request},
    mirror::Mirror,
};
use bytes::BytesMut;
use proptest::prelude::*;

mod samples;

/// The fuzz body: a stream of any bytes, read as a daemon and as a client would.
fn read_everything(stream: &[u8]) {
    let mut buffer = BytesMut::from(stream);
    while let Ok(Some(frame)) = frame::take(&mut buffer, CLIENT_TO_DAEMON_MAX) {
        let _ = Request::decode(&frame);
    }
    let mut mirror = Mirror::default();
    let mut buffer = BytesMut::from(stream);
    while let Ok(Some(frame)) = frame::take(&mut buffer, DAEMON_TO_CLIENT_MAX) {
        match Reply::decode(&frame) {
            Ok(Reply::Snapshot(head)) => mirror = Mirror::new(*head),
            Ok(Reply::Tick(tick)) => {
                let _ = mirror.apply(*tick);
            }
            _ => {}
        }
    }
}

fn frames() -> Vec<Vec<u8>> {
    let requests = samples::requests().into_iter().map(|(_, request)| {
        let mut bytes = Vec::new();
        request.encode_into(1, &mut bytes).unwrap();
        bytes
    });
    let replies = samples::replies().into_iter().map(|(_, reply)| {
        let mut bytes = Vec::new();
        reply.encode_into(1, false, &mut bytes).unwrap();
        bytes
    });
    requests.chain(replies).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_do_no_harm(stream in prop::collection::vec(any::<u8>(), 0..2_000)) {
        read_everything(&stream);
    }

    #[test]
    fn a_frame_of_any_kind_and_body_does_no_harm(
        kind in prop_oneof![0_u16..12, 0x8000_u16..0x800c, Just(0x80ff), any::<u16>()],
        flags: u16,
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let frame = Frame { kind, flags, request: 0, body: body.into() };
        let _ = Request::decode(&frame);
        let _ = Reply::decode(&frame);
    }

    #[test]
    fn a_message_with_any_bytes_changed_does_no_harm(
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: prop::sample::Index,
    ) {
        let mut bytes = which.get(&frames()).clone();
        for (at, byte) in changes {
            // The length stays: what is behind it is the matter here.
            let at = 4 + at.index(bytes.len() - 4);
            bytes[at] = byte;
        }
        read_everything(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        read_everything(&bytes);
    }
}

#[test]
fn a_cut_message_is_never_taken_for_a_whole_one() {
    for whole in frames() {
        for cut in 12..whole.len() {
            let mut short = whole[..cut].to_vec();
            let len = u32::try_from(cut - 4).unwrap();
            short[..4].copy_from_slice(&len.to_le_bytes());
            let frame = frame::take(&mut BytesMut::from(&short[..]), DAEMON_TO_CLIENT_MAX).unwrap().unwrap();
            assert!(Request::decode(&frame).is_err() && Reply::decode(&frame).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn a_list_that_claims_two_to_the_forty_elements_is_refused() {
    // Up to the first length of each: a version text, a host name, the list of new processes, a message.
    for (kind, fields) in [(0x8002, &[][..]), (0x8003, &[]), (0x8004, &[1, 1, 1, 0]), (0x80ff, &[1])] {
        let mut body = fields.to_vec();
        // 253 announces eight bytes.
        body.push(253);
        body.extend((1_u64 << 40).to_le_bytes());
        body.extend([0; 64]);
        let frame = Frame { kind, flags: 0, request: 0, body: body.into() };
        assert!(Reply::decode(&frame).is_err(), "{kind:#x}");
    }
}
