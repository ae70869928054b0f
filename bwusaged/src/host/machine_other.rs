//! Processors, memory and load where `sysinfo` is the only source.

use std::io;

use bwusage_proto::snapshot::{HostSample, Memory};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};

use super::live::Population;

/// What is read at each tick.
#[derive(Debug)]
pub(super) struct Machine {
    system: System,
    /// Processor shares need two measurements.
    measured_before: bool,
}

impl Machine {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { system: System::new().map_err(io::Error::other)?, measured_before: false })
    }

    /// What it is like now. How many threads there are is not known.
    pub(super) fn read(&mut self) -> (HostSample, Option<Population>) {
        self.system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        self.system.refresh_memory_specifics(MemoryRefreshKind::everything());
        let share = |percent: f32| (f64::from(percent) * 100.0).round().max(0.0) as u32;
        let had_before = std::mem::replace(&mut self.measured_before, true);
        let sample = HostSample {
            cpu_centipercent: had_before.then(|| share(self.system.global_cpu_usage()).min(10_000)),
            core_centipercent: if had_before {
                self.system.cpus().iter().map(|core| share(core.usage()).min(10_000)).collect()
            } else {
                Vec::new()
            },
            memory: Some(Memory {
                total_bytes: self.system.total_memory(),
                used_bytes: self.system.used_memory(),
                available_bytes: self.system.available_memory(),
                swap_total_bytes: self.system.total_swap(),
                swap_used_bytes: self.system.used_swap(),
            }),
            uptime_ms: System::uptime().ok().map(|seconds| seconds * 1000),
            load_centi: System::load_average().ok().map(|load| {
                [load.one, load.five, load.fifteen].map(|average| (average * 100.0).round().max(0.0) as u32)
            }),
            ..HostSample::default()
        };
        (sample, None)
    }
}
