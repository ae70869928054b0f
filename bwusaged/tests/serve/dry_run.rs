//! Rules that are run over a past which another daemon left behind.

use std::{fs, path::Path};

use bwusage_proto::{
    alert::{DryRun, NewRule},
    client::{Client, ClientError},
    history::Bucket,
    process::UserId,
    snapshot::{HostSample, Interface},
    units::{Counters, Scope},
};
use bwusaged::{
    history::{FILE, Retention, Settings, collect::Collector, store::Keeper},
    usage::{Moment, store::Mover},
};
use tempfile::TempDir;

use crate::{
    daemon::{Daemon, block_on},
    script,
};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// Who received 700 bytes how long ago, oldest first.
const MOVED: [(&str, i64); 6] = [
    ("curl", 40 * DAY_S),
    ("curl", 20 * DAY_S + HOUR_S),
    ("curl", 20 * DAY_S),
    ("steam", 10 * DAY_S),
    ("curl", 5 * HOUR_S + 600),
    ("curl", 5 * HOUR_S),
];

/// Leaves a past in the state directory of a daemon in `folder`; nobody counted between the 15th and the 12th day.
fn remember(folder: &Path) {
    let state = folder.join("bwusage.sock.state");
    fs::create_dir(&state).unwrap();
    let settings =
        Settings { file: state.join(FILE), retention: Retention::default(), billing_day: 1, time_zone: None };
    let now = jiff::Timestamp::now().as_second();
    let mut keeper = Keeper::new(settings, [1; 16]);
    let (mut collector, mut eth0) = (Collector::default(), 0);
    let mut tick = |ago_s: i64, steady_s: i64, app: Option<&str>| {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = 700;
        let of_app =
            |app: &str| Mover::Process { app: app.into(), user: Some(UserId::Uid(1000)), category: None };
        let moved: Vec<_> = app.map(|app| (of_app(app), counters)).into_iter().collect();
        eth0 += app.map_or(0, |_| 700);
        let interface = Interface { name: "eth0".into(), rx_bytes_total: eth0, ..Interface::default() };
        let host = HostSample { interfaces: vec![interface], ..HostSample::default() };
        let ms = |seconds: i64| u64::try_from(seconds).unwrap() * 1000;
        collector.tick(Moment { unix_ms: ms(now - ago_s), steady_ms: ms(steady_s) }, &moved, &host);
        keeper.flush(|| collector.take(), now - ago_s, false).unwrap();
    };
    let asleep_s = |ago_s: i64| if ago_s > 13 * DAY_S { 0 } else { 3 * DAY_S };
    let begun_s = 50 * DAY_S;
    let quiet = [begun_s, 15 * DAY_S, 12 * DAY_S, 0].map(|ago_s| (None, ago_s));
    let mut all: Vec<_> = MOVED.iter().map(|&(app, ago_s)| (Some(app), ago_s)).chain(quiet).collect();
    all.sort_by_key(|&(_, ago_s)| -ago_s);
    for (app, ago_s) in all {
        tick(ago_s, begun_s - ago_s - asleep_s(ago_s), app);
    }
}

fn with_a_past() -> Daemon {
    let folder = tempfile::tempdir().unwrap();
    remember(folder.path());
    let recording = folder.path().join("silent.jsonl");
    script::silent(&recording);
    Daemon::start_playing(folder, &recording, &[])
}

async fn run(client: &mut Client, text: &str) -> DryRun {
    client.dry_run_alert(NewRule::new(text).unwrap()).await.unwrap()
}

#[test]
fn a_rule_is_run_over_the_last_thirty_days_and_nothing_is_kept() {
    let daemon = with_a_past();
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        for (text, fired) in [
            ("app curl: rx > 1kB / 1h", 1),
            ("app curl: rx > 1kB / 3h", 2),
            ("app curl: rx > 600B / 1h", 2),
            ("app curl: tx > 0 / 1d", 0),
            ("user 1000: total > 600B / 1m", 2),
            ("interface eth0: rx > 600B / 1d", 3),
            ("rx > 600B / 1h", 3),
            ("new application", 1),
            ("app curl: new application", 0),
        ] {
            let run = run(&mut client, text).await;
            assert_eq!((run.fired, run.unknown.as_deref()), (Some(fired), None), "{text}: {run:#?}");
            assert_eq!(run.firings.len() as u64, fired, "{text}");
        }
        let sum = run(&mut client, "app curl: rx > 600B / 1d").await;
        assert_eq!(sum.steps, [Bucket::Hour, Bucket::Minute]);
        let gap_s = (sum.to_unix_ms - sum.from_unix_ms) / 1000 - sum.counted_s;
        assert!(gap_s.abs_diff(3 * 86_400) < 120, "nobody counted for three days: {gap_s}");
        assert_eq!(client.alert_rules().await.unwrap().rules, []);
    });
}

#[test]
fn a_rule_that_no_history_tells_of_gets_a_reason_and_a_wrong_one_a_refusal() {
    let daemon = with_a_past();
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let rate = run(&mut client, "rate.tx > 5MB/s for 30s").await;
        assert_eq!(rate.fired, None);
        assert!(rate.unknown.is_some_and(|unknown| unknown.contains("by the minute")));
        let wrong = NewRule { text: "rx > 5 potatoes / 1d".into(), ..NewRule::new("cpu > 1%").unwrap() };
        let Err(ClientError::Refused(refusal)) = client.dry_run_alert(wrong).await else {
            panic!("not refused")
        };
        assert!(refusal.message.contains("unknown unit"), "{refusal:?}");
    });
}

#[test]
fn where_nothing_is_remembered_it_says_so() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let (config, recording) = (folder.path().join("c.toml"), folder.path().join("silent.jsonl"));
    fs::write(&config, "history = false\n").unwrap();
    script::silent(&recording);
    let daemon = Daemon::start_playing(folder, &recording, &["--config", &config.display().to_string()]);
    block_on(async {
        let mut client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let asked = client.dry_run_alert(NewRule::new("rx > 1kB / 1d").unwrap()).await;
        let Err(ClientError::Refused(refusal)) = asked else { panic!("{asked:?}") };
        assert!(refusal.message.contains("remembers nothing"), "{refusal:?}");
        assert!(refusal.hint.is_some_and(|hint| hint.contains("history = true")));
    });
}
