//! What the daemon says about itself, or why it says nothing.

use bwusage_proto::{history::HistoryState, message::Status, transport::Endpoint, version::PACKAGE_VERSION};

use super::{check::Check, ladder};
use crate::failure::Failure;

pub(super) fn checks(endpoint: &Endpoint, answer: Result<&Status, &Failure>) -> Vec<Check> {
    let status = match answer {
        Ok(status) => status,
        Err(failure) => {
            let fix = failure.hints().join("\n");
            let fix = if fix.is_empty() { "try again:   bwusage-ctl status".into() } else { fix };
            return vec![Check::failed("daemon", failure.message(), fix)];
        }
    };
    let mut checks = vec![
        Check::ok("daemon", format!("bwusaged (pid {}) answers on {endpoint}", status.pid)),
        version(&status.version),
    ];
    checks.extend(engine(status));
    checks.extend(losses(status));
    checks.push(visibility(status));
    checks.extend(status.privilege.as_deref().map(privilege));
    checks.push(history(status.history.as_ref()));
    checks
}

/// Whether what is counted is stored.
fn history(state: Option<&HistoryState>) -> Check {
    const ID: &str = "history";
    match state {
        None => Check::note(
            ID,
            "nothing is remembered beyond the daemon's life",
            Some("set history = true in its configuration".into()),
        ),
        Some(HistoryState { fault: Some(fault), file, .. }) => {
            let fix = "what is counted is kept in memory meanwhile and stored once that is mended";
            Check::warning(ID, format!("{file}: {fault}"), fix)
        }
        Some(state) => Check::ok(ID, format!("what is counted is stored in {}", state.file)),
    }
}

/// What the daemon kept of root's rights. It begins with the user.
fn privilege(rights: &str) -> Check {
    let found = format!("the daemon runs as {rights}");
    let fix = match rights.split(' ').nth(1) {
        Some("root") => {
            "see the daemon's log for why it could not become another user; in a container, allow CAP_SETUID, CAP_SETGID and CAP_SETPCAP"
        }
        Some("nobody") => {
            "other programs run as nobody too; give the daemon an account of its own and restart it:   sudo useradd --system --no-create-home bwusage"
        }
        _ => return Check::ok("privilege", found),
    };
    if rights.starts_with("user root ") {
        return Check::warning("privilege", found, fix);
    }
    Check::note("privilege", found, Some(fix.into()))
}

fn version(daemon: &str) -> Check {
    if daemon == PACKAGE_VERSION {
        Check::ok("version", format!("daemon and client are both {daemon}"))
    } else {
        let found = format!("the daemon is {daemon}, this client {PACKAGE_VERSION}");
        Check::warning("version", found, "after an upgrade restart the daemon, so that the new version runs")
    }
}

fn engine(status: &Status) -> Vec<Check> {
    let coverage = &status.coverage;
    let found = format!("{} ({})", coverage.engine, coverage.quality);
    if coverage.is_recorded() {
        let fix = "start the daemon without --engine replay:FILE to count on this machine:   sudo bwusaged";
        return vec![Check::warning("engine", format!("{found}: not what happens on this machine now"), fix)];
    }
    let mut checks = vec![Check::ok("engine", found)];
    checks.extend(ladder::checks(coverage));
    for hook in &coverage.hooks {
        checks.push(if hook.attached {
            Check::ok("hook", format!("{}: {}", hook.name, hook.purpose))
        } else {
            let why = hook.detail.as_deref().unwrap_or("the daemon does not say why");
            let found = format!("{} is not attached ({}): {why}", hook.name, hook.purpose);
            Check::warning("hook", found, "another hook may do its work: see what cannot be seen below")
        });
    }
    if !coverage.hooks.is_empty() && coverage.hooks.iter().all(|hook| !hook.attached) {
        checks.push(Check::failed(
            "hooks",
            "nothing is attached, so nothing is counted",
            "see the checks of this machine",
        ));
    }
    checks.extend(coverage.blind_spots.iter().map(|spot| Check::note("blind spot", spot, None)));
    checks
}

fn losses(status: &Status) -> Vec<Check> {
    let mut checks: Vec<Check> = status
        .losses
        .iter()
        .filter(|loss| loss.events > 0)
        .map(|loss| {
            let fix = "the bytes are in the totals of the machine, not of a process: restart the daemon to start anew";
            Check::warning("losses", format!("{} ({} times)", loss.what, loss.events), fix)
        })
        .collect();
    if checks.is_empty() {
        checks.push(Check::ok("losses", "every update was counted"));
    }
    if status.late_ticks > 0 {
        let found = format!("{} of {} ticks came late", status.late_ticks, status.ticks);
        checks.push(Check::warning(
            "ticks",
            found,
            "no byte is lost by that; speeds are averages over a longer time",
        ));
    }
    checks
}

fn visibility(status: &Status) -> Check {
    let found = match status.you_see.as_str() {
        "all" => "you see everything".into(),
        "names" => "you see all processes and counters, and command lines of your own processes".into(),
        "own" => "you see your own processes; all others are one row".into(),
        other => format!("you see: {other}"),
    };
    if status.you_see == "all" {
        return Check::ok("visibility", found);
    }
    let fix = "to see everything, join the group and log in again:   sudo usermod -aG bwusage \"$USER\"";
    Check::note("visibility", found, Some(fix.into()))
}

