//! A question about the past whose client goes away is given up in the middle; everybody else is answered meanwhile and after.

use std::{io::Write as _, time::Duration};

use bwusage_proto::{
    client::Client,
    history::{Bucket, HistoryFilter, HistoryQuery, Per},
    message::{Reply, Request},
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    daemon::{Daemon, block_on},
    history::{file, play},
};

/// Replaces the months by rows without end, of which none is in any range.
fn without_end(folder: &TempDir) {
    let database = Connection::open(file(folder)).unwrap();
    database
        .execute_batch(
            "DROP TABLE months;
             CREATE VIEW months AS WITH RECURSIVE row(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM row)
                 SELECT id AS series, 0 AS scope, -number AS start, 0 AS rx_bytes, 0 AS tx_bytes, 0 AS rx_packets,
                     0 AS tx_packets FROM series, row;",
        )
        .unwrap();
}

fn question(bucket: Bucket) -> HistoryQuery {
    let now = jiff::Timestamp::now().as_second();
    HistoryQuery {
        from_unix_s: now - 3600,
        to_unix_s: now + 3600,
        bucket,
        per: Per::Total,
        filter: HistoryFilter::default(),
        top: 0,
        time_zone: None,
        billing_day: Some(1),
    }
}

/// Ticks of a processor that the thread that reads the history has used; none before it has taken its name.
fn work_of_reader(daemon: &Daemon) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
    let mut stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
    let Some(stat) = stats.find(|stat| stat.contains("(history-reader)")) else { return 0 };
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    // The 14th and 15th field, of which the name is the 2nd.
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

/// Waits until the reader has been at work for a while.
fn wait_until_it_reads(daemon: &Daemon) {
    let before = work_of_reader(daemon);
    while work_of_reader(daemon) < before + 5 {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_question_whose_client_has_gone_is_given_up_and_others_are_answered() {
    let (folder, counted) = play(tempfile::tempdir().unwrap(), &[]);
    without_end(&folder);
    let daemon = Daemon::start_with(folder, &[]);
    let mut impatient = daemon.greeted();
    let mut bytes = Vec::new();
    Request::History(question(Bucket::Month)).encode_into(1, &mut bytes).unwrap();
    impatient.stream.write_all(&bytes).unwrap();
    wait_until_it_reads(&daemon);

    // Who asks for anything else does not wait for it.
    let mut other = daemon.greeted();
    assert_eq!(other.ask(&Request::Ping), Reply::Pong);
    assert!(matches!(other.ask(&Request::Status), Reply::Status(_)));
    let Reply::History(seconds) = other.ask(&Request::History(question(Bucket::Second))) else {
        panic!("seconds were asked for")
    };
    assert!(seconds.head.is_some());

    drop(impatient);
    // The thread reads one question at a time: this one is answered only if the other one ended.
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let days = client.history(question(Bucket::Day)).await.unwrap();
        assert!(days.series[0].total.bytes() >= counted);
    });
}
