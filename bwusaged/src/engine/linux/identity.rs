//! Names, decoded from what the kernel side wrote. Everything in here was chosen by the process itself.

use std::{fs, io::Read as _};

use bwusage_proto::process::{Pid, ProcessId, UserId};

use super::{
    layout::{IDENTITY_ARGS_CUT, IDENTITY_EXE_CUT, RawIdentity},
    loader::booted_at_unix_ms,
};
use crate::{
    engine::Identity,
    host::{cgroup_of, id_of},
};

/// The longest command line that is read from `/proc`.
const MAX_COMMAND_LINE_BYTES: u64 = 16 * 1024;

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
    let arguments = command_line(&dir);
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

/// What a process is, from `/proc` alone; `None` when it has ended. `process` tells it from a later one with its number.
pub(super) fn of_living(process: ProcessId) -> Option<Identity> {
    let dir = format!("/proc/{}", process.pid);
    let status = fs::read(format!("{dir}/status")).ok()?;
    let name = name_of(process.pid)?;
    let exe = fs::read_link(format!("{dir}/exe")).ok();
    let command_line = command_line(&dir);
    let cgroup = cgroup_of(process);
    // Checked after reading: only if the number is still this process's was all of it its own.
    if id_of(process.pid) != Some(process) {
        return None;
    }
    let status = String::from_utf8_lossy(&status);
    let number = |field: &str, at: usize| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_ascii_whitespace().nth(at)?.parse().ok()
    };
    Some(Identity {
        name,
        exe: exe.map(|exe| exe.to_string_lossy().into_owned()),
        command_line,
        parent: number("PPid:", 0).filter(|&parent| parent != 0),
        // Real, effective, saved, of the file system.
        user: number("Uid:", 1).map(UserId::Uid),
        started_at_unix_ms: Some(booted_at_unix_ms() + process.start_time.0 * 10),
        cgroup,
        ..Identity::default()
    })
}

/// The short name of the process that has the number `pid` now.
pub(super) fn name_of(pid: Pid) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(text(name.strip_suffix(b"\n").unwrap_or(&name)))
}

fn command_line(dir: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let file = fs::File::open(format!("{dir}/cmdline")).ok()?;
    file.take(MAX_COMMAND_LINE_BYTES).read_to_end(&mut arguments).ok()?;
    split(&arguments)
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments are NUL separated; the last NUL ends the last one.
fn split(arguments: &[u8]) -> Option<Vec<String>> {
    let arguments = arguments.strip_suffix(b"\0").unwrap_or(arguments);
    (!arguments.is_empty()).then(|| arguments.split(|&byte| byte == 0).map(text).collect())
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
    fn a_living_process_is_described_by_proc_and_another_with_its_number_is_not() {
        let own = id_of(std::process::id()).unwrap();
        let identity = of_living(own).unwrap();
        assert_eq!(identity.exe.map(Into::into), std::env::current_exe().ok());
        assert_eq!(identity.command_line.unwrap()[0], std::env::args().next().unwrap());
        assert_eq!(identity.parent, Some(std::os::unix::process::parent_id()));
        assert!(!identity.name.is_empty() && identity.user.is_some() && identity.cgroup.is_some());
        assert_eq!(of_living(ProcessId::new(own.pid, own.start_time.0 + 1)), None);
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
