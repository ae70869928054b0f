use proptest::prelude::*;

use super::*;
use crate::{process::UserId, text};

fn error(text: &str) -> String {
    Rule::parse(text).expect_err(text).to_string()
}

fn condition(text: &str) -> Condition {
    Rule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).condition
}

fn plain(bytes: u64) -> Limit {
    Limit { bytes, percents: Vec::new() }
}

#[test]
fn every_form_is_read_as_what_it_says() {
    let sum = |of, limit, period| Condition::Sum { of, limit, period, until: None };
    let level = |of, above, held_s| Condition::Level { of, above, held_s, until: None };
    let cap = Limit { bytes: 50_000_000_000, percents: vec![80] };
    let cases = [
        ("rx > 1GiB / 1d", sum(Summed::Rx, plain(1 << 30), Period::Trailing { seconds: 86_400 })),
        ("tx>5MB/30s", sum(Summed::Tx, plain(5_000_000), Period::Trailing { seconds: 30 })),
        ("total > 80% of 50GB / month", sum(Summed::Total, cap, Period::Month)),
        ("rate.tx > 5MB/s for 30s", level(Gauge::TxRate, 5_000_000, 30)),
        ("rate.rx > 40Mbit/s", level(Gauge::RxRate, 5_000_000, 0)),
        ("cpu > 90% for 60s", level(Gauge::Cpu, 9000, 60)),
        ("mem > 90%", level(Gauge::MemoryShare, 9000, 0)),
        ("mem > 1.5 GiB", level(Gauge::MemoryBytes, 3 << 29, 0)),
        ("new application", Condition::News { of: News::NewApplication, quiet_s: 60 }),
        ("background application moves data", Condition::News { of: News::BackgroundTraffic, quiet_s: 60 }),
        ("ledger.lost > 0", sum(Summed::Lost, plain(0), Period::Trailing { seconds: 600 })),
    ];
    for (text, expected) in cases {
        assert_eq!(condition(text), expected, "{text}");
    }
}

#[test]
fn an_end_of_its_own_can_be_written() {
    let until = |text: &str| match condition(text) {
        Condition::Sum { until, .. } | Condition::Level { until, .. } => until,
        Condition::News { quiet_s, .. } => Some(quiet_s.into()),
    };
    assert_eq!(until("rate.tx > 5MB/s for 30s until < 4MB/s"), Some(4_000_000));
    assert_eq!(until("rx > 100 / 1d until < 50"), Some(50));
    assert_eq!(until("cpu > 90% until < 70%"), Some(7000));
    assert_eq!(until("mem > 4GiB until < 1k"), Some(1024));
    assert_eq!(until("new application until quiet for 5m"), Some(300));
}

