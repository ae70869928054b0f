//! What is measured. Each scenario is a function from the lab to tables.

mod connections;
mod datagrams;
mod idle;
mod observe;
mod operations;
mod programs;
mod steady;
mod throughput;
mod volume;

use anyhow::Result;

use super::{lab::Lab, report::Table, tool::Tool};

/// A question and how it is answered.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// What it compares. Those that do not work here are left out.
    pub(super) tools: &'static [Tool],
    pub(super) run: fn(&Lab) -> Result<Vec<Table>>,
}

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "operations",
        what: "processor time of one operation",
        tools: operations::TOOLS,
        run: operations::run,
    },
    Scenario {
        name: "throughput",
        what: "one unlimited TCP stream",
        tools: throughput::TOOLS,
        run: throughput::run,
    },
    Scenario { name: "volume", what: "processor time of a gigabyte", tools: volume::TOOLS, run: volume::run },
    Scenario {
        name: "datagrams",
        what: "100,000 small datagrams a second",
        tools: datagrams::TOOLS,
        run: datagrams::run,
    },
    Scenario {
        name: "connections",
        what: "2,000 connections a second",
        tools: connections::TOOLS,
        run: connections::run,
    },
    Scenario {
        name: "idle",
        what: "300 processes with 5,000 connections that do nothing",
        tools: idle::TOOLS,
        run: idle::run,
    },
    Scenario {
        name: "programs",
        what: "each BPF program's time",
        tools: programs::TOOLS,
        run: programs::run,
    },
];
