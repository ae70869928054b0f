//! Names, decoded from what the kernel side wrote. Everything in here was chosen by the process itself.

use std::fs;

use bwusage_proto::process::{ProcessId, UserId};

use super::layout::{IDENTITY_ARGS_CUT, IDENTITY_EXE_CUT, RawIdentity};
use crate::{
    engine::Identity,
    host::{
        id_of,
        identity::{command_line, split, text},
    },
};

/// What the kernel side wrote, as text; `booted_at_unix_ms` dates the start.
pub(super) fn decode(raw: &RawIdentity, process: ProcessId, booted_at_unix_ms: u64) -> Identity {
    let exe_at = usize::from(raw.exe_at).min(raw.exe.len());
    let exe = until_nul(&raw.exe[exe_at..]);
    let arguments = &raw.args[..usize::from(raw.args_len).min(raw.args.len())];
    Identity {
        name: text(until_nul(&raw.comm)),
        exe: (!exe.is_empty())
            .then(|| if raw.flags & IDENTITY_EXE_CUT == 0 { text(exe) } else { format!("…{}", text(exe)) }),
        command_line: split(arguments),
        parent: (raw.parent != 0).then_some(raw.parent),
        user: Some(UserId::Uid(raw.uid)),
        // Field 22 of /proc/PID/stat counts ticks of 10 ms since boot.
        started_at_unix_ms: Some(booted_at_unix_ms + process.start_time.0 * 10),
        ..Identity::default()
    }
}

/// Fills in what did not fit, from `/proc`, if the process still lives.
pub(super) fn complete(identity: &mut Identity, raw: &RawIdentity, process: ProcessId) {
    if raw.flags & (IDENTITY_ARGS_CUT | IDENTITY_EXE_CUT) == 0 {
        return;
    }
    let dir = format!("/proc/{}", process.pid);
    let exe = fs::read_link(format!("{dir}/exe")).ok();
    let arguments = command_line(process.pid);
    // Checked after reading: only if the number is still this process's were those its own.
    if id_of(process.pid) != Some(process) {
        return;
    }
    if let (Some(exe), true) = (exe, raw.flags & IDENTITY_EXE_CUT != 0) {
        identity.exe = Some(exe.to_string_lossy().into_owned());
    }
    if arguments.is_some() {
        identity.command_line = arguments;
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(comm: &[u8], exe: &[u8], args: &[u8]) -> RawIdentity {
        let mut raw = RawIdentity {
            cgroup: 0,
            parent: 7,
            uid: 1000,
            netns: 0,
            flags: 0,
            exe_at: (511 - exe.len()) as u16,
            args_len: args.len() as u16,
            pad: 0,
            comm: [0; 16],
            exe: [0; 512],
            guard: [0; 128],
            args: [0; 256],
        };
        raw.comm[..comm.len()].copy_from_slice(comm);
        raw.exe[511 - exe.len()..511].copy_from_slice(exe);
        raw.args[..args.len()].copy_from_slice(args);
        raw
    }

    #[test]
    fn names_are_decoded_as_written() {
        let raw = raw(b"curl", b"/usr/bin/curl", b"curl\0-o\0\0x\0");
        let identity = decode(&raw, ProcessId::new(1, 250), 1_000);
        assert_eq!((identity.name.as_str(), identity.exe.as_deref()), ("curl", Some("/usr/bin/curl")));
        assert_eq!(identity.command_line.unwrap(), ["curl", "-o", "", "x"]);
        assert_eq!((identity.parent, identity.user), (Some(7), Some(UserId::Uid(1000))));
        assert_eq!(identity.started_at_unix_ms, Some(3_500));
    }

    #[test]
    fn bytes_that_are_no_text_and_lengths_that_lie_do_no_harm() {
        let mut raw = raw(b"\xff\xfe\x1b[2J", b"", b"");
        (raw.exe_at, raw.args_len) = (u16::MAX, u16::MAX);
        let identity = decode(&raw, ProcessId::new(1, 0), 0);
        assert_eq!((identity.name.as_str(), identity.exe), ("\u{fffd}\u{fffd}\u{1b}[2J", None));
    }

    #[test]
    fn a_path_that_did_not_fit_says_so() {
        let mut raw = raw(b"x", b"/deep/x", b"");
        raw.flags = IDENTITY_EXE_CUT;
        assert_eq!(decode(&raw, ProcessId::new(1, 0), 0).exe.as_deref(), Some("…/deep/x"));
    }
}
