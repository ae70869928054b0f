//! Which ways of counting this machine allows, as far as can be told without trying: what trying would need is root.

use super::{
    BTF, CAP_NET_RAW, CONFIDENTIALITY, Facts, MOUNT_CGROUP, OUTSIDE, UNLOCK, cgroup2, missing, set, version,
};
use crate::commands::doctor::check::{Check, Verdict};

/// What stands against one way of counting.
#[derive(Debug, Default)]
struct Outlook {
    /// What it lacks, and what would give it that.
    obstacles: Vec<(String, String)>,
    /// What could not be looked up, or is known only after trying.
    doubts: Vec<String>,
}

type Rung = (&'static str, &'static str, fn(&Facts) -> Outlook);

/// Name, what it does, and what stands against it: best first, as the daemon tries them.
const RUNGS: [Rung; 3] = [
    ("tracepoints", "each packet, and who uses a socket by BTF tracepoints: exact", tracepoints),
    ("fentry", "each packet, and who uses a socket by fentry: exact", fentry),
    ("packets", "copies of packets, compared with the kernel's list of sockets: sampled", packets),
];

/// A check for each way of counting, and a failure when none is left.
pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let outlooks = RUNGS.map(|(name, about, look)| (name, about, look(facts)));
    let best = outlooks.iter().position(|(.., outlook)| outlook.obstacles.is_empty());
    let mut checks: Vec<Check> = outlooks
        .iter()
        .enumerate()
        .map(|(at, (name, about, outlook))| check(name, about, outlook, at, best))
        .collect();
    if best.is_none() {
        let found = "nothing can count here: every way lacks something";
        checks.push(Check::failed("rungs", found, "see what each of them lacks above"));
    }
    checks
}

fn check(name: &str, about: &str, outlook: &Outlook, at: usize, best: Option<usize>) -> Check {
    let with_doubts = |found: String| {
        let doubts = outlook.doubts.iter().cloned();
        std::iter::once(found).chain(doubts).collect::<Vec<_>>().join("; ")
    };
    let try_it = format!("to see:   sudo bwusaged --engine {name}");
    let (verdict, found, fix) = match outlook.obstacles.as_slice() {
        [] if best == Some(at) => {
            let found = with_doubts(format!("should count here: {about}"));
            (Verdict::Ok, found, "start it, it takes the best that works:   sudo bwusaged".into())
        }
        [] => (Verdict::Note, with_doubts(format!("should work, where no better one does: {about}")), try_it),
        obstacles => {
            let lacks: Vec<&str> = obstacles.iter().map(|(lacks, _)| lacks.as_str()).collect();
            let fixes: Vec<&str> = obstacles.iter().map(|(_, fix)| fix.as_str()).collect();
            // Both that count each packet are equals: it is a loss when neither can.
            let is_loss = best.is_none_or(|best| best == RUNGS.len() - 1);
            let verdict = if is_loss { Verdict::Warning } else { Verdict::Note };
            (verdict, format!("cannot count here: {}", lacks.join(", ")), fixes.join("\n"))
        }
    };
    Check { id: format!("rung {name}").into(), verdict, found, fix: Some(fix) }
}

fn tracepoints(facts: &Facts) -> Outlook {
    let mut outlook = bpf(facts);
    match facts.names {
        Some(names) if !names.socket_tracepoints => {
            outlook.lacks("the kernel has no tracepoint sock_send_length", "boot Linux 6.3 or newer");
        }
        Some(_) => {}
        None => outlook.doubts.push("whether the kernel has sock_send_length could not be looked up".into()),
    }
    outlook
}

fn fentry(facts: &Facts) -> Outlook {
    let mut outlook = bpf(facts);
    match facts.release.as_deref().and_then(|release| version(release.trim())) {
        Some(version) if version < (5, 12) => {
            outlook.lacks("the kernel is older than 5.12", "boot Linux 5.12 or newer");
        }
        Some(_) => {}
        None => outlook.doubts.push("the release of the kernel is not known".into()),
    }
    if facts.names.is_some_and(|names| !names.direct_calls) {
        outlook.lacks(
            "the kernel has nothing that BPF trampolines could hang on",
            "boot a kernel built with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y",
        );
    }
    if is_off(facts.ftrace_enabled.as_deref()) {
        outlook.lacks("kernel.ftrace_enabled is 0", "sudo sysctl kernel.ftrace_enabled=1");
    }
    if is_off(facts.jit.as_deref()) {
        outlook.lacks("net.core.bpf_jit_enable is 0", "sudo sysctl net.core.bpf_jit_enable=1");
    }
    outlook.doubts.push("some kernels refuse trampolines all the same, which only trying tells".into());
    outlook
}

fn packets(facts: &Facts) -> Outlook {
    let mut outlook = Outlook::default();
    match set(facts.status.as_deref(), "CapBnd:") {
        Some(bounding) if bounding & CAP_NET_RAW == 0 => {
            outlook.lacks("even root lacks CAP_NET_RAW here (a container?)", OUTSIDE);
        }
        Some(_) => {}
        None => outlook.doubts.push("/proc/self/status does not tell the capabilities".into()),
    }
    outlook
}

