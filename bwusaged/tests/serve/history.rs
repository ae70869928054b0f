//! What one daemon counted, the next one tells, through the socket and as far as who asks may know it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use bwusage_proto::{
    bounds::Retention,
    client::{Client, ClientError},
    history::{Bucket, History, HistoryFilter, HistoryQuery, HistoryState, Per, SeriesKey},
    mirror::Mirror,
    process::UserId,
    units::Rates,
};
use tempfile::TempDir;

use crate::{
    access::{ALICE, asked_by, is_root},
    daemon::{Daemon, block_on},
    script,
};

fn everything(per: Per, bucket: Bucket) -> HistoryQuery {
    let now = jiff::Timestamp::now().as_second();
    HistoryQuery {
        from_unix_s: now - 3600,
        to_unix_s: now + 3600,
        bucket,
        per,
        filter: HistoryFilter::default(),
        top: 0,
        time_zone: None,
        billing_day: None,
    }
}

fn bytes(history: &History) -> u64 {
    history.series.iter().map(|series| series.total.bytes()).sum()
}

/// All that the daemon counted, from its first tick on.
pub(crate) fn counted(mirror: &Mirror) -> u64 {
    let of_processes = mirror.processes.values().map(|process| process.counters);
    let of_ended = mirror.retired.values().map(|retired| retired.counters);
    let of_nobody = mirror.residuals.iter().map(|residual| residual.counters);
    let wire = of_processes.chain(of_ended).chain(of_nobody).map(|counters| counters.total().wire);
    wire.map(|wire| wire.rx_bytes + wire.tx_bytes).sum()
}

/// Plays the whole recording in `folder`, and ends in an orderly way; what was counted.
pub(crate) fn play(folder: TempDir, options: &[&str]) -> (TempDir, u64) {
    let mut daemon = Daemon::start_with(folder, options);
    let counted = block_on(async {
        let client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut following = client.subscribe(std::time::Duration::ZERO).await.unwrap();
        let is_over = |mirror: &Mirror| {
            mirror.seq > 95 && mirror.processes.values().all(|process| process.rates == Rates::default())
        };
        while !is_over(following.mirror()) {
            following.tick().await.unwrap();
        }
        counted(following.mirror())
    });
    assert!(daemon.terminate().success());
    (daemon.kill(), counted)
}

/// A daemon on which nothing moves: what it tells was counted before it, however long it is asked.
fn idle(folder: TempDir, options: &[&str]) -> Daemon {
    let recording = folder.path().join("silent.jsonl");
    script::silent(&recording);
    Daemon::start_playing(folder, &recording, options)
}

async fn ask(client: &mut Client, query: HistoryQuery) -> History {
    client.history(query).await.unwrap()
}

pub(crate) fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("bwusage.sock.state/history.sqlite3")
}

#[test]
fn what_one_daemon_counted_the_next_one_tells_byte_by_byte_and_once() {
    let (folder, first) = play(tempfile::tempdir().unwrap(), &[]);
    let mode = fs::metadata(file(&folder)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (folder, second) = play(folder, &[]);
    assert!(first > 100_000_000 && second > 100_000_000, "{first} {second}");
    let daemon = idle(folder, &[]);
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        for per in [Per::Total, Per::App, Per::User, Per::Scope, Per::Category] {
            for bucket in [Bucket::Minute, Bucket::Hour, Bucket::Day, Bucket::Month, Bucket::Whole] {
                let answer = ask(&mut client, everything(per, bucket)).await;
                assert_eq!(bytes(&answer), first + second, "{per:?} {bucket:?}");
            }
        }
        let top = HistoryQuery { top: 1, ..everything(Per::App, Bucket::Hour) };
        let answer = ask(&mut client, top).await;
        assert!(matches!(answer.series[1].key, SeriesKey::Other(_)), "{:?}", answer.series[1].key);
        assert_eq!((answer.series.len(), bytes(&answer)), (2, first + second));
        let state = client.status().await.unwrap().history.unwrap();
        assert_eq!((state.fault, state.file), (None, file_of(&daemon)));
        // As long as nobody configured it otherwise.
        let usual = Retention { minutes_s: 48 * 3600, hours_s: 90 * 86_400, days_s: None };
        assert_eq!(client.bounds().await.unwrap().retention, Some(usual));
    });
}

