//! Exact counting on Linux: small programs on kernel hooks, read through memory that both sides share.
//!
//! - [`layout`] mirrors what the kernel side writes (`bpf/layout.h`).
//! - [`loader`] loads and attaches, and says what is missing; [`cgroup`] and [`preflight`] look around first.
//! - [`kernel`] reads the shared tables; [`table`] decides what that means (pure); [`identity`] decodes names;
//!   [`cgroup_paths`] finds the control group of a process that may be gone already.
//! - [`links`] asks what the interfaces are; [`interfaces`] says what passed them (pure); [`talk`] says who talks to whom
//!   (pure), from tables that [`map_iter`] reads whole.
//!
//! The hooks are attached first; then every socket that exists already is given to a process that has it open.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bwusage_proto::snapshot::{Coverage, Hook};

use super::{Engine, EngineError, Sample, Talk};

mod cgroup;
mod cgroup_paths;
mod identity;
mod interfaces;
mod kernel;
mod layout;
mod links;
mod loader;
mod map_iter;
mod mapping;
mod netns;
mod preflight;
mod table;
mod talk;

use links::Links;

/// How often what was quiet leaves the kernel's table of remote hosts.
const DRAIN_MS: u64 = 10_000;
/// Most DNS answers that are read in a tick.
const MAX_ANSWERS: usize = 512;

/// The engine that counts every packet.
struct Exact {
    kernel: kernel::SharedTables,
    table: table::Table,
    links: Links,
    known_links: Vec<links::Link>,
    remotes: talk::Memory,
    drained_ms: u64,
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
    let links = Links::open().map_err(|source| EngineError::Read { what: INTERFACES, source })?;
    let loader::Loaded { programs, kernel, hooks } = loader::load()?;
    Ok(Box::new(Exact {
        table: table::Table::new(table::Kernel::slot_count(&kernel)),
        kernel,
        links,
        known_links: Vec::new(),
        remotes: talk::Memory::default(),
        drained_ms: 0,
        hooks,
        opened_at: Instant::now(),
        _programs: programs,
    }))
}

const INTERFACES: &str = "the list of interfaces";
const REMOTES: &str = "the table of remote hosts";

impl Engine for Exact {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        let now_ms = self.opened_at.elapsed().as_millis() as u64;
        if now_ms.saturating_sub(self.drained_ms) >= DRAIN_MS {
            self.drained_ms = now_ms;
            let drained = self.remotes.drain(&mut self.kernel, clocks());
            drained.map_err(|source| EngineError::Read { what: REMOTES, source })?;
        }
        let sample = self
            .table
            .sample(&mut self.kernel, now_ms)
            .map_err(|source| EngineError::Read { what: "the table of processes", source })?;
        // Next to the counters that they are compared with: what passes in between is nobody's.
        match self.links.read() {
            Ok(links) => self.known_links = links,
            // They come and go faster than they can be listed: what is known stands, and is compared next time.
            Err(error) => tracing::debug!(%error, "the interfaces cannot be listed"),
        }
        let interfaces = self.kernel.interfaces(&self.known_links);
        let interfaces = interfaces.map_err(|source| EngineError::Read { what: INTERFACES, source })?;
        Ok(Sample { interfaces, names: self.kernel.answers(MAX_ANSWERS), ..sample })
    }

    fn talk(&mut self) -> Result<Option<Talk>, EngineError> {
        let failed = |source| EngineError::Read { what: "the open sockets", source };
        table::Kernel::reach_highest(&mut self.kernel).map_err(failed)?;
        self.remotes.talk(&mut self.kernel, clocks()).map(Some).map_err(failed)
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

/// Both clocks, now.
fn clocks() -> talk::Clocks {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable and of the type that the call fills. This clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    talk::Clocks {
        monotonic_ns: now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64,
        unix_ms: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64),
    }
}

/// What these hooks do not see. Measured; see the README.
const BLIND_SPOTS: [&str; 2] = [
    "datagrams that a process finds waiting on a socket of its parent belong to the parent until it reads one",
    "interfaces of other network namespaces have no ledger; their processes are counted all the same",
];
