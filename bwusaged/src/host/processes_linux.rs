//! The list of processes and what they use on Linux, read from `/proc` directly: `sysinfo` gives the start of a process in
//! seconds only and 0 for what it may not read, opens five files to measure a process where two tell it, takes a hundred times
//! as long to list them, and remembers what it has read of each.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, Read as _},
};

use bwusage_proto::process::{Pid, ProcessId};

use super::{ProcessUse, identity::of_living};
use crate::{cgroup::most_telling, engine::Identity};

/// Clock ticks per second in `/proc/PID/stat`: `USER_HZ`, 100 on every architecture that bwusage runs on.
const USER_HZ: u64 = 100;

/// More than any file of a process has that is read in one call.
const MOST_BYTES: usize = 4096;

/// Reads who there is.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Numbers of kernel threads: often more than of processes, and hardly ever given to one.
    kernel_threads: HashSet<Pid>,
}

impl Listing {
    #[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Every process now. Those in `known` are taken for the same without a look, which would cost more than all the rest;
    /// their start tells when they are measured. Kernel threads are looked at again when the listing is to be made `anew`.
    pub(super) fn processes(&mut self, known: &BTreeMap<Pid, ProcessId>, anew: bool) -> Vec<ProcessId> {
        if anew {
            self.kernel_threads.clear();
        }
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut ids = Vec::with_capacity(known.len());
        for pid in pids.filter(|pid| !self.kernel_threads.contains(pid)).collect::<Vec<_>>() {
            match known.get(&pid).copied().or_else(|| id_of(pid)) {
                Some(id) => ids.push(id),
                None => {
                    self.kernel_threads.insert(pid);
                }
            }
        }
        ids
    }

    /// What each of `processes` is; those that have ended are left out.
    #[expect(clippy::unused_self, reason = "other systems remember what they have read")]
    pub(super) fn describe(&mut self, processes: &[ProcessId]) -> Vec<(ProcessId, Identity)> {
        processes.iter().filter_map(|&id| Some((id, of_living(id)?))).collect()
    }

    /// What each of `processes` used so far; nothing of those that have ended.
    #[expect(clippy::unused_self, reason = "other systems remember what they have read")]
    pub(super) fn measure(&mut self, processes: Vec<ProcessId>) -> Vec<(ProcessId, Option<ProcessUse>)> {
        processes.into_iter().map(|id| (id, used_by(id))).collect()
    }
}

fn used_by(id: ProcessId) -> Option<ProcessUse> {
    let stat = stat_of(id.pid)?;
    // Whoever may not debug the process may not read its I/O either (`CAP_SYS_PTRACE`).
    let io = read(&format!("/proc/{}/io", id.pid), &mut [0; MOST_BYTES]).and_then(parse_io);
    (stat.start_time == id.start_time.0).then_some(ProcessUse {
        id,
        cpu_time_ms: stat.cpu_ticks.saturating_mul(1000 / USER_HZ),
        rss_bytes: stat.resident_pages.saturating_mul(rustix::param::page_size() as u64),
        disk_read_bytes: io.map(|io| io.read_bytes),
        disk_write_bytes: io.map(|io| io.write_bytes),
    })
}

/// In one call: a file of `/proc` that fits is given whole, and reading to its end would take two more.
fn read<'a>(path: &str, text: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = File::open(path).and_then(|mut file| file.read(text)).ok()?;
    text.get(..length)
}

/// Of the process that has the number `pid` now.
fn stat_of(pid: Pid) -> Option<Stat> {
    parse_stat(read(&format!("/proc/{pid}/stat"), &mut [0; MOST_BYTES])?)
}

/// The identity of the process that has the number `pid` now; `None` when there is none, or it is a kernel thread.
pub(crate) fn id_of(pid: Pid) -> Option<ProcessId> {
    stat_of(pid).map(|stat| ProcessId::new(pid, stat.start_time))
}

