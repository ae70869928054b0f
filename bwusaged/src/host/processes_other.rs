//! The list of processes and their identity where `sysinfo` is the only source: starts are seconds of Unix time.

use std::collections::BTreeMap;

use bwusage_proto::process::{Pid, ProcessId, UserId};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use super::ProcessUse;

/// Reads who there is.
#[derive(Debug)]
pub(super) struct Listing;

impl Listing {
    pub(super) fn new() -> Self {
        Self
    }

    /// Every process now.
    #[expect(clippy::unused_self, reason = "other systems remember what they need not look at")]
    pub(super) fn processes(&mut self, system: &mut System, _: &BTreeMap<Pid, ProcessId>) -> Vec<ProcessId> {
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
        let id = |(pid, process): (&sysinfo::Pid, &sysinfo::Process)| {
            ProcessId::new(pid.as_u32(), process.start_time())
        };
        system.processes().iter().map(id).collect()
    }

    /// What each of `processes` used so far; nothing of those that have ended.
    #[expect(clippy::unused_self, reason = "other systems keep buffers")]
    pub(super) fn measure(
        &mut self,
        system: &mut System,
        processes: Vec<ProcessId>,
    ) -> Vec<(ProcessId, Option<ProcessUse>)> {
        let pids: Vec<_> = processes.iter().map(|id| sysinfo::Pid::from_u32(id.pid)).collect();
        let kind = ProcessRefreshKind::nothing().without_tasks().with_cpu().with_memory().with_disk_usage();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, kind);
        let used = |id: ProcessId| {
            let process = system.process(sysinfo::Pid::from_u32(id.pid))?;
            let disk = process.disk_usage();
            is_same(id, process).then(|| ProcessUse {
                id,
                cpu_time_ms: process.accumulated_cpu_time(),
                rss_bytes: process.memory(),
                disk_read_bytes: Some(disk.total_read_bytes),
                disk_write_bytes: Some(disk.total_written_bytes),
            })
        };
        processes.into_iter().map(|id| (id, used(id))).collect()
    }
}

pub(super) fn is_same(id: ProcessId, process: &sysinfo::Process) -> bool {
    id.start_time.0 == process.start_time()
}

/// There are no control groups.
pub(super) fn cgroup_of(_: ProcessId) -> Option<String> {
    None
}

/// There is no such thing.
pub(crate) fn has_terminal(_: ProcessId) -> Option<bool> {
    None
}

pub(super) fn user(uid: &sysinfo::Uid) -> UserId {
    let text = uid.to_string();
    text.parse().map_or(UserId::Sid(text), UserId::Uid)
}

pub(super) fn boot_id() -> Option<String> {
    None
}
