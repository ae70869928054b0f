//! Who talks to whom, over the socket of a real daemon that plays a recording.

use bwusage_proto::{
    client::Client,
    connection::{Connections, ConnectionsQuery, Moved},
    message::{Reply, Request},
    talk::{self, Grouping, Query},
    users::Users,
};

use crate::daemon::{Daemon, block_on};

fn ask(daemon: &Daemon, pid: Option<u32>) -> Connections {
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        client.connections(ConnectionsQuery { pid }).await.unwrap()
    })
}

#[test]
fn every_process_is_the_sum_of_its_lines() {
    let daemon = Daemon::start();
    let answer = ask(&daemon, None);
    assert!(answer.open.len() > 10 && answer.remotes.len() > 5 && answer.processes.len() > 8);
    for total in &answer.processes {
        let mut sum = total.not_itemised;
        let open = answer.open.iter().filter(|line| line.row == Some(total.row)).map(|line| line.moved);
        let closed = answer.remotes.iter().filter(|line| line.row == Some(total.row)).map(|line| line.moved);
        for moved in open.chain(closed) {
            sum += moved;
        }
        assert_eq!(sum, total.moved);
        assert_ne!(sum, Moved::default());
    }
}

#[test]
fn one_process_is_answered_for_alone() {
    let daemon = Daemon::start();
    let answer = ask(&daemon, Some(100));
    assert_eq!((answer.open.len(), answer.remotes.len(), answer.processes.len()), (3, 2, 1));
    assert_eq!(ask(&daemon, Some(4_000_000)).open.len(), 0);
}

#[test]
fn hosts_have_the_names_that_the_machine_asked_for() {
    let daemon = Daemon::start();
    let answer = ask(&daemon, Some(100));
    let mirror = block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        client.snapshot().await.unwrap()
    });
    let rows = talk::rows(&answer, &mirror, &Users::new());
    let query = Query { by: Grouping::Remote, closed: true, ..Query::default() };
    let hosts = talk::table(&rows, &query);
    let example = hosts.rows.iter().find(|row| row.title() == "www.example.org").unwrap();
    assert_eq!((example.open, example.name.as_deref(), example.port), (2, Some("firefox"), Some(443)));
    assert!(hosts.rows.iter().any(|row| row.title() == "198.51.100.99"), "nobody asked for its name");
}

#[test]
fn an_answer_is_about_its_own_moment() {
    let daemon = Daemon::start();
    let answer = ask(&daemon, None);
    let opened = answer.open.iter().filter_map(|line| line.opened_at_unix_ms).max().unwrap();
    assert_eq!(answer.taken_at_unix_ms - opened, 4000, "as old as when it was recorded");
}

#[test]
fn requests_of_one_connection_are_answered_in_order_with_all_their_pages() {
    let daemon = Daemon::start();
    let mut raw = daemon.greeted();
    let Reply::Connections(first) = raw.ask(&Request::Connections(ConnectionsQuery::default())) else {
        panic!("connections were asked for")
    };
    assert!(!first.open.is_empty());
    assert!(matches!(raw.ask(&Request::Ping), Reply::Pong));
}