#[test]
fn a_scope_is_what_stands_before_the_colon() {
    let scope = |text: &str| Rule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).scope;
    assert_eq!(scope("cpu > 1%"), Scope::Host);
    assert_eq!(scope("host: cpu > 1%"), Scope::Host);
    assert_eq!(scope("app firefox: cpu > 1%"), Scope::App("firefox".into()));
    assert_eq!(scope("app firefox : cpu > 1%"), Scope::App("firefox".into()));
    assert_eq!(scope(r#"app "Web \"X\" \u{1b}": cpu > 1%"#), Scope::App("Web \"X\" \u{1b}".into()));
    assert_eq!(scope("container docker:web: cpu > 1%"), Scope::Container("docker:web".into()));
    assert_eq!(scope("ct web: cpu > 1%"), Scope::Container("web".into()));
    assert_eq!(scope("unit app@x.service: cpu > 1%"), Scope::Unit("app@x.service".into()));
    assert_eq!(scope("iface eth0.100: rx > 1 / 1d"), Scope::Interface("eth0.100".into()));
    assert_eq!(scope("user 1000: rx > 1 / day").user(), Some(UserId::Uid(1000)));
    assert_eq!(scope("user S-1-5-18: rx > 1 / day").user(), Some(UserId::Sid("S-1-5-18".into())));
    assert_eq!(scope("user alice: rx > 1 / day").user(), None);
}

#[test]
fn an_error_says_where_and_what_to_type() {
    let cases = [
        ("", "a condition is expected: rx,", "at 1"),
        ("  foo > 1", "'new application'", "at 3"),
        ("app", "a name is expected, such as 'app firefox:'", "at 4"),
        ("app firefox rx > 1", "':' is expected after the name", "at 13"),
        ("app \"fire", "unclosed '\"'", "at 5"),
        (r#"app "a\n": cpu > 1%"#, "is expected after the backslash", "at 7"),
        ("rx < 1", "'>' is expected", "at 4"),
        ("rx >= 1", "'>' is expected", "at 5"),
        ("rx > x", "a number is expected, such as 100", "at 6"),
        ("rx > 5 potatoes / 1d", "unknown unit", "at 6"),
        ("rx > 5MB", "'/ 1d' for the last 24 hours", "at 9"),
        ("rx > 5MB/s", "write 'rate.rx > 5MB/s'", "at 10"),
        ("rx > 5MB / year", "'/ month'", "at 12"),
        ("rx > 5MB / 1y", "such as 30s, 15m, 6h, 1d or 2w", "at 12"),
        ("rx > 5MB / 0s", "from 1s to 366d", "at 12"),
        ("rx > 90%, 80% of 5MB / 1d", "smallest first", "at 6"),
        ("rx > 80.5% of 5MB / 1d", "each from 1% to 1000%", "at 6"),
        ("rx > 80% / 1d", "'of' and an amount", "at 10"),
        ("rate.tx > 5MB", "such as 5MB/s or 40Mbit/s", "at 11"),
        ("cpu > 90", "such as 90%", "at 7"),
        ("cpu > 100%", "this can never be", "at 1"),
        ("mem > 100%", "this can never be", "at 7"),
        ("cpu > 90% for ever", "such as 30s", "at 15"),
        ("cpu > 90% for 2d", "from 1s to 1d", "at 15"),
        ("cpu > 90% until < 95%", "not above the threshold", "at 19"),
        ("cpu > 90% until < 0%", "not 0 and not above", "at 19"),
        ("cpu > 90% until 50%", "'until < VALUE'", "at 17"),
        ("rx > 1GB / month until < 1MB", "leave 'until' out", "at 29"),
        ("new application until < 5", "'until quiet for 5m'", "at 23"),
        ("interface eth0: cpu > 5%", "an interface has only rx", "at 17"),
        ("unit x: new application", "write 'new application'", "at 9"),
        ("app x: ledger.lost > 0", "write 'ledger.lost > 0'", "at 8"),
        ("cpu > 90% and mem > 5%", "the rule is over", "at 11"),
    ];
    for (text, what, at) in cases {
        let error = error(text);
        assert!(error.contains(what) && error.ends_with(at), "{text}: {error}");
    }
    assert!(error(&"a".repeat(2000)).starts_with("the rule is longer than 1024 bytes"));
    assert!(error(&format!("app {}: rx > 1 / 1d", "a".repeat(300))).contains("longer than 255 bytes"));
}

#[test]
fn shares_of_a_cap_are_thresholds() {
    let Condition::Sum { limit, .. } = condition("rx > 80%, 90%, 100% of 50GB / month") else {
        panic!("no sum")
    };
    let thresholds: Vec<_> = limit.thresholds().collect();
    assert_eq!(
        thresholds,
        [(Some(80), 40_000_000_000), (Some(90), 45_000_000_000), (Some(100), 50_000_000_000)]
    );
    assert_eq!(plain(7).thresholds().collect::<Vec<_>>(), [(None, 7)]);
    let huge = Limit { bytes: u64::MAX, percents: vec![1000] };
    assert_eq!(huge.thresholds().collect::<Vec<_>>(), [(Some(1000), u64::MAX)]);
}

fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a name", |name| (1..=255).contains(&name.len()) && name.len() * 9 < 900)
}

fn scope() -> impl Strategy<Value = Scope> {
    let named = (name(), 0_usize..5).prop_map(|(name, which)| {
        [Scope::App, Scope::User, Scope::Unit, Scope::Container, Scope::Interface][which](name)
    });
    prop_oneof![Just(Scope::Host), named]
}

fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0_u32..64).prop_map(|(n, shift)| n >> shift)
}

