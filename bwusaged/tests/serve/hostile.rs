//! Clients that mean harm, or are broken: the others must not notice.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
};

use bwusage_proto::{
    client::Client,
    codec::CODEC_ID,
    greeting::{ClientGreeting, Verdict},
    message::{RefusalCode, Reply, Request, Subscribe},
    version::VersionRange,
};

use crate::daemon::{Daemon, block_on, read_greeting};

fn assert_serves(daemon: &Daemon) {
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        client.ping().await.unwrap();
        assert!(!client.snapshot().await.unwrap().processes.is_empty());
    });
}

/// A generator of its own, so that a failure can be repeated: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 56) as u8).collect()
    }
}

#[test]
fn ten_thousand_random_and_truncated_frames_do_not_disturb_the_others() {
    let daemon = Daemon::start();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let before = daemon.rss_bytes();
    let mut sent = 0;
    while sent < 10_000 {
        let mut raw = daemon.greeted();
        // Up to a hundred whole frames of any kind and body, each answered, then one that is cut or no frame at all.
        for _ in 0..100 {
            let kind = if random.next().is_multiple_of(2) { random.next() % 8 } else { random.next() } as u16;
            let len = (random.next() % 400) as usize;
            let body = random.bytes(len);
            raw.send_frame(kind, &body);
            sent += 1;
            // A random body hardly ever is a request; if it is one, the next frame's answer stands behind ticks.
            if kind == 4 {
                break;
            }
            raw.reply();
        }
        let len = (random.next() % 40) as usize;
        let _ = raw.stream.write_all(&random.bytes(len));
        sent += 1;
        if sent % 1_000 < 101 {
            assert_serves(&daemon);
        }
    }
    assert_serves(&daemon);
    let grown = daemon.rss_bytes().saturating_sub(before);
    assert!(grown < 8 << 20, "the daemon grew by {grown} bytes");
}

#[test]
fn a_malformed_request_is_refused_and_the_connection_goes_on() {
    let daemon = Daemon::start();
    let mut raw = daemon.greeted();
    for (kind, code) in [(4, RefusalCode::BadRequest), (1234, RefusalCode::UnknownRequest)] {
        // A claimed length of 2^40 inside the body.
        raw.send_frame(kind, &[253, 0, 0, 0, 0, 0, 1, 0, 0]);
        let Reply::Error(refusal) = raw.reply() else { panic!("no refusal") };
        assert_eq!(refusal.code, code as u16);
    }
    assert_eq!(raw.ask(&Request::Ping), Reply::Pong);
}

#[test]
fn an_announced_frame_above_the_cap_closes_that_connection_only() {
    let daemon = Daemon::start();
    let before = daemon.rss_bytes();
    for len in [u32::MAX, 1 << 30, 65_537, 7, 0] {
        let mut raw = daemon.greeted();
        // 2^40 does not fit the length's four bytes: what stands behind them is read as kind and flags.
        raw.stream.write_all(&(u64::from(len) | 1 << 40).to_le_bytes()).unwrap();
        raw.wait_until_closed();
    }
    assert_serves(&daemon);
    assert!(daemon.rss_bytes() < before + (4 << 20));
}

#[test]
fn clients_that_never_read_cost_a_bounded_memory_and_nobody_waits_for_them() {
    let daemon = Daemon::start();
    assert_serves(&daemon);
    let before = daemon.rss_bytes();
    let silent: Vec<UnixStream> = (0..16)
        .map(|_| {
            let mut raw = daemon.greeted();
            let mut bytes = Vec::new();
            // Far more snapshots than a socket buffer holds.
            for _ in 0..200 {
                Request::Snapshot.encode_into(1, &mut bytes).unwrap();
            }
            Request::Subscribe(Subscribe { interval_ms: 0 }).encode_into(1, &mut bytes).unwrap();
            raw.stream.write_all(&bytes).unwrap();
            raw.stream
        })
        .collect();
    block_on(async {
        let client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut subscription = client.subscribe(std::time::Duration::ZERO).await.unwrap();
        for _ in 0..20 {
            subscription.tick().await.unwrap();
        }
    });
    let grown = daemon.rss_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "16 silent readers cost {grown} bytes");
    drop(silent);
}

#[test]
fn a_client_that_does_not_greet_is_dropped_and_one_that_is_something_else_too() {
    let daemon = Daemon::start();
    let mut silent = daemon.connect();
    let mut browser = daemon.connect();
    browser.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    // Reset or end, either is fine; an answer is not.
    let _ = browser.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0, "closed after the deadline");
    assert_serves(&daemon);
}

#[test]
fn another_version_and_another_codec_are_told_why() {
    let daemon = Daemon::start();
    let greet = |versions, codec| {
        let mut stream = daemon.connect();
        let hello = ClientGreeting { versions, features: u64::MAX, codec, name: "x".repeat(255) };
        stream.write_all(&hello.to_bytes()).unwrap();
        read_greeting(&mut stream)
    };
    let answer = greet(VersionRange { min: 900, max: 901 }, CODEC_ID);
    assert_eq!(
        (answer.verdict, answer.chosen, answer.versions),
        (Verdict::NoCommonVersion, 0, VersionRange::OURS)
    );
    assert_eq!(greet(VersionRange::OURS, 99).verdict, Verdict::UnknownCodec);
    assert_eq!(greet(VersionRange { min: 0, max: 900 }, CODEC_ID).chosen, VersionRange::OURS.max);
}

#[test]
fn a_crowd_is_turned_away_with_words_and_served_when_it_thins() {
    let daemon = Daemon::start();
    let mut crowd = Vec::new();
    let turned_away = loop {
        let mut stream = daemon.connect();
        let hello = ClientGreeting {
            versions: VersionRange::OURS,
            features: 0,
            codec: CODEC_ID,
            name: "crowd".into(),
        };
        // Who is turned away need not have been heard.
        let heard = stream.write_all(&hello.to_bytes());
        let answer = read_greeting(&mut stream);
        if answer.verdict != Verdict::Welcome {
            break answer.verdict;
        }
        heard.unwrap();
        crowd.push(stream);
        assert!(crowd.len() < 1_000, "nobody was ever turned away");
    };
    assert_eq!(turned_away, Verdict::Busy);
    crowd.truncate(1);
    // The daemon hears of those that left one by one.
    while block_on(async { Client::connect(&daemon.endpoint(), "test").await.is_err() }) {}
    assert_serves(&daemon);
}
