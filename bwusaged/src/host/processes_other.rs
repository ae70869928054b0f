//! The list of processes and their identity where `sysinfo` is the only source: starts are seconds of Unix time.

use std::{collections::BTreeMap, io};

use bwusage_proto::process::{Pid, ProcessId, UserId};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::ProcessUse;
use crate::engine::Identity;

/// Reads who there is.
#[derive(Debug)]
pub(super) struct Listing {
    system: System,
}

impl Listing {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { system: System::new().map_err(io::Error::other)? })
    }

    /// Every process now.
    pub(super) fn processes(&mut self, _: &BTreeMap<Pid, ProcessId>, _: bool) -> Vec<ProcessId> {
        let system = &mut self.system;
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
        let id = |(pid, process): (&sysinfo::Pid, &sysinfo::Process)| {
            ProcessId::new(pid.as_u32(), process.start_time())
        };
        system.processes().iter().map(id).collect()
    }

    /// What each of `processes` is; those that have ended are left out.
    pub(super) fn describe(&mut self, processes: &[ProcessId]) -> Vec<(ProcessId, Identity)> {
        let system = &mut self.system;
        let pids: Vec<_> = processes.iter().map(|id| sysinfo::Pid::from_u32(id.pid)).collect();
        if !pids.is_empty() {
            let kind = ProcessRefreshKind::nothing()
                .without_tasks()
                .with_cmd(UpdateKind::Always)
                .with_exe(UpdateKind::Always)
                .with_user(UpdateKind::Always);
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, kind);
        }
        let described = |&id: &ProcessId| {
            let process = system.process(sysinfo::Pid::from_u32(id.pid))?;
            is_same(id, process).then(|| (id, identity_of(process)))
        };
        processes.iter().filter_map(described).collect()
    }

    /// What each of `processes` used so far; nothing of those that have ended.
    pub(super) fn measure(&mut self, processes: Vec<ProcessId>) -> Vec<(ProcessId, Option<ProcessUse>)> {
        let system = &mut self.system;
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

fn is_same(id: ProcessId, process: &sysinfo::Process) -> bool {
    id.start_time.0 == process.start_time()
}

/// There are no control groups to name.
fn identity_of(process: &sysinfo::Process) -> Identity {
    let text = |os: &std::ffi::OsStr| os.to_string_lossy().into_owned();
    let arguments: Vec<String> = process.cmd().iter().map(|argument| text(argument)).collect();
    Identity {
        name: text(process.name()),
        exe: process.exe().map(|path| path.to_string_lossy().into_owned()).filter(|path| !path.is_empty()),
        command_line: Some(arguments).filter(|arguments| !arguments.is_empty()),
        parent: process.parent().map(sysinfo::Pid::as_u32),
        user: process.effective_user_id().or(process.user_id()).map(user),
        started_at_unix_ms: Some(process.start_time().saturating_mul(1000)).filter(|&at| at > 0),
        ..Identity::default()
    }
}

/// There is no such thing.
pub(crate) fn has_terminal(_: ProcessId) -> Option<bool> {
    None
}

fn user(uid: &sysinfo::Uid) -> UserId {
    let text = uid.to_string();
    text.parse().map_or(UserId::Sid(text), UserId::Uid)
}

pub(super) fn boot_id() -> Option<String> {
    None
}