/// What both ways with BPF need.
fn bpf(facts: &Facts) -> Outlook {
    let mut outlook = Outlook::default();
    if !facts.has_btf {
        let fix = "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y";
        outlook.lacks(&format!("the kernel's types are not described ({BTF})"), fix);
    }
    match facts.mounts.as_deref() {
        Some(mounts) if cgroup2(mounts).is_none() => outlook.lacks("cgroup v2 is not mounted", MOUNT_CGROUP),
        Some(_) => {}
        None => outlook.doubts.push("/proc/self/mounts cannot be read".into()),
    }
    if facts.lockdown.as_deref().is_some_and(|lockdown| lockdown.contains(CONFIDENTIALITY)) {
        outlook.lacks("the kernel is locked down for confidentiality", UNLOCK);
    }
    match set(facts.status.as_deref(), "CapBnd:").map(missing) {
        Some(missing) if !missing.is_empty() => {
            outlook.lacks(&format!("even root lacks {} here (a container?)", missing.join(", ")), OUTSIDE);
        }
        Some(_) => {}
        None => outlook.doubts.push("/proc/self/status does not tell the capabilities".into()),
    }
    outlook
}

fn is_off(setting: Option<&str>) -> bool {
    setting.is_some_and(|setting| setting.trim() == "0")
}

impl Outlook {
    fn lacks(&mut self, what: &str, fix: &str) {
        self.obstacles.push((what.into(), fix.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Names,
            tests::{CONTAINER, healthy},
        },
        *,
    };

    fn verdicts(facts: &Facts) -> Vec<Verdict> {
        judge(facts).iter().map(|check| check.verdict).collect()
    }

    fn rung(facts: &Facts, name: &str) -> Check {
        let id = format!("rung {name}");
        judge(facts).into_iter().find(|check| check.id == id).expect("every rung is judged")
    }

    #[test]
    fn on_a_new_kernel_the_best_one_should_count_and_each_says_what_to_type() {
        let checks = judge(&healthy());
        assert_eq!(
            checks.iter().map(|check| check.verdict).collect::<Vec<_>>(),
            [Verdict::Ok, Verdict::Note, Verdict::Note]
        );
        let next = checks.iter().map(|check| check.fix.as_deref().unwrap_or_default().to_owned());
        let next: Vec<String> = next.map(|fix| fix.rsplit("   ").next().unwrap_or_default().into()).collect();
        assert_eq!(
            next,
            ["sudo bwusaged", "sudo bwusaged --engine fentry", "sudo bwusaged --engine packets"]
        );
    }

    #[test]
    fn without_the_tracepoints_fentry_is_as_good() {
        let names = Some(Names { socket_tracepoints: false, direct_calls: true });
        let facts = Facts { release: Some("6.1.0-44-amd64\n".into()), names, ..healthy() };
        assert_eq!(verdicts(&facts), [Verdict::Note, Verdict::Ok, Verdict::Note]);
        let tracepoints = rung(&facts, "tracepoints");
        assert!(tracepoints.found.contains("sock_send_length"), "{tracepoints:?}");
        assert_eq!(tracepoints.fix.as_deref(), Some("boot Linux 6.3 or newer"));
    }

    #[test]
    fn an_old_kernel_and_a_container_are_left_with_packets_and_are_told_what_they_lose() {
        let names = Some(Names { socket_tracepoints: false, direct_calls: true });
        let old = Facts { release: Some("5.10.0-30-amd64\n".into()), names, ..healthy() };
        let container = Facts { status: Some(CONTAINER.into()), ..healthy() };
        for facts in [old, container] {
            assert_eq!(verdicts(&facts), [Verdict::Warning, Verdict::Warning, Verdict::Ok]);
        }
    }

    #[test]
    fn trampolines_need_direct_calls_and_the_settings_for_them() {
        let without = Some(Names { socket_tracepoints: true, direct_calls: false });
        for (facts, fix) in [
            (Facts { names: without, ..healthy() }, "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"),
            (Facts { ftrace_enabled: Some("0\n".into()), ..healthy() }, "sysctl kernel.ftrace_enabled=1"),
            (Facts { jit: Some("0\n".into()), ..healthy() }, "sysctl net.core.bpf_jit_enable=1"),
        ] {
            let check = rung(&facts, "fentry");
            assert!(check.found.starts_with("cannot"), "{check:?}");
            assert!(check.fix.as_deref().is_some_and(|found| found.contains(fix)), "{check:?}");
        }
    }

    #[test]
    fn everything_that_bpf_lacks_is_named_at_once() {
        let facts = Facts {
            has_btf: false,
            mounts: Some(String::new()),
            lockdown: Some("none integrity [confidentiality]\n".into()),
            ..healthy()
        };
        let check = rung(&facts, "tracepoints");
        for lacked in ["types", "cgroup v2", "confidentiality"] {
            assert!(check.found.contains(lacked), "{lacked}: {check:?}");
        }
        assert_eq!(check.fix.as_deref().map(|fix| fix.lines().count()), Some(3));
    }

    #[test]
    fn where_nothing_is_left_that_is_a_failure() {
        let bare = "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n";
        let facts = Facts { status: Some(bare.into()), ..healthy() };
        assert_eq!(verdicts(&facts).last(), Some(&Verdict::Failed));
    }

    #[test]
    fn what_cannot_be_looked_up_is_said_and_not_guessed() {
        let check = rung(&Facts { names: None, ..healthy() }, "tracepoints");
        assert!(check.found.contains("could not be looked up"), "{check:?}");
    }
}