/// Whether `process` has a controlling terminal now; `None` when it has ended.
pub(crate) fn has_terminal(process: ProcessId) -> Option<bool> {
    let stat = stat_of(process.pid)?;
    (stat.start_time == process.start_time.0).then_some(stat.terminal != 0)
}

/// What is read of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// The device number of the controlling terminal, 0 for none.
    terminal: i32,
    /// Of all its threads, user and system, in clock ticks.
    cpu_ticks: u64,
    /// In clock ticks since boot.
    start_time: u64,
    resident_pages: u64,
}

/// What is read of `/proc/PID/io`: what reached the storage, not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Io {
    read_bytes: u64,
    write_bytes: u64,
}

fn parse_io(text: &[u8]) -> Option<Io> {
    let text = std::str::from_utf8(text).ok()?;
    let field = |name| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Some(Io { read_bytes: field("read_bytes:")?, write_bytes: field("write_bytes:")? })
}

/// Field 7, the terminal, 14 and 15, the processor time, 22, the start, and 24, the memory (proc_pid_stat(5)). The name (field 2) may hold blanks and brackets, so fields are counted
/// from its last bracket. Kernel threads (flag `PF_KTHREAD` in field 9) have no network of their own and are left out.
fn parse_stat(stat: &[u8]) -> Option<Stat> {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let fields: Vec<&str> = std::str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace().collect();
    let flags: u64 = fields.get(6)?.parse().ok()?;
    if flags & PF_KTHREAD != 0 {
        return None;
    }
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        terminal: fields.get(4)?.parse().ok()?,
        cpu_ticks: number(11)?.saturating_add(number(12)?),
        start_time: number(19)?,
        resident_pages: number(21)?,
    })
}

/// The path of the control group that `process` is in now; `None` when it has ended.
pub(crate) fn cgroup_of(process: ProcessId) -> Option<String> {
    let path = cgroup_of_number(process.pid)?;
    // Checked after reading: only if the number is still this process's was that its own.
    (id_of(process.pid) == Some(process)).then_some(path)
}

/// The path of the control group that whoever has the number `pid` is in now.
pub(super) fn cgroup_of_number(pid: Pid) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/cgroup")).ok()?;
    most_telling(&String::from_utf8_lossy(&text)).map(Into::into)
}

pub(super) fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_move_the_fields() {
        let stat = b"42 (a) b (c)) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3";
        assert_eq!(
            parse_stat(stat),
            Some(Stat { terminal: 0, cpu_ticks: 11, start_time: 98765, resident_pages: 2 })
        );
    }

    #[test]
    fn a_terminal_is_told_from_none() {
        let stat = b"42 (bash) S 1 42 42 34816 42 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3";
        assert_eq!(
            parse_stat(stat),
            Some(Stat { terminal: 34816, cpu_ticks: 11, start_time: 98765, resident_pages: 2 })
        );
    }

    #[test]
    fn storage_is_what_reached_it() {
        let io = b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
        assert_eq!(parse_io(io), Some(Io { read_bytes: 5, write_bytes: 6 }));
        assert_eq!(parse_io(b""), None);
    }

    #[test]
    fn a_process_is_measured_as_long_as_it_is_the_same() {
        let own = id_of(std::process::id()).unwrap();
        let used = used_by(own).unwrap();
        assert!(used.rss_bytes > 1 << 16 && used.disk_read_bytes.is_some());
        let earlier = ProcessId::new(own.pid, own.start_time.0 - 1);
        assert_eq!(used_by(earlier), None);
    }

    #[test]
    fn a_kernel_thread_is_no_process() {
        let stat = b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0";
        assert_eq!(parse_stat(stat), None);
    }

    #[test]
    fn garbage_is_no_process() {
        for stat in [&b""[..], b"1", b"1 (x", b"1 (x) S", b"\xff) S 1 1 1 1 1 zz"] {
            assert_eq!(parse_stat(stat), None);
        }
    }
}