#[cfg(test)]
mod tests {
    use std::io;

    use bwusage_proto::{
        client::ClientError,
        snapshot::{Coverage, Hook, Loss, Rung, RungState},
    };

    use super::{super::check::Verdict, *};

    fn status(quality: &str, attached: &[bool]) -> Status {
        let hook = |&attached: &bool| Hook {
            name: "tp_btf/x".into(),
            purpose: "payload".into(),
            attached,
            detail: (!attached).then(|| "no such tracepoint".into()),
        };
        Status {
            version: PACKAGE_VERSION.into(),
            pid: 7,
            uptime_ms: 1,
            interval_ms: 1000,
            ticks: 10,
            late_ticks: 0,
            self_cpu_ms: None,
            self_rss_bytes: None,
            connections: 1,
            subscriptions: 0,
            rows: 1,
            visibility: "names".into(),
            you_see: "names".into(),
            coverage: Coverage {
                engine: "eBPF".into(),
                quality: quality.into(),
                hooks: attached.iter().map(hook).collect(),
                blind_spots: Vec::new(),
                rungs: Vec::new(),
            },
            losses: Vec::new(),
            ledger: None,
            privilege: None,
            history: Some(HistoryState::default()),
        }
    }

    fn verdicts(answer: Result<&Status, &Failure>) -> Vec<(String, Verdict)> {
        let checks = checks(&Endpoint::new("/s"), answer);
        checks.into_iter().map(|check| (check.id.into_owned(), check.verdict)).collect()
    }

    #[test]
    fn a_healthy_daemon_passes_every_check() {
        let mut status = status("exact", &[true]);
        status.you_see = "all".into();
        let expected = ["daemon", "version", "engine", "hook", "losses", "visibility", "history"]
            .map(|id| (id.to_owned(), Verdict::Ok));
        assert_eq!(verdicts(Ok(&status)), expected);
    }

    #[test]
    fn a_missing_hook_says_why_and_none_at_all_is_a_failure() {
        let some = checks(&Endpoint::new("/s"), Ok(&status("exact", &[true, false])));
        assert!(
            some.iter()
                .any(|check| check.verdict == Verdict::Warning && check.found.contains("no such tracepoint"))
        );
        assert!(verdicts(Ok(&status("exact", &[false]))).contains(&("hooks".into(), Verdict::Failed)));
    }

    #[test]
    fn who_does_not_see_everything_is_told_how_to() {
        let checks = checks(&Endpoint::new("/s"), Ok(&status("exact", &[true])));
        let visibility = checks.iter().find(|check| check.id == "visibility").unwrap();
        assert_eq!(visibility.verdict, Verdict::Note);
        assert!(visibility.fix.as_deref().is_some_and(|fix| fix.contains("usermod -aG bwusage")));
    }

    #[test]
    fn a_daemon_that_is_still_root_or_shares_its_account_is_told_of_a_better_one() {
        for (user, verdict) in
            [("bwusage", Verdict::Ok), ("nobody", Verdict::Note), ("root", Verdict::Warning)]
        {
            let check = privilege(&format!("user {user} (1) with CAP_BPF"));
            assert_eq!((check.verdict, check.fix.is_some()), (verdict, verdict != Verdict::Ok), "{user}");
        }
    }

    #[test]
    fn the_ways_of_counting_stand_behind_the_engine() {
        let mut status = status("exact", &[]);
        status.coverage.rungs = vec![Rung {
            name: "tracepoints".into(),
            about: "each packet".into(),
            quality: "exact".into(),
            state: RungState::InUse,
            detail: None,
            remedy: None,
        }];
        let ids: Vec<String> = verdicts(Ok(&status)).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids[2..5], ["engine", "rung tracepoints", "counting"]);
    }

    #[test]
    fn a_recording_is_not_taken_for_this_machine() {
        assert!(verdicts(Ok(&status("recorded", &[true]))).contains(&("engine".into(), Verdict::Warning)));
    }

    #[test]
    fn losses_late_ticks_and_another_version_are_told() {
        let mut status = status("exact", &[true]);
        status.version = "0.0.1".into();
        status.late_ticks = 2;
        status.losses =
            vec![Loss { what: "rows".into(), events: 3 }, Loss { what: "names".into(), events: 0 }];
        let warned: Vec<_> = verdicts(Ok(&status))
            .into_iter()
            .filter(|(_, verdict)| *verdict == Verdict::Warning)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(warned, ["version", "losses", "ticks"]);
    }

    #[test]
    fn a_daemon_that_is_not_there_is_one_failure_with_a_way_out() {
        let source = io::ErrorKind::NotFound.into();
        let failure = Failure::from(ClientError::Unreachable { endpoint: Endpoint::new("/s"), source });
        let checks = checks(&Endpoint::new("/s"), Err(&failure));
        assert_eq!(checks.len(), 1);
        assert!(checks[0].fix.as_deref().is_some_and(|fix| fix.contains("sudo bwusaged")));
    }
}
