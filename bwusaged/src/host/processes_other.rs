//! The list of processes and their identity where `sysinfo` is the only source: starts are seconds of Unix time.

use std::collections::BTreeMap;

use bwusage_proto::process::{Pid, ProcessId, UserId};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

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