#[test]
fn remote_hosts_the_unknown_one_and_the_rest_are_what_was_counted() {
    let (folder, first) = play(tempfile::tempdir().unwrap(), &[]);
    let (folder, second) = play(folder, &[]);
    let daemon = idle(folder, &[]);
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        for bucket in [Bucket::Hour, Bucket::Day, Bucket::Month, Bucket::Whole] {
            let answer = ask(&mut client, everything(Per::Remote, bucket)).await;
            assert_eq!(bytes(&answer), first + second, "{bucket:?}");
        }
        let answer = ask(&mut client, HistoryQuery { top: 3, ..everything(Per::Remote, Bucket::Day) }).await;
        assert_eq!(bytes(&answer), first + second);
        let keys: Vec<_> = answer.series.iter().map(|series| &series.key).collect();
        assert!(keys[..3].iter().all(|key| matches!(key, SeriesKey::Remote(Some(_)))), "{keys:?}");
        assert!(keys.contains(&&SeriesKey::Remote(None)), "what has no known host: {keys:?}");
        assert!(keys.iter().any(|key| matches!(key, SeriesKey::Other(more) if *more > 0)), "{keys:?}");
        let Err(ClientError::Refused(refusal)) =
            client.history(everything(Per::Remote, Bucket::Minute)).await
        else {
            panic!("minutes were not refused");
        };
        assert!(refusal.hint.unwrap().contains("ask for hours"));
    });
}

#[test]
fn whom_others_talked_to_is_told_to_those_alone_who_may_know_it() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (folder, counted) = play(folder, &[]);
    let daemon = idle(folder, &[]);
    let answer = |uid| {
        asked_by(&daemon, uid, async |client: &mut Client| {
            ask(client, everything(Per::Remote, Bucket::Day)).await
        })
    };
    let hosts = |history: &History| {
        let host = |series: &bwusage_proto::history::Series| match &series.key {
            SeriesKey::Remote(Some(host)) => Some(host.clone()),
            _ => None,
        };
        history.series.iter().filter_map(host).collect::<std::collections::BTreeSet<_>>()
    };
    let (all, own, strangers) = (answer(0), answer(ALICE), answer(4_000_000));
    assert_eq!([&all, &own, &strangers].map(bytes), [counted; 3]);
    assert!(hosts(&own).is_subset(&hosts(&all)) && hosts(&own).len() < hosts(&all).len());
    assert!(!hosts(&own).is_empty());
    assert!(hosts(&strangers).is_empty());
    assert!(strangers.series.iter().any(|series| series.key == SeriesKey::OtherUsers));
}

#[test]
fn the_last_minutes_are_told_second_by_second_before_anything_is_stored() {
    let daemon = Daemon::start();
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut following = Client::connect(&daemon.endpoint(), "test")
            .await
            .unwrap()
            .subscribe(std::time::Duration::ZERO)
            .await
            .unwrap();
        let is_over = |mirror: &Mirror| {
            mirror.seq > 95 && mirror.processes.values().all(|process| process.rates == Rates::default())
        };
        while !is_over(following.mirror()) {
            following.tick().await.unwrap();
        }
        let counted = counted(following.mirror());
        for per in [Per::Total, Per::App, Per::User, Per::Scope, Per::Category] {
            let seconds = ask(&mut client, everything(per, Bucket::Second)).await;
            assert_eq!(bytes(&seconds), counted, "{per:?}");
            let busy = seconds.series[0].points.iter().flatten().filter(|point| point.bytes() > 0).count();
            assert!(busy > 3, "{busy} seconds");
        }
        let machine = ask(&mut client, everything(Per::Host, Bucket::Second)).await;
        assert!(machine.host.iter().flatten().count() > 3);
        let Err(ClientError::Refused(refusal)) =
            client.history(everything(Per::Interface, Bucket::Second)).await
        else {
            panic!("it was not refused");
        };
        assert!(refusal.hint.unwrap().contains("--per host"));
    });
}

fn file_of(daemon: &Daemon) -> String {
    let mut file = daemon.socket().into_os_string();
    file.push(".state/history.sqlite3");
    Path::new(&file).display().to_string()
}

