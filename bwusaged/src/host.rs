//! The machine beside its network traffic: processor, memory, disk, interfaces, and the same per process.

use bwusage_proto::{
    process::ProcessId,
    snapshot::{HostInfo, HostSample},
};
use serde::{Deserialize, Serialize};

use crate::engine::Identity;

pub mod live;

#[cfg(target_os = "linux")]
#[path = "host/carriers_linux.rs"]
mod carriers;
#[cfg(not(target_os = "linux"))]
#[path = "host/carriers_other.rs"]
mod carriers;
#[cfg(target_os = "linux")]
#[path = "host/disks_linux.rs"]
mod disks;
#[cfg(not(target_os = "linux"))]
#[path = "host/disks_other.rs"]
mod disks;
#[cfg(target_os = "linux")]
#[path = "host/identity_linux.rs"]
pub(crate) mod identity;
#[cfg(target_os = "linux")]
#[path = "host/interfaces_linux.rs"]
mod interfaces;
#[cfg(not(target_os = "linux"))]
#[path = "host/interfaces_other.rs"]
mod interfaces;
#[cfg(target_os = "linux")]
#[path = "host/processes_linux.rs"]
mod listing;
#[cfg(not(target_os = "linux"))]
#[path = "host/processes_other.rs"]
mod listing;
#[cfg(target_os = "linux")]
#[path = "host/machine_linux.rs"]
mod machine;
#[cfg(not(target_os = "linux"))]
#[path = "host/machine_other.rs"]
mod machine;
#[cfg(target_os = "linux")]
#[path = "host/proc_file_linux.rs"]
mod proc_file;

pub(crate) use listing::has_terminal;
#[cfg(target_os = "linux")]
pub(crate) use listing::{cgroup_of, id_of};

/// A source of host metrics.
pub trait Host {
    /// What does not change while the machine runs.
    fn info(&self) -> HostInfo;

    /// Measures the machine, the processes in `busy`, and some of the others in turn.
    fn sample(&mut self, busy: &[ProcessId]) -> HostTick;
}

/// The machine at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostTick {
    /// The machine as a whole. Its rates are left to [`crate::usage`].
    pub sample: HostSample,
    /// Processes that were measured this time.
    pub processes: Vec<ProcessUse>,
    /// Processes met for the first time.
    pub appeared: Vec<(ProcessId, Identity)>,
    /// Processes that are gone.
    pub ended: Vec<ProcessId>,
    /// Processes that carry a tunnel, with its interface. All of them, as last looked at.
    #[serde(default)]
    pub carriers: Vec<(ProcessId, String)>,
    /// Processes that have lost their controlling terminal: it was closed, or they left it.
    #[serde(default)]
    pub detached: Vec<ProcessId>,
}

/// One process as measured: running totals since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessUse {
    /// Who.
    pub id: ProcessId,
    /// Processor time, user and system, of all threads.
    pub cpu_time_ms: u64,
    /// Resident memory.
    pub rss_bytes: u64,
    /// Bytes read from storage; `None` where the system does not say.
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to storage; `None` where the system does not say.
    pub disk_write_bytes: Option<u64>,
}
