//! Alerts from end to end: rules that clients add, a recording that makes them fire, and daemons that come and go.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bwusage_proto::{
    alert::{AlertEvent, AlertState, EventKind, EventsQuery, LogQuery, NewRule, RuleId},
    client::{Client, ClientError, EventStream},
};
use tempfile::TempDir;

use crate::{
    access::{ALICE, asked_by, is_root},
    daemon::{Daemon, block_on},
    script,
};

/// A rule that fires at the first look at any machine.
const ALWAYS: &str = "mem > 1B";

/// A folder with both recordings in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    script::at_rest(&folder.path().join("rest.jsonl"));
    script::busy(&folder.path().join("busy.jsonl"));
    folder
}

fn play(folder: TempDir, recording: &str) -> Daemon {
    let recording = folder.path().join(recording);
    Daemon::start_playing(folder, &recording, &[])
}

/// What is kept in the state directory.
fn kept(folder: &Path) -> PathBuf {
    folder.join("bwusage.sock.state/alerts.json")
}

async fn client(daemon: &Daemon) -> Client {
    Client::connect(&daemon.endpoint(), "test").await.unwrap()
}

/// Adds a rule that may fire again at once.
async fn add(daemon: &Daemon, text: &str) -> RuleId {
    let new = NewRule { cooldown_s: 0, ..NewRule::new(text).unwrap() };
    client(daemon).await.add_alert(new).await.unwrap().id
}

async fn events(daemon: &Daemon, after: Option<(u64, u64)>) -> EventStream {
    client(daemon).await.events(EventsQuery { after }).await.unwrap()
}

/// Reads until every one of `rules` had an event of `kind`; everything that was read, and up to where.
async fn until_all(
    stream: &mut EventStream,
    rules: &[RuleId],
    kind: EventKind,
) -> (Vec<AlertEvent>, (u64, u64)) {
    let mut read: Vec<AlertEvent> = Vec::new();
    loop {
        let page = stream.next().await.unwrap();
        assert!(!page.missed);
        read.extend(page.events);
        let had = |rule: &RuleId| read.iter().any(|event| event.rule == *rule && event.kind == kind);
        if rules.iter().all(had) {
            return (read, (page.log, page.last));
        }
    }
}

fn firings(events: &[AlertEvent]) -> BTreeMap<RuleId, usize> {
    let mut times = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == EventKind::Firing) {
        *times.entry(event.rule).or_default() += 1;
    }
    times
}

#[test]
fn every_form_fires_survives_a_crash_and_resolves() {
    let daemon = play(folder(), "rest.jsonl");
    block_on(async {
        let mut rules = Vec::new();
        let of_container = format!("container {}: rx > 1kB / 3s", &script::CONTAINER_ID[..12]);
        for text in [
            "app steam: rx > 1kB / 3s",
            "user 1000: total > 1kB / 3s",
            "rx > 1kB / 3s",
            "interface eth0: rx > 1kB / 3s",
            "rate.rx > 1kB/s for 1s",
            "app curl: rate.total > 1kB/s",
            "cpu > 90% for 1s",
            "mem > 90%",
            "new application until quiet for 2s",
            "background application moves data until quiet for 2s",
            "ledger.lost > 0 / 3s",
            "unit nginx.service: rate.tx > 1kB/s for 1s",
            "app nginx: tx > 1kB / 3s",
            &of_container,
        ] {
            rules.push(add(&daemon, text).await);
        }
        let cap = add(&daemon, "total > 80%, 90% of 2kB / month").await;
        let news = rules[8];

        // At rest nothing fires but the last one, which tells that all were looked at.
        let mut stream = events(&daemon, Some((log(&daemon).await, 0))).await;
        let always = add(&daemon, ALWAYS).await;
        let (read, _) = until_all(&mut stream, &[always], EventKind::Firing).await;
        assert_eq!(firings(&read), BTreeMap::from([(always, 1)]));
        client(&daemon).await.remove_alert(always).await.unwrap();

        // A busy machine: each fires once.
        let mut daemon = daemon;
        assert!(daemon.terminate().success());
        let daemon = play(daemon.kill(), "busy.jsonl");
        let mut stream = events(&daemon, Some((log(&daemon).await, 1))).await;
        let all: Vec<RuleId> = rules.iter().copied().chain([cap]).collect();
        let (read, mut after) = until_all(&mut stream, &all, EventKind::Firing).await;
        let expected = all.iter().map(|&rule| (rule, if rule == rules[9] { 2 } else { 1 })).collect();
        assert_eq!(firings(&read), expected, "each once, of the background each application: {read:#?}");
        let new: Vec<_> =
            read.iter().filter(|event| event.rule == news).map(|event| &event.subject).collect();
        assert_eq!(new, [&Some("steam".into())], "curl was there before");
        let told = read.iter().find(|event| event.rule == cap).unwrap();
        assert_eq!(told.reached_percent, Some(90));

        // A crash, and the machine is as busy as before: nothing is told again.
        let daemon = play(daemon.kill(), "busy.jsonl");
        let mut stream = events(&daemon, Some(after)).await;
        let always = add(&daemon, ALWAYS).await;
        let (read, newest) = until_all(&mut stream, &[always], EventKind::Firing).await;
        assert_eq!(firings(&read), BTreeMap::from([(always, 1)]), "{read:#?}");
        after = newest;
        let list = client(&daemon).await.alert_rules().await.unwrap();
        let firing = list.rules.iter().filter(|rule| rule.status.state == AlertState::Firing).count();
        assert_eq!((firing, list.fault), (all.len() + 1, None));

        // At rest again: each resolves, but the month's, which lasts.
        let daemon = play(daemon.kill(), "rest.jsonl");
        let mut stream = events(&daemon, Some(after)).await;
        let (read, _) = until_all(&mut stream, &rules, EventKind::Resolved).await;
        assert_eq!(firings(&read), BTreeMap::new());
        assert!(read.iter().all(|event| event.rule != cap && event.lasted_ms.is_some()));
    });
}