#[test]
fn a_question_that_makes_no_sense_is_refused_with_a_hint() {
    let (folder, _) = play(tempfile::tempdir().unwrap(), &[]);
    let daemon = Daemon::start_with(folder, &[]);
    let zone = HistoryQuery { time_zone: Some("Mars/Olympus".into()), ..everything(Per::App, Bucket::Day) };
    let day = HistoryQuery { billing_day: Some(31), ..everything(Per::App, Bucket::Month) };
    let range = HistoryQuery { from_unix_s: 0, ..everything(Per::App, Bucket::Minute) };
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        for (query, words) in [(zone, "Mars/Olympus"), (day, "not on 31"), (range, "more than 20000")] {
            let Err(ClientError::Refused(refusal)) = client.history(query).await else {
                panic!("{words} was not refused");
            };
            assert!(refusal.message.contains(words) && refusal.hint.is_some(), "{refusal:?}");
        }
    });
}

#[test]
fn a_daemon_that_may_not_remember_says_so_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    fs::write(&config, "history = false\n").unwrap();
    let daemon = Daemon::start_with(folder, &["--config", &config.display().to_string()]);
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        assert_eq!(client.status().await.unwrap().history, None);
        assert_eq!(client.bounds().await.unwrap().retention, None);
        let Err(ClientError::Refused(refusal)) = client.history(everything(Per::App, Bucket::Day)).await
        else {
            panic!("it was not refused");
        };
        assert!(refusal.message.contains("remembers nothing"), "{refusal:?}");
    });
    assert!(!file(&daemon.kill()).exists());
}

#[test]
fn a_file_that_cannot_be_used_stays_and_the_daemon_counts_and_says_why() {
    for (words, begins_anew) in [("newer bwusaged (schema 99", false), ("it is kept as", true)] {
        let (folder, _) = play(tempfile::tempdir().unwrap(), &[]);
        if begins_anew {
            fs::write(file(&folder), "no database, but long enough to be one ".repeat(100)).unwrap();
        } else {
            let database = rusqlite::Connection::open(file(&folder)).unwrap();
            database.pragma_update(None, "user_version", 99).unwrap();
        }
        let before = fs::read(file(&folder)).unwrap();
        let daemon = Daemon::start_with(folder, &[]);
        block_on(async {
            let connect = async || Client::connect(&daemon.endpoint(), "test").await.unwrap();
            let (mut client, mut following) =
                (connect().await, connect().await.subscribe(std::time::Duration::ZERO).await.unwrap());
            let said = |state: &HistoryState| {
                state.fault.iter().chain(&state.notes).any(|text| text.contains(words))
            };
            while !said(&client.status().await.unwrap().history.unwrap()) {
                following.tick().await.unwrap();
            }
            following.tick().await.unwrap();
            assert!(counted(following.mirror()) > 0, "counting goes on");
        });
        let folder = daemon.kill();
        let state = file(&folder).parent().unwrap().to_owned();
        let there = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
        let kept = there.filter(|path| fs::read(path).is_ok_and(|bytes| bytes == before)).count();
        assert_eq!(kept, 1, "what was there is still there: {words}");
        assert_eq!(fs::read(file(&folder)).unwrap() != before, begins_anew, "{words}");
    }
}

#[test]
fn a_user_who_sees_only_their_own_programs_gets_one_sum_of_the_others_past() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let config = folder.path().join("c.toml");
    fs::write(&config, "visibility = \"own\"\n").unwrap();
    let config = config.display().to_string();
    let (folder, counted) = play(folder, &["--config", &config]);
    let daemon = idle(folder, &["--config", &config]);
    let answers = |uid| {
        asked_by(&daemon, uid, async |client: &mut Client| {
            let users = ask(client, everything(Per::User, Bucket::Day)).await;
            (users, ask(client, everything(Per::App, Bucket::Day)).await)
        })
    };
    let (users, apps) = answers(ALICE);
    assert_eq!((bytes(&users), bytes(&apps)), (counted, counted));
    let keys: Vec<_> = users.series.iter().map(|series| &series.key).collect();
    assert!(
        keys.contains(&&SeriesKey::User(Some(UserId::Uid(ALICE)))) && keys.contains(&&SeriesKey::OtherUsers)
    );
    assert!(!keys.contains(&&SeriesKey::User(Some(UserId::Uid(0)))), "{keys:?}");
    let (users, all) = answers(0);
    assert!(users.series.iter().any(|series| series.key == SeriesKey::User(Some(UserId::Uid(0)))));
    assert!(all.series.len() > apps.series.len());
}
