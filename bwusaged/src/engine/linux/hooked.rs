//! The engine that counts by programs on kernel hooks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bwusage_proto::snapshot::{Coverage, Hook};

use super::{
    kernel, light,
    links::{Link, Links},
    loader::{self, Plan},
    table, talk,
};
use crate::engine::{Counting, Engine, EngineError, Sample, Talk};

/// How often what was quiet leaves the kernel's table of remote hosts.
const DRAIN_MS: u64 = 10_000;
/// Most DNS answers that are read in a tick.
const MAX_ANSWERS: usize = 512;

/// The engine that counts by programs on kernel hooks.
struct Hooked {
    plan: Plan,
    kernel: kernel::SharedTables,
    table: table::Table,
    links: Links,
    known_links: Vec<Link>,
    remotes: talk::Memory,
    drained_ms: u64,
    hooks: Vec<Hook>,
    blind_spots: Vec<&'static str>,
    opened_at: Instant,
    _attached: loader::Attached,
}

/// Loads, attaches, and seeds.
///
/// # Errors
///
/// Says what is missing and what to do about it.
pub(super) fn open(plan: Plan) -> Result<Box<dyn Engine>, EngineError> {
    let links = Links::open().map_err(|source| EngineError::Read { what: INTERFACES, source })?;
    let loader::Loaded { attached, kernel, hooks, blind_spots } = loader::load(plan)?;
    Ok(Box::new(Hooked {
        plan,
        table: table::Table::default(),
        kernel,
        links,
        known_links: Vec::new(),
        remotes: talk::Memory::default(),
        drained_ms: 0,
        hooks,
        blind_spots,
        opened_at: Instant::now(),
        _attached: attached,
    }))
}

const INTERFACES: &str = "the list of interfaces";
const SOCKETS: &str = "the open sockets";
const REMOTES: &str = "the table of remote hosts";

impl Engine for Hooked {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        let now_ms = self.opened_at.elapsed().as_millis() as u64;
        if let Some(folding) = &mut self.kernel.folding {
            folding.tick(now_ms).map_err(|source| EngineError::Read { what: SOCKETS, source })?;
        }
        let (mut sample, mut leaving) = self
            .table
            .sample(&mut self.kernel, now_ms)
            .map_err(|source| EngineError::Read { what: "the table of processes", source })?;
        // The tables are drained while it is known whose slot a remote host belongs to. That walks through all of them, so who
        // need not leave at once leaves with the next drain.
        let due = now_ms.saturating_sub(self.drained_ms) >= DRAIN_MS;
        if !due {
            leaving.retain(table::Leaving::is_urgent);
        }
        if due || !leaving.is_empty() {
            self.drained_ms = now_ms;
            let leaving = leaving.iter().map(table::Leaving::owner).collect();
            let drained = self.remotes.drain(&mut self.kernel, clocks(), &leaving);
            drained.map_err(|source| EngineError::Read { what: REMOTES, source })?;
        }
        self.table.leave(&mut self.kernel, &leaving, &mut sample);
        sample.tables.extend(self.kernel.fill.tables());
        // Next to the counters that they are compared with: what passes in between is nobody's.
        match self.links.read() {
            Ok(links) => self.known_links = links,
            // They come and go faster than they can be listed: what is known stands, and is compared next time.
            Err(error) => tracing::debug!(%error, "the interfaces cannot be listed"),
        }
        if self.plan.counting == Counting::Light {
            return Ok(light::without_packets(sample, &self.known_links));
        }
        let interfaces = self.kernel.interfaces(&self.known_links);
        let interfaces = interfaces.map_err(|source| EngineError::Read { what: INTERFACES, source })?;
        Ok(Sample { interfaces, names: self.kernel.answers(MAX_ANSWERS), ..sample })
    }

    fn talk(&mut self) -> Result<Option<Talk>, EngineError> {
        let failed = |source| EngineError::Read { what: SOCKETS, source };
        if let Some(folding) = &mut self.kernel.folding {
            folding.walk().map_err(failed)?;
        }
        table::Kernel::reach_highest(&mut self.kernel).map_err(failed)?;
        self.remotes.talk(&mut self.kernel, clocks()).map(Some).map_err(failed)
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            engine: self.plan.describe().into(),
            quality: self.plan.counting.quality().into(),
            hooks: self.hooks.clone(),
            blind_spots: self.blind_spots.iter().copied().map(Into::into).collect(),
            rungs: Vec::new(),
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
