//! What Linux allows: kernel, type information, control groups, lockdown, privileges, and with that which ways of counting.
//!
//! [`Facts::gather`] reads files, everything else only judges what they said.

use std::{fs, path::Path};

use super::check::Check;

mod names;
mod rungs;

use names::Names;

/// What the files say; `None` where one cannot be read.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// `/proc/sys/kernel/osrelease`
    release: Option<String>,
    has_btf: bool,
    /// What the kernel's type information names.
    names: Option<Names>,
    /// `/proc/sys/kernel/ftrace_enabled`
    ftrace_enabled: Option<String>,
    /// `/proc/sys/net/core/bpf_jit_enable`, which only root may read
    jit: Option<String>,
    /// `/proc/self/mounts`
    mounts: Option<String>,
    /// `/proc/sys/kernel/unprivileged_bpf_disabled`
    unprivileged_bpf: Option<String>,
    /// `/sys/kernel/security/lockdown`
    lockdown: Option<String>,
    /// `/proc/self/uid_map`
    uid_map: Option<String>,
    /// `/proc/self/status`
    status: Option<String>,
}

const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Numbers of capabilities, from `linux/capability.h`.
const CAP_NET_ADMIN: u64 = 1 << 12;
const CAP_NET_RAW: u64 = 1 << 13;
const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_PERFMON: u64 = 1 << 38;
const CAP_BPF: u64 = 1 << 39;

pub(super) fn checks(daemon_answers: bool) -> Vec<Check> {
    judge(&Facts::gather(), daemon_answers)
}

/// Each way of counting, best first, as far as can be told without trying.
pub(super) fn rungs() -> Vec<Check> {
    rungs::judge(&Facts::gather())
}

impl Facts {
    fn gather() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self {
            release: read("/proc/sys/kernel/osrelease"),
            has_btf: Path::new(BTF).exists(),
            names: Names::look_up(),
            ftrace_enabled: read("/proc/sys/kernel/ftrace_enabled"),
            jit: read("/proc/sys/net/core/bpf_jit_enable"),
            mounts: read("/proc/self/mounts"),
            unprivileged_bpf: read("/proc/sys/kernel/unprivileged_bpf_disabled"),
            lockdown: read("/sys/kernel/security/lockdown"),
            uid_map: read("/proc/self/uid_map"),
            status: read("/proc/self/status"),
        }
    }
}

fn judge(facts: &Facts, daemon_answers: bool) -> Vec<Check> {
    let mut checks = vec![
        kernel(facts.release.as_deref()),
        btf(facts.has_btf),
        cgroup(facts.mounts.as_deref()),
        unprivileged_bpf(facts.unprivileged_bpf.as_deref()),
        lockdown(facts.lockdown.as_deref()),
        namespace(facts.uid_map.as_deref()),
    ];
    // A daemon that answers has what it needed, and has given it up since.
    if !daemon_answers {
        checks.push(capabilities(facts.status.as_deref()));
    }
    checks
}

fn kernel(release: Option<&str>) -> Check {
    const ID: &str = "kernel";
    let Some(release) = release.map(str::trim) else {
        return Check::unknown(ID, "the kernel does not tell its release");
    };
    let Some(version) = version(release) else {
        return Check::unknown(ID, format!("the release {release} cannot be read"));
    };
    match version {
        (6, 3..) | (7.., _) => {
            Check::ok(ID, format!("Linux {release}: has the socket tracepoints (6.3 or newer)"))
        }
        (5, 12..) | (6, _) => Check::ok(ID, format!("Linux {release}: counts through fentry (before 6.3)")),
        _ => Check::warning(
            ID,
            format!("Linux {release} is too old to count each packet: only copies of packets are left"),
            "upgrade to Linux 5.12 or newer, best 6.3 or newer",
        ),
    }
}

/// Major and minor number of a release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn btf(has_btf: bool) -> Check {
    if has_btf {
        Check::ok("btf", format!("{BTF} describes the kernel's types"))
    } else {
        let fix = "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of the large distributions are";
        Check::warning("btf", format!("{BTF} is missing, so BPF cannot count"), fix)
    }
}

