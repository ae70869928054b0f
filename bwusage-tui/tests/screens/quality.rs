//! A daemon in light mode: every screen says that its wire bytes are computed.

use std::sync::Arc;

use bwusage_proto::{
    ledger::Ledger,
    mirror::Mirror,
    snapshot::{Rung, RungState},
};
use bwusage_tui::app::{Answer, Msg};

use super::{answer, at_every_size, by_process, fixture, fixture::Running, shown, typed};

/// A way of counting that the kernel refused.
pub(super) fn refused(name: &str) -> Rung {
    Rung {
        name: name.into(),
        about: format!("how {name} counts"),
        quality: "exact".into(),
        state: RungState::Refused,
        detail: Some(format!("the kernel's words about {name}")),
        remedy: Some("boot another kernel".into()),
    }
}

/// The fixture's machine in light mode, on a kernel that refused the best rung.
fn computing() -> Running {
    let mut mirror = Mirror { ledger: None, ..fixture::mirror(3) };
    mirror.coverage.quality = "computed".into();
    let [fentry, packets] =
        ["fentry", "packets"].map(|name| Rung { detail: None, remedy: None, ..refused(name) });
    mirror.coverage.rungs = vec![
        refused("tracepoints"),
        Rung { state: RungState::InUse, ..fentry },
        Rung { state: RungState::NotTried, ..packets },
    ];
    let mut running = by_process();
    running.send(Msg::Up { mirror: Arc::new(mirror), restarted: false });
    running
}

#[test]
fn live() {
    at_every_size("computed", computing);
}

#[test]
fn connections() {
    at_every_size("computed-connections", || {
        let mut running = computing();
        typed(&mut running, "3");
        running.send(answer());
        running
    });
}

#[test]
fn a_ledger_that_cannot_be_says_why() {
    at_every_size("computed-ledger", || {
        let mut running = computing();
        typed(&mut running, "L");
        let ledger = Ledger { missing: Some("no packet is counted".into()), ..Ledger::default() };
        running.send(Msg::Answer(Answer::Ledger(Arc::new(ledger))));
        running
    });
    let mut unanswered = computing();
    typed(&mut unanswered, "L");
    let screen = shown(&mut unanswered, (80, 24));
    assert!(screen.contains("There is no ledger here.") && screen.contains("--counting exact"), "{screen}");
}

#[test]
fn the_help_tells_how_it_is_counted_and_what_became_of_every_rung() {
    at_every_size("computed-help", || {
        let mut running = computing();
        typed(&mut running, "?G");
        running
    });
    let mut running = computing();
    typed(&mut running, "?");
    let screen = shown(&mut running, (86, 150));
    for words in [
        "an estimate, see",
        "wire bytes are computed from the sockets' own counters",
        "--engine tracepoints refused, exact: how tracepoints counts – the kernel's words",
        "--engine fentry      in use",
        "--engine packets     not tried",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn what_is_counted_exactly_is_not_marked() {
    let screen = shown(&mut by_process(), (120, 40));
    assert!(!screen.contains('~') && !screen.contains("computed"), "{screen}");
}

#[test]
fn a_filter_for_connections_is_refused_where_rows_are_processes() {
    let mut running = by_process();
    typed(&mut running, "/fire !port:443");
    let screen = shown(&mut running, (120, 40));
    assert!(screen.contains("port: filters connections, not processes; 3 shows connections"), "{screen}");
    assert!(screen.contains("Web Content"), "the rows of what was understood stay");
}
