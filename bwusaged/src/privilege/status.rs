//! What the kernel says about this process's rights: `/proc/self/status` (proc_pid_status(5)).

use std::fs;

/// Names of capabilities by number (`linux/capability.h`).
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];
/// More than these are not worth a list.
const FEW: u32 = 6;

/// What is read of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The effective user.
    pub(super) uid: u32,
    /// Capabilities that it has or may take.
    pub(super) permitted: u64,
    pub(super) threads: u32,
}

/// Of this process.
pub(super) fn read() -> Option<Status> {
    parse(&fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(text: &str) -> Option<Status> {
    let line =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    Some(Status {
        // Real, effective, saved, file system.
        uid: line("Uid")?.split_ascii_whitespace().nth(1)?.parse().ok()?,
        permitted: u64::from_str_radix(line("CapPrm")?, 16).ok()?,
        threads: line("Threads")?.parse().ok()?,
    })
}

impl Status {
    /// For people; `user` is what the user is called.
    pub(super) fn describe(&self, user: &str) -> String {
        let count = self.permitted.count_ones();
        let names: Vec<_> = (0..64)
            .filter(|bit| self.permitted >> bit & 1 == 1)
            .filter_map(|bit| NAMES.get(bit))
            .copied()
            .collect();
        match count {
            0 => format!("user {user} without any capability"),
            1..=FEW => format!("user {user} with {}", names.join(", ")),
            _ => format!("user {user} with {count} capabilities"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Name:\tUid:\nUid:\t0\t65534\t65534\t65534\nThreads:\t1\nCapInh:\t1\nCapPrm:\t0000000000080004\n";

    #[test]
    fn the_effective_user_and_what_it_may_are_read() {
        let status = parse(TEXT).unwrap();
        assert_eq!(status, Status { uid: 65534, permitted: 0x8_0004, threads: 1 });
        assert_eq!(
            status.describe("nobody (65534)"),
            "user nobody (65534) with CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE"
        );
    }

    #[test]
    fn none_and_many_are_said_in_a_word() {
        let of = |permitted| Status { uid: 0, permitted, threads: 1 }.describe("x");
        assert_eq!(of(0), "user x without any capability");
        assert_eq!(of(u64::MAX >> 23), "user x with 41 capabilities");
    }

    #[test]
    fn a_text_without_these_lines_says_nothing() {
        assert_eq!(parse("Uid:\t0\n"), None);
    }
}
