use bwusage_proto::{
    alert::{EventKind, Measured, RuleId, Severity, Unit},
    process::UserId,
    report::AlertLogReport,
};

use super::*;

const NOW: u64 = 1_795_291_200_123;
const HOSTILE: &str = "=2+2,\u{1b}[2J\u{202e}\n";

fn alert(id: u64, text: &str, status: RuleStatus) -> AlertRule {
    AlertRule {
        id: RuleId(id),
        text: text.into(),
        user: None,
        owner: UserId::Uid(3_999_999_999),
        covers_all: false,
        note: Some(HOSTILE.into()),
        severity: Severity::Warning,
        cooldown_s: 300,
        enabled: true,
        snoozed_until_unix_ms: None,
        created_at_unix_ms: NOW,
        status,
    }
}

fn event() -> AlertEvent {
    AlertEvent {
        number: 12,
        at_unix_ms: NOW,
        kind: EventKind::Firing,
        rule: RuleId(3),
        text: "new application".into(),
        note: None,
        owner: UserId::Uid(3_999_999_999),
        severity: Severity::Critical,
        subject: Some(HOSTILE.into()),
        measured: None,
        reached_percent: None,
        forecast_at_unix_ms: None,
        lasted_ms: None,
    }
}

fn with_layout<T>(draw: impl FnOnce(Layout<'_>) -> T) -> T {
    let users = Users::new();
    draw(Layout { width: None, now_unix_ms: NOW, zone: &TimeZone::UTC, users: &users })
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_rule_says_where_it_stands_and_what_is_to_come() {
    let cap = RuleStatus {
        state: AlertState::Firing,
        measured: Some(Measured { unit: Unit::Bytes, value: 42 << 30, threshold: 40 << 30 }),
        reached_percent: Some(80),
        // 2026-11-24 18:30 UTC.
        forecast_at_unix_ms: Some(1_795_545_000_000),
        fired_at_unix_ms: Some(NOW),
        fired: 2,
        ..RuleStatus::default()
    };
    let unknown = RuleStatus { unknown: Some("no such interface\u{1b}".into()), ..RuleStatus::default() };
    let rules = RuleList {
        rules: vec![
            alert(1, "total > 80% of 50GB / month", cap),
            AlertRule {
                snoozed_until_unix_ms: Some(NOW + 3_600_000),
                ..alert(12, "interface x: rx > 1GB / 1d", unknown)
            },
        ],
        fault: None,
    };
    let drawn = plain(&with_layout(|layout| list(&rules, layout)));
    let lines: Vec<&str> = drawn.lines().collect();
    assert!(lines[0].starts_with("RULE  STATE "), "{drawn}");
    assert!(
        lines[1].starts_with("   1  firing")
            && lines[1].contains("45.1 GB, 80% of the cap, cap reached on the 24th at this pace"),
        "{drawn}"
    );
    assert!(lines[1].contains("2026-11-21 20:00:00"), "{drawn}");
    assert!(
        lines[2].starts_with("  12  ok, snoozed 1h 00m") && lines[2].contains(r"no such interface\x1b"),
        "{drawn}"
    );
}

#[test]
fn nothing_that_somebody_chose_acts_on_a_terminal_or_a_spreadsheet() {
    let happened = AlertLog { log: 1, events: vec![event()], more: false };
    let drawn = plain(&with_layout(|layout| log(&happened, layout)));
    assert_eq!(drawn.lines().count(), 2, "{drawn}");
    assert!(!drawn.replace('\n', "").chars().any(text::is_unsafe), "{drawn}");

    let users = Users::new();
    let report = AlertLogReport::new(&happened, "web01", &users, &TimeZone::UTC);
    let csv: String = bwusage_proto::csv::alert_log(&report, true).collect();
    assert!(csv.contains(r#","'=2+2,\x1b[2J\u{202e}\x0a","#), "{csv}");
    assert_eq!(csv.lines().count(), 2);
}

#[test]
fn a_sum_that_is_not_whole_says_from_when_on_it_counts() {
    let status = RuleStatus {
        measured: Some(Measured { unit: Unit::Bytes, value: 5 << 30, threshold: 10 << 30 }),
        known_from_unix_ms: Some(NOW),
        ..RuleStatus::default()
    };
    let said =
        trial(&Trial { text: "rx > 10GiB / month".into(), holds: Some(false), status }, &TimeZone::UTC);
    assert_eq!(said, "rx > 10GiB / month: does not hold (5.00 GiB, counted since 2026-11-21 20:00:00)\n");
}

#[test]
fn a_trial_says_what_it_would_say() {
    let status = RuleStatus {
        measured: Some(Measured { unit: Unit::Centipercent, value: 9550, threshold: 9000 }),
        ..RuleStatus::default()
    };
    let said =
        |holds| trial(&Trial { text: "cpu > 90%".into(), holds, status: status.clone() }, &TimeZone::UTC);
    assert_eq!(said(Some(true)), "cpu > 90%: holds (95.5%)\n");
    assert_eq!(said(Some(false)), "cpu > 90%: does not hold (95.5%)\n");
    assert_eq!(said(None), "cpu > 90%: nothing is known (95.5%)\n");
}
