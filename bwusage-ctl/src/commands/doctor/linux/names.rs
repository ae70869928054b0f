//! What the kernel's type information names. Everybody may read it, so nothing has to be tried.

use std::{fs, path::Path};

use super::BTF;

/// Whether what the ways of counting hang on is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Names {
    /// Tracepoints at every send and receive: Linux 6.3 and newer.
    pub(super) socket_tracepoints: bool,
    /// What BPF trampolines hang on: functions of the kernel that call them directly.
    pub(super) direct_calls: bool,
}

/// The types of the handlers of tracepoints, by which BTF knows these.
const TRACEPOINTS: [&[u8]; 2] = [b"btf_trace_sock_send_length", b"btf_trace_sock_recv_length"];
/// Only where the kernel is built with `CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS`.
const DIRECT_CALLS: &[u8] = b"register_ftrace_direct";

/// Where tracefs shows the events of sockets, to root.
const EVENTS: &str = "/sys/kernel/tracing/events/sock";

impl Names {
    /// Reads the type information; where that cannot be read, asks tracefs for the tracepoints at least.
    pub(super) fn look_up() -> Option<Self> {
        fs::read(BTF).ok().map_or_else(|| Self::in_tracefs(Path::new(EVENTS)), |btf| Some(Self::in_btf(&btf)))
    }

    /// Names stand in one block, each ended by a zero.
    fn in_btf(btf: &[u8]) -> Self {
        let (mut tracepoints, mut direct_calls) = ([false; 2], false);
        for name in btf.split(|&byte| byte == 0) {
            for (found, wanted) in tracepoints.iter_mut().zip(TRACEPOINTS) {
                *found |= name == wanted;
            }
            direct_calls |= name == DIRECT_CALLS;
        }
        Self { socket_tracepoints: tracepoints == [true; 2], direct_calls }
    }

    /// Direct calls leave no trace there: they come with the tracepoints on the kernels that hide their types.
    fn in_tracefs(events: &Path) -> Option<Self> {
        let there = |event: &str| events.join(event).exists();
        events.exists().then(|| {
            let socket_tracepoints = there("sock_send_length") && there("sock_recv_length");
            Self { socket_tracepoints, direct_calls: true }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole_or_not_at_all() {
        let btf =
            b"\x9f\xeb\0btf_trace_sock_send_length\0btf_trace_sock_recv_length\0register_ftrace_direct\0x\0";
        assert_eq!(Names::in_btf(btf), Names { socket_tracepoints: true, direct_calls: true });
        let other =
            b"\0btf_trace_sock_send_length\0btf_trace_sock_recv_length_old\0unregister_ftrace_direct\0";
        assert_eq!(Names::in_btf(other), Names { socket_tracepoints: false, direct_calls: false });
    }

    #[test]
    fn tracefs_tells_of_tracepoints_where_it_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Names::in_tracefs(&folder.path().join("hidden")), None);
        assert!(Names::in_tracefs(folder.path()).is_some_and(|names| !names.socket_tracepoints));
        for event in ["sock_send_length", "sock_recv_length"] {
            fs::create_dir(folder.path().join(event)).unwrap();
        }
        assert!(Names::in_tracefs(folder.path()).is_some_and(|names| names.socket_tracepoints));
    }
}