fn sum() -> impl Strategy<Value = Condition> {
    let period = prop_oneof![
        (1_u32..=366 * 86_400).prop_map(|seconds| Period::Trailing { seconds }),
        Just(Period::Day),
        Just(Period::Week),
        Just(Period::Month)
    ];
    let of = proptest::sample::select(&[Summed::Rx, Summed::Tx, Summed::Total, Summed::Lost][..]);
    let percents = proptest::collection::btree_set(1_u16..=1000, 0..=8);
    (of, number(), percents, period, any::<Option<u64>>()).prop_map(|(of, bytes, percents, period, until)| {
        let percents: Vec<u16> = percents.into_iter().collect();
        let may_end = percents.is_empty() && matches!(period, Period::Trailing { .. });
        let until = until.filter(|_| may_end && bytes > 0).map(|until| until.clamp(1, bytes));
        Condition::Sum { of, limit: Limit { bytes, percents }, period, until }
    })
}

fn level() -> impl Strategy<Value = Condition> {
    let gauges =
        [Gauge::RxRate, Gauge::TxRate, Gauge::TotalRate, Gauge::Cpu, Gauge::MemoryShare, Gauge::MemoryBytes];
    let of = proptest::sample::select(gauges.to_vec());
    (of, number(), 0_u32..=86_400, any::<Option<u64>>()).prop_map(|(of, above, held_s, until)| {
        let above = if matches!(of, Gauge::Cpu | Gauge::MemoryShare) { above % 10_000 } else { above };
        Condition::Level {
            of,
            above,
            held_s,
            until: until.filter(|_| above > 0).map(|until| until.clamp(1, above)),
        }
    })
}

fn news() -> impl Strategy<Value = Condition> {
    (any::<bool>(), 1_u32..=86_400).prop_map(|(new, quiet_s)| Condition::News {
        of: if new { News::NewApplication } else { News::BackgroundTraffic },
        quiet_s,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(scope in scope(), condition in prop_oneof![sum(), level(), news()]) {
        let rule = Rule { scope, condition };
        let text = rule.to_string();
        prop_assert!(!text.chars().any(text::is_unsafe), "{}", text);
        match Rule::parse(&text) {
            Ok(read) => prop_assert_eq!(read, rule, "{}", text),
            Err(RuleError { problem, .. }) => prop_assert!(
                matches!(
                    problem,
                    RuleProblem::NotOfInterface
                        | RuleProblem::NewsScope
                        | RuleProblem::NotOfProcesses
                        | RuleProblem::TooLong
                ),
                "{}: {}", text, problem
            ),
        }
    }

    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = Rule::parse(&text);
    }

    #[test]
    fn reading_what_looks_like_a_rule_never_panics(
        text in r#"(app |user |host|: |rx|rate\.tx|cpu|mem|new application|until |quiet |for |of |month|[ >/%:,"\\<0-9.a-zé])"{0,1}{0,20}"#
    ) {
        let _ = Rule::parse(&text);
    }

    #[test]
    fn what_is_read_is_written_in_one_way(text in r"(rx|tx|total) ?> ?[0-9]{1,4}(\.[0-9]{1,3})?[kMG]?i?B? ?/ ?([1-9][smhdw]|day|month)") {
        if let Ok(rule) = Rule::parse(&text) {
            prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule), "{}", text);
        }
    }
}
