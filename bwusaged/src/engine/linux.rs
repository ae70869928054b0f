//! Exact counting on Linux: small programs on kernel hooks, read through memory that both sides share.
//!
//! - [`layout`] mirrors what the kernel side writes (`bpf/layout.h`).
//! - [`loader`] loads and attaches, and says what is missing; [`cgroup`] and [`preflight`] look around first.
//! - [`kernel`] reads the shared tables; [`table`] decides what that means (pure); [`identity`] decodes names;
//!   [`cgroup_paths`] finds the control group of a process that may be gone already.
//!
//! The hooks are attached first; then every socket that exists already is given to a process that has it open.

use std::time::Instant;

use bwusage_proto::snapshot::{Coverage, Hook};

use super::{Engine, EngineError, Sample};

mod cgroup;
mod cgroup_paths;
mod identity;
mod kernel;
mod layout;
mod loader;
mod map_iter;
mod mapping;
mod netns;
mod preflight;
mod table;
mod talk;

/// The engine that counts every packet.
struct Exact {
    kernel: kernel::SharedTables,
    table: table::Table,
    hooks: Vec<Hook>,
    opened_at: Instant,
    /// Dropping it detaches every program.
    _programs: aya::Ebpf,
}

/// Loads, attaches, and seeds.
///
/// # Errors
///
/// Says what is missing and what to do about it.
pub(super) fn open() -> Result<Box<dyn Engine>, EngineError> {
    let loader::Loaded { programs, kernel, hooks } = loader::load()?;
    let table = table::Table::new(table::Kernel::slot_count(&kernel));
    Ok(Box::new(Exact { kernel, table, hooks, opened_at: Instant::now(), _programs: programs }))
}

impl Engine for Exact {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        let now_ms = self.opened_at.elapsed().as_millis() as u64;
        self.table
            .sample(&mut self.kernel, now_ms)
            .map_err(|source| EngineError::Read { what: "the table of processes", source })
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            engine: "eBPF: BTF tracepoints and cgroup_skb".into(),
            quality: "exact".into(),
            hooks: self.hooks.clone(),
            blind_spots: BLIND_SPOTS.map(Into::into).to_vec(),
        }
    }
}

/// What these hooks do not see. Measured; see the README.
const BLIND_SPOTS: [&str; 5] = [
    "packets that are forwarded, and ARP, pass no socket of a process",
    "the last FIN and ACK of a connection whose socket is gone already (52 bytes each, 72 with IPv6) have none",
    "of a datagram that IP cuts into fragments, the headers of all fragments but the first are not counted",
    "of a connected socket that one process hands to another, packets before the end of the first call belong to the first",
    "payload that leaves a socket by splice(2) is counted as wire bytes only",
];