/// The log's own number.
async fn log(daemon: &Daemon) -> u64 {
    let query = LogQuery { rule: None, before: None, limit: 0 };
    client(daemon).await.alert_log(query).await.unwrap().log
}

#[test]
fn a_client_that_comes_back_misses_no_event_and_sees_none_twice() {
    let daemon = play(folder(), "rest.jsonl");
    block_on(async {
        let mut stream = events(&daemon, None).await;
        let first = stream.next().await.unwrap();
        assert_eq!(
            (first.last, first.missed, first.events.len()),
            (0, false, 0),
            "at once, though there is none"
        );
        let one = add(&daemon, ALWAYS).await;
        let (read, after) = until_all(&mut stream, &[one], EventKind::Firing).await;
        assert_eq!((read.len(), after), (1, (first.log, 1)));
        drop(stream);

        // What happens while it is away.
        let mut other = events(&daemon, Some(after)).await;
        let two = add(&daemon, ALWAYS).await;
        until_all(&mut other, &[two], EventKind::Firing).await;

        let daemon = play(daemon.kill(), "rest.jsonl");
        let mut stream = events(&daemon, Some(after)).await;
        let missed = stream.next().await.unwrap();
        let numbers: Vec<_> = missed.events.iter().map(|event| (event.number, event.rule)).collect();
        assert_eq!((numbers, missed.missed), (vec![(2, two)], false));
        let up_to_date = events(&daemon, Some((missed.log, missed.last))).await.next().await.unwrap();
        assert_eq!((up_to_date.events.len(), up_to_date.missed), (0, false));
        let of_another_log = events(&daemon, Some((missed.log ^ 1, 0))).await.next().await.unwrap();
        assert!(of_another_log.missed);
    });
}

#[test]
fn a_new_rule_knows_what_was_moved_before_it_was_made() {
    let mut daemon = play(folder(), "busy.jsonl");
    block_on(async {
        let mut stream = events(&daemon, None).await;
        let moved = add(&daemon, "app steam: rx > 1kB / 1m").await;
        until_all(&mut stream, &[moved], EventKind::Firing).await;
        client(&daemon).await.remove_alert(moved).await.unwrap();
    });
    assert!(daemon.terminate().success());
    // At rest there is no such application.
    let daemon = play(daemon.kill(), "rest.jsonl");
    block_on(async {
        let trial =
            client(&daemon).await.test_alert(NewRule::new("app steam: rx > 1kB / month").unwrap()).await;
        assert_eq!(trial.unwrap().holds, Some(true));
        let mut stream = events(&daemon, None).await;
        let rules = [
            add(&daemon, "app steam: rx > 1kB / month").await,
            add(&daemon, "app steam: rx > 1kB / 1d").await,
            add(&daemon, "user 1000: total > 80% of 1kB / week").await,
            add(&daemon, "rx > 1kB / month").await,
        ];
        until_all(&mut stream, &rules, EventKind::Firing).await;
    });
}

