//! One run of traffic past one tool, and everything that can be said of it.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::bench::{
    cpu,
    generate::Outcome,
    generator::Generator,
    lab::Lab,
    stage::{Passed, Stage},
    tool::{Counted, Tool},
};

/// What is sent, and how.
pub(super) struct Traffic<'a> {
    /// Words of the generator on the far end.
    pub(super) server: &'a [&'a str],
    /// Words of the generator on the near end.
    pub(super) client: &'a [&'a str],
    /// Whether the cable cuts and joins packets, as it does by itself.
    pub(super) offloads: bool,
    /// Whether to wait until the tool shows all of it.
    pub(super) totals: bool,
}

/// What it cost, and what was counted.
pub(super) struct Observation {
    pub(super) outcome: Outcome,
    /// Processor time of the tool's own process.
    pub(super) tool_cpu: Duration,
    /// Processor time of both ends, the kernel's work for them included: what a tool does in the kernel is in it.
    pub(super) ends_cpu: Duration,
    /// Processor time of everything on the machine.
    pub(super) machine_cpu: Duration,
    pub(super) passed: Passed,
    pub(super) counted: Option<Counted>,
}

/// Every tool refreshes its table each second; after two of them all is in it.
const TWO_REFRESHES: Duration = Duration::from_millis(2500);

pub(super) fn observe(lab: &Lab, tool: Tool, traffic: &Traffic<'_>) -> Result<Observation> {
    // A new one each time: no port is still in use, and every counter begins at zero.
    let stage = Stage::new()?;
    if !traffic.offloads {
        stage.switch_offloads_off()?;
    }
    let mut server = Generator::start(&stage.far, traffic.server)?;
    let running = tool.start(lab, &stage)?;
    let mut client = Generator::start(&stage.near, traffic.client)?;

    let (tool_before, softirq_before) = (running.cpu()?, cpu::of_softirq_threads()?);
    let (idle_before, start) = (cpu::idle()?, Instant::now());
    let outcome = client.work()?;
    let (elapsed, idle) = (start.elapsed(), cpu::idle()?.saturating_sub(idle_before));
    let tool_cpu = running.cpu()?.saturating_sub(tool_before);
    let softirq = cpu::of_softirq_threads()?.saturating_sub(softirq_before);
    let ends_cpu = Duration::from_nanos(outcome.cpu_ns + server.work()?.cpu_ns) + softirq;
    let machine_cpu = (elapsed * u32::try_from(thread::available_parallelism()?.get())?).saturating_sub(idle);

    let counted = if traffic.totals {
        thread::sleep(TWO_REFRESHES);
        running.counted(client.pid())?
    } else {
        None
    };
    Ok(Observation { outcome, tool_cpu, ends_cpu, machine_cpu, passed: stage.passed()?, counted })
}

impl Observation {
    pub(super) fn seconds(&self) -> f64 {
        self.outcome.elapsed_ns as f64 / 1e9
    }

    pub(super) fn sent_gigabytes(&self) -> f64 {
        self.outcome.sent_bytes as f64 / 1e9
    }
}