fn cgroup(mounts: Option<&str>) -> Check {
    const ID: &str = "cgroup";
    let Some(mounts) = mounts else { return Check::unknown(ID, "/proc/self/mounts cannot be read") };
    match cgroup2(mounts) {
        Some(point) => Check::ok(ID, format!("cgroup v2 is mounted on {point}")),
        None => Check::warning(
            ID,
            "cgroup v2 is not mounted, so no program can be hung on each packet",
            format!("{MOUNT_CGROUP}\nor boot with systemd.unified_cgroup_hierarchy=1"),
        ),
    }
}

const MOUNT_CGROUP: &str =
    "sudo mkdir -p /sys/fs/cgroup/unified && sudo mount -t cgroup2 none /sys/fs/cgroup/unified";

/// Where cgroup v2 is mounted.
fn cgroup2(mounts: &str) -> Option<&str> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let point = fields.nth(1)?;
        (fields.next() == Some("cgroup2")).then_some(point)
    })
}

fn unprivileged_bpf(value: Option<&str>) -> Check {
    const ID: &str = "unprivileged bpf";
    match value.map(str::trim) {
        Some("0") => {
            Check::ok(ID, "kernel.unprivileged_bpf_disabled = 0: open to all; bwusaged does not need that")
        }
        Some(value) => Check::ok(
            ID,
            format!(
                "kernel.unprivileged_bpf_disabled = {value}: closed to users; bwusaged starts with privileges"
            ),
        ),
        None => Check::unknown(
            ID,
            "kernel.unprivileged_bpf_disabled cannot be read: is this kernel built with CONFIG_BPF_SYSCALL?",
        ),
    }
}

/// The lockdown that forbids BPF to read kernel memory, as `/sys/kernel/security/lockdown` marks it.
const CONFIDENTIALITY: &str = "[confidentiality]";
const UNLOCK: &str = "boot with lockdown=integrity, or without it (Secure Boot alone does not ask for more)";

fn lockdown(value: Option<&str>) -> Check {
    const ID: &str = "lockdown";
    match value.map(str::trim) {
        Some(value) if value.contains(CONFIDENTIALITY) => Check::warning(
            ID,
            "the kernel is locked down for confidentiality, which forbids BPF to read it",
            UNLOCK,
        ),
        Some(value) => Check::ok(ID, format!("{value}: does not concern counting")),
        None => Check::ok(ID, "the kernel has none, or does not show it"),
    }
}

fn namespace(uid_map: Option<&str>) -> Check {
    const ID: &str = "namespace";
    let Some(map) = uid_map else { return Check::unknown(ID, "/proc/self/uid_map cannot be read") };
    if map.split_whitespace().eq(["0", "0", "4294967295"]) {
        Check::ok(ID, "the users of this shell are those of the machine")
    } else {
        let fix =
            "start bwusaged outside, on the machine itself; its socket can be mounted into the container";
        Check::warning(
            ID,
            "this is a user namespace (a rootless container?), in which nobody may load BPF programs",
            fix,
        )
    }
}

fn capabilities(status: Option<&str>) -> Check {
    const ID: &str = "capabilities";
    let (Some(effective), Some(bounding)) = (set(status, "CapEff:"), set(status, "CapBnd:")) else {
        return Check::unknown(ID, "/proc/self/status does not tell them");
    };
    if missing(bounding).is_empty() && missing(effective).is_empty() {
        return Check::ok(ID, "from here bwusaged can be started directly");
    }
    if missing(bounding).is_empty() {
        let found =
            format!("this shell lacks {}, which bwusaged needs at its start", missing(effective).join(", "));
        return Check::warning(ID, found, "start it with them:   sudo bwusaged");
    }
    let found = format!("even root lacks {} here (a container?)", missing(bounding).join(", "));
    Check::warning(ID, found, OUTSIDE)
}

const OUTSIDE: &str = "start bwusaged on the machine itself, or give the container these capabilities";

