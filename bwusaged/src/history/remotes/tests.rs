use std::net::Ipv4Addr;

use bwusage_proto::{
    connection::{Protocol, State},
    snapshot::ResidualReason,
    units::Scope,
};

use super::*;
use crate::engine::{RemoteSample, SocketSample};

/// Process 10 is user 1's, 20 is user 2's, any other one is not known.
struct Book;

impl Directory for Book {
    fn user(&self, process: ProcessId) -> Option<Option<UserId>> {
        matches!(process.pid, 10 | 20).then(|| Some(UserId::Uid(process.pid / 10)))
    }

    fn host(&self, address: IpAddr) -> String {
        if address == ip(1) { "example.org".into() } else { address.to_string() }
    }
}

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn rx(rx_bytes: u64) -> Moved {
    Moved { rx_bytes, tx_bytes: 0 }
}

fn open(pid: u32, last: u8, rx_bytes: u64) -> SocketSample {
    SocketSample {
        process: Some(ProcessId::new(pid, 1)),
        protocol: Protocol::TCP,
        local: "192.0.2.200:4000".parse().unwrap(),
        remote: Some((ip(last), 443).into()),
        inbound: None,
        state: State::Established,
        interface: None,
        opened_at_unix_ms: None,
        moved: rx(rx_bytes),
    }
}

fn closed(pid: u32, remote: Option<IpAddr>, rx_bytes: u64) -> RemoteSample {
    RemoteSample {
        process: ProcessId::new(pid, 1),
        protocol: Protocol::TCP,
        remote,
        port: 443,
        inbound: false,
        interface: None,
        connections: 1,
        moved: rx(rx_bytes),
        last_at_unix_ms: 0,
    }
}

fn talk(sockets: Vec<SocketSample>, remotes: Vec<RemoteSample>) -> Talk {
    Talk { sockets, remotes, processes: Vec::new() }
}

fn count(remotes: &mut Remotes, minute: i64, user: u32, bytes: u64) {
    let mut counters = Counters::default();
    counters[Scope::Lan].wire.rx_bytes = bytes;
    let mover = Mover::Process { app: "curl".into(), user: Some(UserId::Uid(user)), category: None };
    remotes.moved(minute, &mover, &counters);
}

/// What was booked in `minute`: user, host, bytes; sorted.
fn booked(booked: &Booked, minute: i64) -> Vec<(u32, &str, u64)> {
    let of = |(ends, moved): (&Ends, &Moved)| {
        let Some(UserId::Uid(uid)) = ends.user else { panic!("{ends:?}") };
        (uid, ends.host.clone(), moved.rx_bytes)
    };
    let mut found: Vec<_> = booked.get(&minute).into_iter().flatten().map(of).collect();
    found.sort();
    let leak = |host: Option<String>| host.map_or("?", |host| &*host.leak());
    found.into_iter().map(|(uid, host, bytes)| (uid, leak(host), bytes)).collect()
}

#[test]
fn growth_between_two_readings_is_booked_by_user_and_host_and_the_rest_is_unknown() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 100);
    count(&mut remotes, 0, 2, 40);
    let first = talk(vec![open(10, 1, 30), open(20, 1, 40)], vec![closed(10, Some(ip(9)), 20)]);
    let minute = remotes.book(Some(60), Some(&first), &Book);
    assert_eq!(
        booked(&minute, 0),
        [(1, "?", 50), (1, "192.0.2.9", 20), (1, "example.org", 30), (2, "example.org", 40)]
    );
    count(&mut remotes, 60, 1, 5);
    // The socket was closed, and moved 5 more before.
    let second = talk(vec![], vec![closed(10, Some(ip(1)), 35), closed(10, Some(ip(9)), 20)]);
    let minute = remotes.book(Some(120), Some(&second), &Book);
    assert_eq!((booked(&minute, 60), minute.len()), (vec![(1, "example.org", 5)], 1));
}

#[test]
fn two_addresses_of_one_name_are_one_host_and_both_notations_are_one_address() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 100);
    let mapped = "::ffff:192.0.2.1".parse().unwrap();
    let reading = talk(vec![open(10, 1, 30)], vec![closed(10, Some(mapped), 20)]);
    let minute = remotes.book(Some(60), Some(&reading), &Book);
    assert_eq!(booked(&minute, 0), [(1, "?", 50), (1, "example.org", 50)]);
}

