//! The list of processes and their identity where `sysinfo` is the only source: starts are seconds of Unix time.

use bwusage_proto::process::{ProcessId, UserId};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

/// Every process now.
pub(super) fn processes(system: &mut System) -> Vec<ProcessId> {
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
    system
        .processes()
        .iter()
        .map(|(pid, process)| ProcessId::new(pid.as_u32(), process.start_time()))
        .collect()
}

pub(super) fn is_same(id: ProcessId, process: &sysinfo::Process) -> bool {
    id.start_time.0 == process.start_time()
}

pub(super) fn user(uid: &sysinfo::Uid) -> UserId {
    let text = uid.to_string();
    text.parse().map_or(UserId::Sid(text), UserId::Uid)
}

pub(super) fn boot_id() -> Option<String> {
    None
}