/// One of the sets of capabilities in `/proc/self/status`.
fn set(status: Option<&str>, name: &str) -> Option<u64> {
    let line = status?.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Which of the capabilities that loading and attaching takes are not in `set`.
fn missing(set: u64) -> Vec<&'static str> {
    let all = [("CAP_BPF", CAP_BPF), ("CAP_PERFMON", CAP_PERFMON), ("CAP_NET_ADMIN", CAP_NET_ADMIN)];
    // It stands for the newer two, and on most kernels for all of them.
    if set & CAP_SYS_ADMIN != 0 {
        return Vec::new();
    }
    all.into_iter().filter(|(_, bit)| set & bit == 0).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::check::Verdict, *};

    const ROOT: &str = "CapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n";
    const USER: &str = "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n";
    pub(super) const CONTAINER: &str = "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n";

    pub(super) fn healthy() -> Facts {
        Facts {
            release: Some("6.18.44-cloud-amd64\n".into()),
            has_btf: true,
            names: Some(Names { socket_tracepoints: true, direct_calls: true }),
            ftrace_enabled: Some("1\n".into()),
            jit: None,
            mounts: Some("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n".into()),
            unprivileged_bpf: Some("2\n".into()),
            lockdown: Some("[none] integrity confidentiality\n".into()),
            uid_map: Some("         0          0 4294967295\n".into()),
            status: Some(ROOT.into()),
        }
    }

    fn verdict(facts: &Facts, id: &str) -> Verdict {
        judge(facts, false).into_iter().find(|check| check.id == id).expect("every check is made").verdict
    }

    #[test]
    fn a_healthy_machine_passes_every_check() {
        for check in judge(&healthy(), false) {
            assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
        }
    }

    #[test]
    fn the_kernel_must_be_new_enough() {
        for (release, expected) in [
            ("6.3.0", Verdict::Ok),
            ("5.12.0-x", Verdict::Ok),
            ("5.10.0-30-amd64", Verdict::Warning),
            ("4.19.0", Verdict::Warning),
            ("7.0-rc1", Verdict::Ok),
            ("strange", Verdict::Unknown),
        ] {
            let facts = Facts { release: Some(release.into()), ..healthy() };
            assert_eq!(verdict(&facts, "kernel"), expected, "{release}");
        }
    }

    #[test]
    fn everything_that_forbids_counting_each_packet_is_a_warning_with_a_fix() {
        let broken = Facts {
            has_btf: false,
            mounts: Some("cgroup /sys/fs/cgroup/memory cgroup rw 0 0\n".into()),
            lockdown: Some("none integrity [confidentiality]\n".into()),
            status: Some(CONTAINER.into()),
            ..healthy()
        };
        for id in ["btf", "cgroup", "lockdown", "capabilities"] {
            assert_eq!(verdict(&broken, id), Verdict::Warning, "{id}");
        }
        assert!(
            judge(&broken, false).iter().all(|check| check.verdict == Verdict::Ok || check.fix.is_some())
        );
    }

    #[test]
    fn a_user_is_told_to_start_the_daemon_with_privileges() {
        let facts = Facts { status: Some(USER.into()), ..healthy() };
        let check = judge(&facts, false).pop().unwrap();
        assert_eq!(check.verdict, Verdict::Warning);
        assert!(check.found.contains("CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"), "{check:?}");
        assert!(judge(&facts, true).iter().all(|check| check.id != "capabilities"), "the daemon has them");
    }

    #[test]
    fn a_rootless_container_is_recognised() {
        let facts = Facts { uid_map: Some("0 1000 1\n".into()), ..healthy() };
        assert_eq!(verdict(&facts, "namespace"), Verdict::Warning);
    }

    #[test]
    fn what_cannot_be_read_is_never_called_good_or_bad() {
        for id in ["kernel", "cgroup", "unprivileged bpf", "namespace", "capabilities"] {
            assert_eq!(verdict(&Facts::default(), id), Verdict::Unknown, "{id}");
        }
    }

    #[test]
    fn this_machine_can_be_judged() {
        assert_eq!(checks(false).len(), 7);
    }
}
