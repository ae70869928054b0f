//! The ways of counting as the running daemon tells them, and what the other counting mode would change.

use bwusage_proto::snapshot::{Coverage, Rung, RungState};

use super::check::Check;

/// A check for each way of counting, best first, and one for the counting mode; none for a recording.
pub(super) fn checks(coverage: &Coverage) -> Vec<Check> {
    let mut checks: Vec<Check> = coverage.rungs.iter().map(|rung| check(rung, &coverage.rungs)).collect();
    if !coverage.rungs.is_empty() {
        checks.extend(counting(&coverage.quality));
    }
    checks
}

fn check(rung: &Rung, all: &[Rung]) -> Check {
    let Rung { name, about, quality, detail, remedy, .. } = rung;
    let id = format!("rung {name}");
    let why = detail.as_deref().unwrap_or("the daemon does not say why");
    let try_it = || format!("to try nothing else:   sudo bwusaged --engine {name}");
    match rung.state {
        RungState::InUse => Check::ok(id, format!("counts here, {quality}: {about}")),
        RungState::NotTried => {
            Check::note(id, format!("not tried ({why}); would be {quality}: {about}"), Some(try_it()))
        }
        RungState::Refused => {
            let found = format!("refused: {why}");
            let remedy = remedy.clone().unwrap_or_else(try_it);
            // It is a loss only where what counts instead knows less.
            let in_use = all.iter().find(|rung| rung.state == RungState::InUse);
            if in_use.is_some_and(|in_use| in_use.quality == *quality) {
                Check::note(id, found, Some(remedy))
            } else {
                Check::warning(id, found, remedy)
            }
        }
    }
}

/// What the other mode would change. Figures are processor time of an operation over loopback, where nothing else costs
/// anything, on Linux 6.18: see BENCHMARKS.md.
fn counting(quality: &str) -> Option<Check> {
    const ID: &str = "counting";
    const EXACT: &str = "\
a program runs for each packet: about 14 % of the time of a TCP stream, 18 % of small requests, 21 % of short connections, \
27 % of datagrams
knows each packet: wire bytes and packets to the byte, rows for the kernel's own traffic, a ledger of each interface";
    const LIGHT: &str = "\
no program runs for a packet: about 1.5 % of the time of a TCP stream, 7 % of small requests, 14 % of short connections, \
15 % of datagrams
wire bytes become computed: payload stays exact, mostly within 0.02 % (before Linux 6.11 0.3 %, and 1.3 % where 5 % of packets are lost), \
datagrams from the calls
no rows for the kernel's own traffic, no ledger of interfaces, no names of remote hosts from DNS answers";
    let how = |mode: &str, changes: &str| {
        format!(
            "{changes}\nto change it:   sudo bwusaged --counting {mode}   (or counting = \"{mode}\" in /etc/bwusage/bwusaged.toml)"
        )
    };
    let (found, fix) = match quality {
        "exact" => ("exact: each packet is counted. With \"light\" instead:", how("light", LIGHT)),
        "computed" => (
            "light: wire bytes are computed from the sockets' own counters. With \"exact\" instead:",
            how("exact", EXACT),
        ),
        _ => return None,
    };
    Some(Check::note(ID, found, Some(fix)))
}

#[cfg(test)]
mod tests {
    use super::{super::check::Verdict, *};

    fn rung(name: &str, quality: &str, state: RungState, detail: Option<&str>) -> Rung {
        Rung {
            name: name.into(),
            about: format!("how {name} counts"),
            quality: quality.into(),
            state,
            detail: detail.map(Into::into),
            remedy: (state == RungState::Refused).then(|| "boot another kernel".into()),
        }
    }

    fn coverage(quality: &str, rungs: Vec<Rung>) -> Coverage {
        Coverage { quality: quality.into(), rungs, ..Coverage::default() }
    }

    fn found<'a>(checks: &'a [Check], id: &str) -> &'a Check {
        checks.iter().find(|check| check.id == id).expect("there is such a check")
    }

    #[test]
    fn each_rung_is_explained_with_the_kernels_words_and_a_way_to_change_it() {
        let checks = checks(&coverage(
            "exact",
            vec![
                rung("tracepoints", "exact", RungState::Refused, Some("no sock_send_length")),
                rung("fentry", "exact", RungState::InUse, None),
                rung("packets", "sampled", RungState::NotTried, Some("a better one counts")),
            ],
        ));
        let refused = found(&checks, "rung tracepoints");
        assert_eq!((refused.verdict, refused.fix.as_deref()), (Verdict::Note, Some("boot another kernel")));
        assert_eq!(refused.found, "refused: no sock_send_length");
        let used = found(&checks, "rung fentry");
        assert_eq!(
            (used.verdict, used.found.as_str()),
            (Verdict::Ok, "counts here, exact: how fentry counts")
        );
        let packets = found(&checks, "rung packets");
        assert_eq!(packets.found, "not tried (a better one counts); would be sampled: how packets counts");
        assert!(packets.fix.as_deref().is_some_and(|fix| fix.ends_with("sudo bwusaged --engine packets")));
    }

    #[test]
    fn a_refusal_that_costs_exactness_is_a_warning() {
        let checks = checks(&coverage(
            "sampled",
            vec![
                rung("tracepoints", "exact", RungState::Refused, None),
                rung("packets", "sampled", RungState::InUse, None),
            ],
        ));
        let refused = found(&checks, "rung tracepoints");
        assert_eq!(
            (refused.verdict, refused.found.as_str()),
            (Verdict::Warning, "refused: the daemon does not say why")
        );
        assert!(checks.iter().all(|check| check.id != "counting"), "it has one mode only");
    }

    #[test]
    fn each_mode_tells_what_the_other_would_change() {
        let fix = |quality| {
            let rungs = vec![rung("tracepoints", quality, RungState::InUse, None)];
            found(&checks(&coverage(quality, rungs)), "counting").fix.clone().expect("something to type")
        };
        let (to_light, to_exact) = (fix("exact"), fix("computed"));
        for lost in ["--counting light", "computed", "payload stays exact", "no ledger", "kernel's own"] {
            assert!(to_light.contains(lost), "{lost}: {to_light}");
        }
        for gained in ["--counting exact", "each packet", "ledger of each interface", "kernel's own"] {
            assert!(to_exact.contains(gained), "{gained}: {to_exact}");
        }
    }

    #[test]
    fn a_recording_has_no_rungs_and_no_mode() {
        assert_eq!(checks(&coverage("recorded", Vec::new())), []);
    }
}