#[test]
fn hosts_never_add_up_to_more_than_was_moved_and_what_is_ahead_comes_with_the_next_reading() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 100);
    let reading = talk(vec![open(10, 1, 130)], vec![]);
    let minute = remotes.book(Some(60), Some(&reading), &Book);
    assert_eq!(booked(&minute, 0), [(1, "example.org", 100)]);
    count(&mut remotes, 60, 1, 50);
    let minute = remotes.book(Some(120), Some(&reading), &Book);
    assert_eq!(booked(&minute, 60), [(1, "?", 20), (1, "example.org", 30)]);
    count(&mut remotes, 120, 1, 50);
    let minute = remotes.book(Some(180), Some(&reading), &Book);
    assert_eq!(booked(&minute, 120), [(1, "?", 50)], "it is booked once");
}

#[test]
fn a_reading_that_comes_late_fills_the_oldest_minute_first() {
    let mut remotes = Remotes::default();
    for minute in [0, 60, 120] {
        count(&mut remotes, minute, 1, 10);
    }
    assert!(remotes.is_due(120));
    let minutes = remotes.book(Some(120), Some(&talk(vec![open(10, 1, 15)], vec![])), &Book);
    assert_eq!(booked(&minutes, 0), [(1, "example.org", 10)]);
    assert_eq!(booked(&minutes, 60), [(1, "?", 5), (1, "example.org", 5)]);
    assert_eq!(booked(&minutes, 120), [], "it is not over");
    assert!(!remotes.is_due(120) && remotes.is_due(180));
}

#[test]
fn a_socket_that_is_in_a_reading_twice_is_counted_once() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 30);
    let twice = talk(vec![open(10, 1, 10)], vec![closed(10, Some(ip(1)), 10)]);
    let once = talk(vec![], vec![closed(10, Some(ip(1)), 10)]);
    let more = talk(vec![], vec![closed(10, Some(ip(1)), 25)]);
    let mut all = 0;
    for (minute, reading) in [(0, &twice), (60, &once), (120, &more)] {
        count(&mut remotes, minute, 1, 0);
        let booked = remotes.book(None, Some(reading), &Book);
        let named = booked.values().flatten().filter(|(ends, _)| ends.host.is_some());
        all += named.map(|(_, moved)| moved.rx_bytes).sum::<u64>();
        count(&mut remotes, minute + 60, 1, 30);
    }
    assert_eq!(all, 25);
}

#[test]
fn without_a_reading_every_host_is_unknown() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 7);
    remotes.moved(0, &Mover::Residual(ResidualReason::KernelIcmp), &Counters::default());
    assert_eq!(booked(&remotes.book(None, None, &Book), 0), [(1, "?", 7)]);
    assert!(!remotes.is_due(60));
}

#[test]
fn what_has_no_remote_address_or_no_known_process_has_no_known_host() {
    let mut remotes = Remotes::default();
    count(&mut remotes, 0, 1, 7);
    let reading = talk(vec![open(99, 1, 3)], vec![closed(10, None, 5)]);
    assert_eq!(booked(&remotes.book(None, Some(&reading), &Book), 0), [(1, "?", 7)]);
}

#[test]
fn beyond_the_largest_of_a_minute_a_host_is_in_no_sum_not_even_the_unknown_one() {
    let mut remotes = Remotes::default();
    let hosts = MOST_A_MINUTE as u64 + 20;
    let address = |number: u64| Some(Ipv4Addr::from(0x0a00_0000 + number as u32).into());
    let sockets = (1..=hosts).map(|number| closed(10, address(number), number)).collect();
    count(&mut remotes, 0, 1, (1..=hosts).sum());
    let minute = remotes.book(None, Some(&talk(vec![], sockets)), &Book);
    let smallest = minute[&0].values().map(|moved| moved.rx_bytes).min().unwrap();
    assert_eq!((minute[&0].len(), smallest), (MOST_A_MINUTE, 21));
    assert!(minute[&0].keys().all(|ends| ends.host.is_some()));
}

#[test]
fn minutes_for_which_no_reading_comes_are_bounded() {
    let mut remotes = Remotes::default();
    for minute in 0..1000 {
        count(&mut remotes, minute * 60, 1, 1);
    }
    assert_eq!(remotes.book(None, None, &Book).len(), MOST_MINUTES);
}
