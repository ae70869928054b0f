//! Processor time of a gigabyte that moves at a steady speed: of the tool, and of everything.

use anyhow::Result;

use super::{
    Tool,
    observe::{Observation, Traffic, observe},
};
use crate::bench::{
    lab::Lab,
    report::{Table, or_unknown, unknown},
    rounds::Rounds,
    stage::SERVER,
    stats::{Figure, differences, ratios},
};

pub(super) const TOOLS: &[Tool] = &[Tool::Nothing, Tool::Light, Tool::Exact, Tool::Nethogs, Tool::Bandwhich];

const ROUNDS: usize = 3;
const SECONDS: f64 = 5.0;
const BYTES_PER_S: f64 = 250e6;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    [
        (true, "super-packets, as with a network card's offloads"),
        (false, "packets of 1500 bytes, without offloads"),
    ]
    .into_iter()
    .map(|(offloads, how)| measure(lab, offloads, how))
    .collect()
}

fn measure(lab: &Lab, offloads: bool, how: &str) -> Result<Table> {
    let rounds = lab.effort.rounds(ROUNDS);
    let seconds = lab.effort.seconds(SECONDS).to_string();
    let traffic = Traffic {
        server: &["serve-stream", SERVER],
        client: &["stream", SERVER, &seconds, &BYTES_PER_S.to_string()],
        offloads,
        totals: false,
    };
    let measured = Rounds::run(&lab.tools(TOOLS), rounds, |tool| observe(lab, tool, &traffic))?;

    let caption = format!("250 MB/s for {seconds} s: {how} (rounds: {rounds})");
    let mut table = Table::new(
        caption,
        &[
            "counting",
            "tool, ms per GB",
            "tool / better peer",
            "tool and kernel: ms per GB more than nothing",
            "whole machine: ms per GB more than nothing",
        ],
    );
    let better_peer = |round: usize| {
        let own = |tool| measured.of(tool).get(round).map(own_ms);
        [Tool::Nethogs, Tool::Bandwhich].into_iter().filter_map(own).reduce(f64::min)
    };
    let peers: Vec<f64> = (0..rounds).filter_map(better_peer).collect();
    for tool in measured.subjects() {
        let own = measured.values(tool, own_ms);
        let more = |value: fn(&Observation) -> f64| {
            let bases = measured.values(Tool::Nothing, value);
            let more = Figure::of(&differences(&measured.values(tool, value), &bases));
            or_unknown(more.map(|more| format!("{more:.1}")))
        };
        let (own_cell, share) = if tool == Tool::Nothing {
            (unknown(), unknown())
        } else {
            let own_cell = or_unknown(Figure::of(&own).map(|own| format!("{own:.2}")));
            (own_cell, or_unknown(Figure::of(&ratios(&own, &peers))))
        };
        table.row([tool.to_string(), own_cell, share, more(ends_and_tool_ms), more(machine_ms)]);
    }
    table.note(
        "The third figure is what counts: it is the tool's own process and what the kernel did more for both ends. The whole \
         machine's is the same from outside, with whatever else ran.",
    );
    Ok(table)
}

fn own_ms(run: &Observation) -> f64 {
    run.tool_cpu.as_secs_f64() * 1e3 / run.sent_gigabytes()
}

fn ends_and_tool_ms(run: &Observation) -> f64 {
    (run.ends_cpu + run.tool_cpu).as_secs_f64() * 1e3 / run.sent_gigabytes()
}

fn machine_ms(run: &Observation) -> f64 {
    run.machine_cpu.as_secs_f64() * 1e3 / run.sent_gigabytes()
}
