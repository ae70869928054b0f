//! A daemon in light mode: every answer says that its wire bytes are computed.

use crate::{
    daemon::Home,
    program::{json, run},
    schema::Schema,
};

#[test]
fn every_head_says_how_wire_bytes_come_about() {
    for (home, quality) in [(Home::new(), "recorded"), (Home::computing(), "computed")] {
        let _daemon = home.start();
        for answer in ["top", "connections", "ledger"] {
            let report = json(&home.socket(), &[answer, "--json"]);
            Schema::of(answer).check(&report);
            assert_eq!(report["quality"], quality, "{answer}");
        }
    }
}

#[test]
fn tables_mark_what_is_computed_and_say_how() {
    let home = Home::computing();
    let _daemon = home.start();
    for table in [&["top"][..], &["top", "--by", "remote"], &["connections"]] {
        let text = run(&home.socket(), table).stdout;
        assert!(text.lines().next().is_some_and(|heading| heading.contains("~RX TOTAL")), "{text}");
        let note = text.lines().last().unwrap_or_default();
        assert!(note.starts_with("~ computed: ") && note.contains("payload bytes are exact"), "{text}");
        let bare = run(&home.socket(), &[table, &["--no-header"]].concat()).stdout;
        assert!(!bare.contains("computed"), "{bare}");
    }
    let status = run(&home.socket(), &["status"]).stdout;
    assert!(status.contains("wire bytes   computed: "), "{status}");
}

#[test]
fn spreadsheets_get_a_column() {
    let home = Home::computing();
    let _daemon = home.start();
    for table in ["top", "connections"] {
        let csv = run(&home.socket(), &[table, "--csv"]).stdout;
        let mut lines = csv.lines();
        assert!(lines.next().is_some_and(|heading| heading.ends_with(",quality")), "{csv}");
        assert!(csv.lines().count() > 1 && lines.all(|line| line.ends_with(",computed")), "{csv}");
    }
}

#[test]
fn a_ledger_that_cannot_be_says_what_it_would_take() {
    let home = Home::computing();
    let _daemon = home.start();
    let text = run(&home.socket(), &["ledger"]).stdout;
    assert!(text.starts_with("there is no ledger: "), "{text}");
    assert!(
        text.contains("no packet is looked at in light mode") && text.contains("--counting exact"),
        "{text}"
    );
}
