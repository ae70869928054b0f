//! What a process is, from `/proc`. Everything in here was chosen by the process itself.

use std::{
    fs::{self, File},
    io::Read as _,
    time::{SystemTime, UNIX_EPOCH},
};

use bwusage_proto::process::{Pid, ProcessId, UserId};
use rustix::time::{ClockId, clock_gettime};

use super::listing::{cgroup_of_number, has_terminal};
use crate::engine::Identity;

/// The longest command line that is read from `/proc`.
const MAX_COMMAND_LINE_BYTES: u64 = 16 * 1024;
/// What Linux appends to the path of a program whose file was removed or replaced.
const DELETED: &str = " (deleted)";

/// What a process is, from `/proc` alone; `None` when it has ended. `process` tells it from a later one with its number.
pub(crate) fn of_living(process: ProcessId) -> Option<Identity> {
    let dir = format!("/proc/{}", process.pid);
    let status = fs::read(format!("{dir}/status")).ok()?;
    let name = name_of(process.pid)?;
    let exe = fs::read_link(format!("{dir}/exe")).ok();
    let command_line = command_line(process.pid);
    let cgroup = cgroup_of_number(process.pid);
    // Asked last: only if the number is still this process's was all of it its own.
    let terminal = has_terminal(process)?;
    let status = String::from_utf8_lossy(&status);
    let number = |field: &str, at: usize| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_ascii_whitespace().nth(at)?.parse().ok()
    };
    let exe = exe.map(|exe| exe.to_string_lossy().into_owned());
    Some(Identity {
        name,
        exe: exe.map(|exe| exe.strip_suffix(DELETED).map_or(exe.clone(), Into::into)),
        command_line,
        parent: number("PPid:", 0).filter(|&parent| parent != 0),
        // Real, effective, saved, of the file system.
        user: number("Uid:", 1).map(UserId::Uid),
        started_at_unix_ms: Some(booted_at_unix_ms() + process.start_time.0 * 10),
        cgroup,
        terminal: Some(terminal),
        ..Identity::default()
    })
}

/// The short name of the process that has the number `pid` now.
pub(crate) fn name_of(pid: Pid) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(text(name.strip_suffix(b"\n").unwrap_or(&name)))
}

/// The arguments of the process that has the number `pid` now, where it has any.
pub(crate) fn command_line(pid: Pid) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let file = File::open(format!("/proc/{pid}/cmdline")).ok()?;
    file.take(MAX_COMMAND_LINE_BYTES).read_to_end(&mut arguments).ok()?;
    split(&arguments)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments are NUL separated; the last NUL ends the last one.
pub(crate) fn split(arguments: &[u8]) -> Option<Vec<String>> {
    let arguments = arguments.strip_suffix(b"\0").unwrap_or(arguments);
    (!arguments.is_empty()).then(|| arguments.split(|&byte| byte == 0).map(text).collect())
}

/// `btime` of `/proc/stat` has whole seconds only; the two clocks have milliseconds.
pub(crate) fn booted_at_unix_ms() -> u64 {
    let since_boot = clock_gettime(ClockId::Boottime);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    now_ms.saturating_sub(since_boot.tv_sec as u64 * 1000 + since_boot.tv_nsec as u64 / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::id_of;

    #[test]
    fn a_living_process_is_described_by_proc_and_another_with_its_number_is_not() {
        let own = id_of(std::process::id()).unwrap();
        let identity = of_living(own).unwrap();
        assert_eq!(identity.exe.map(Into::into), std::env::current_exe().ok());
        assert_eq!(identity.command_line.unwrap()[0], std::env::args().next().unwrap());
        assert_eq!(identity.parent, Some(std::os::unix::process::parent_id()));
        assert!(!identity.name.is_empty() && identity.user.is_some() && identity.cgroup.is_some());
        assert_eq!(identity.terminal, has_terminal(own));
        assert_eq!(of_living(ProcessId::new(own.pid, own.start_time.0 + 1)), None);
    }
}
