//! Messages about alerts.

use bwusage_proto::{
    alert::{
        AlertEvent, AlertLog, AlertRule, AlertState, Alerts, AlertsRequest, DryRun, EventKind, Events,
        EventsQuery, Firing, LogQuery, Measured, NewRule, RuleId, RuleList, RuleStatus, Severity, Trial,
        Unit,
    },
    history::Bucket,
    message::{Reply, Request},
    process::UserId,
};

pub(super) fn requests() -> Vec<(&'static str, Request)> {
    let new = || NewRule {
        text: "user alice: rx > 1GiB / 1d".into(),
        user: Some(UserId::Uid(1000)),
        note: Some("too much".into()),
        severity: Severity::Critical,
        cooldown_s: 300,
        enabled: true,
    };
    let query = LogQuery { rule: Some(RuleId(7)), before: Some(300), limit: 50 };
    let alerts = |request| Request::Alerts(Box::new(request));
    vec![
        ("alerts_list", alerts(AlertsRequest::List)),
        ("alerts_log", alerts(AlertsRequest::Log(query))),
        ("alerts_add", alerts(AlertsRequest::Add(new()))),
        ("alerts_test", alerts(AlertsRequest::Test(new()))),
        ("alerts_dry_run", alerts(AlertsRequest::DryRun(new()))),
        ("alerts_remove", alerts(AlertsRequest::Remove(RuleId(7)))),
        ("alerts_enable", alerts(AlertsRequest::Enable { rule: RuleId(7), enabled: true })),
        ("alerts_snooze", alerts(AlertsRequest::Snooze { rule: RuleId(7), until_unix_ms: Some(8) })),
        ("events", Request::Events(EventsQuery { after: Some((9, 300)) })),
    ]
}

pub(super) fn replies() -> Vec<(&'static str, Reply)> {
    let alerts = |alerts| Reply::Alerts(Box::new(alerts));
    let list = RuleList { rules: vec![rule()], fault: Some("disk full".into()) };
    let log = AlertLog { log: 9, events: vec![event()], more: true };
    let trial = Trial { text: "cpu > 90%".into(), holds: Some(true), status: status() };
    vec![
        ("alerts_rules", alerts(Alerts::Rules(list))),
        ("alerts_log_reply", alerts(Alerts::Log(log))),
        ("alerts_rule", alerts(Alerts::Rule(Box::new(rule())))),
        ("alerts_removed", alerts(Alerts::Removed(RuleId(7)))),
        ("alerts_trial", alerts(Alerts::Trial(Box::new(trial)))),
        ("alerts_dry_run_reply", alerts(Alerts::DryRun(Box::new(dry_run())))),
        (
            "events_reply",
            Reply::Events(Box::new(Events { log: 9, last: 300, missed: true, events: vec![event()] })),
        ),
    ]
}

fn dry_run() -> DryRun {
    let firing = Firing {
        at_unix_ms: 1_700_000_000_000,
        subject: Some("curl".into()),
        measured: Some(Measured { unit: Unit::Bytes, value: 500, threshold: 400 }),
        reached_percent: Some(80),
    };
    DryRun {
        text: "total > 80% of 500B / month".into(),
        fired: Some(2),
        unknown: Some("too fine".into()),
        from_unix_ms: 1_700_000_000_000,
        to_unix_ms: 1_702_592_000_000,
        counted_s: 2_592_000,
        steps: vec![Bucket::Hour, Bucket::Minute],
        firings: vec![firing],
        notes: vec!["a note".into()],
    }
}

fn rule() -> AlertRule {
    AlertRule {
        id: RuleId(7),
        text: "user alice: rx > 80% of 1GiB / month".into(),
        user: Some(UserId::Uid(1000)),
        owner: UserId::Uid(0),
        covers_all: true,
        note: Some("too much".into()),
        severity: Severity::Info,
        cooldown_s: 300,
        enabled: true,
        snoozed_until_unix_ms: Some(1),
        created_at_unix_ms: 2,
        status: status(),
    }
}

fn status() -> RuleStatus {
    RuleStatus {
        state: AlertState::Firing,
        since_unix_ms: Some(3),
        measured: Some(Measured { unit: Unit::BytesPerSecond, value: 500, threshold: 400 }),
        reached_percent: Some(80),
        unknown: Some("no ledger".into()),
        known_from_unix_ms: Some(4),
        period_ends_at_unix_ms: Some(5),
        forecast_at_unix_ms: Some(6),
        subjects: vec!["curl".into()],
        fired_at_unix_ms: Some(7),
        fired: 8,
    }
}

fn event() -> AlertEvent {
    AlertEvent {
        number: 299,
        at_unix_ms: 1_700_000_000_000,
        kind: EventKind::Resolved,
        rule: RuleId(7),
        text: "new application".into(),
        note: Some("look".into()),
        owner: UserId::Uid(1000),
        severity: Severity::Warning,
        subject: Some("curl".into()),
        measured: Some(Measured { unit: Unit::Centipercent, value: 9500, threshold: 9000 }),
        reached_percent: Some(90),
        forecast_at_unix_ms: Some(6),
        lasted_ms: Some(1000),
    }
}