#[test]
fn rules_are_their_owners_whoever_a_client_says_it_is() {
    if !is_root() {
        return;
    }
    let daemon = play(folder(), "busy.jsonl");
    let hers = asked_by(&daemon, ALICE, async |client| {
        let new = NewRule::new("app steam: mem > 1B").unwrap();
        client.add_alert(new).await.unwrap()
    });
    assert!(!hers.covers_all);
    let listed = |uid| asked_by(&daemon, uid, async |client| client.alert_rules().await.unwrap().rules.len());
    assert_eq!([ALICE, 65_534, 0].map(listed), [1, 0, 1]);
    let refused = asked_by(&daemon, 65_534, async move |client| client.remove_alert(hers.id).await);
    let Err(ClientError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.message, format!("you have no rule {}", hers.id));
    assert!(refusal.hint.is_some_and(|hint| hint.contains("alerts list")));
    asked_by(&daemon, 0, async move |client| client.remove_alert(hers.id).await.unwrap());
    assert_eq!(listed(ALICE), 0);
}

#[test]
fn a_rule_is_tried_out_against_what_happens_now() {
    let daemon = play(folder(), "busy.jsonl");
    block_on(async {
        let mut client = client(&daemon).await;
        for (text, holds) in [
            ("app steam: rate.rx > 1kB/s", Some(true)),
            ("app steam: rate.tx > 1kB/s", Some(false)),
            ("cpu > 90%", Some(true)),
            ("new application", None),
        ] {
            let trial = client.test_alert(NewRule::new(text).unwrap()).await.unwrap();
            assert_eq!((trial.holds, trial.text.as_str()), (holds, text));
        }
        let wrong = NewRule { text: "rx > 5 potatoes / 1d".into(), ..NewRule::new("cpu > 1%").unwrap() };
        let Err(ClientError::Refused(refusal)) = client.test_alert(wrong).await else {
            panic!("not refused")
        };
        assert!(refusal.message.contains("unknown unit") && refusal.message.ends_with("at 6"));
        assert_eq!(client.alert_rules().await.unwrap().rules, [], "nothing is kept");
    });
}

#[test]
fn a_file_that_cannot_be_read_is_set_aside_and_counting_goes_on() {
    let folder = folder();
    fs::create_dir(kept(folder.path()).parent().unwrap()).unwrap();
    fs::write(kept(folder.path()), "no alerts at all").unwrap();
    let daemon = play(folder, "rest.jsonl");
    block_on(async {
        let fault = client(&daemon).await.alert_rules().await.unwrap().fault.unwrap();
        assert!(fault.contains("set aside as") && fault.contains("alerts.json.corrupt-"), "{fault}");
        let mut stream = events(&daemon, None).await;
        let rule = add(&daemon, ALWAYS).await;
        until_all(&mut stream, &[rule], EventKind::Firing).await;
    });
    let folder = daemon.kill();
    assert_eq!(fs::metadata(kept(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    let aside = fs::read_dir(kept(folder.path()).parent().unwrap()).unwrap();
    let aside =
        aside.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().contains("corrupt"));
    assert_eq!(fs::read_to_string(aside.unwrap()).unwrap(), "no alerts at all");
}

#[test]
fn a_file_that_cannot_be_written_is_a_fault_and_events_are_told() {
    let folder = folder();
    // Something is in the way of what is written first.
    fs::create_dir_all(kept(folder.path()).with_extension("json.new").join("in the way")).unwrap();
    let daemon = play(folder, "rest.jsonl");
    block_on(async {
        let mut stream = events(&daemon, None).await;
        let rule = add(&daemon, ALWAYS).await;
        until_all(&mut stream, &[rule], EventKind::Firing).await;
        let fault = client(&daemon).await.alert_rules().await.unwrap().fault.unwrap();
        assert!(
            fault.contains("cannot be written") && fault.contains("will not survive a restart"),
            "{fault}"
        );
    });
}

#[test]
fn asked_to_stop_it_keeps_what_was_only_just_added() {
    let mut daemon = play(folder(), "rest.jsonl");
    let rule = block_on(add(&daemon, "cpu > 90%"));
    assert!(daemon.terminate().success());
    let daemon = play(daemon.kill(), "rest.jsonl");
    let list = block_on(async { client(&daemon).await.alert_rules().await.unwrap() });
    assert_eq!(list.rules.iter().map(|known| known.id).collect::<Vec<_>>(), [rule]);
}
