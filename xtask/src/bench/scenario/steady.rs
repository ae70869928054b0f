//! Traffic of many small things at a steady speed: what it costs, and whether all of it was counted.

use anyhow::Result;

use super::{
    Tool,
    observe::{Observation, Traffic, observe},
};
use crate::bench::{
    lab::Lab,
    report::{Table, or_unknown, unknown},
    rounds::Rounds,
    stats::{Figure, differences, ratios},
    tool,
};

pub(super) const TOOLS: &[Tool] = &[Tool::Nothing, Tool::Light, Tool::Exact, Tool::Nethogs, Tool::Bandwhich];

const ROUNDS: usize = 2;
pub(super) const SECONDS: f64 = 10.0;

/// `what` is so many of something in a second.
pub(super) fn run(lab: &Lab, what: &str, server: &[&str], client: &[&str]) -> Result<Vec<Table>> {
    let rounds = lab.effort.rounds(ROUNDS);
    let traffic = Traffic { server, client, offloads: true, totals: true };
    let measured = Rounds::run(&lab.tools(TOOLS), rounds, |tool| observe(lab, tool, &traffic))?;

    let caption = format!("{what} for {} s (rounds: {rounds})", lab.effort.seconds(SECONDS));
    let mut cost = Table::new(
        caption,
        &[
            "counting",
            "tool, % of a core",
            "both ends and tool: processor time with / without",
            "whole machine: % of a core more than nothing",
            "reached a second",
        ],
    );
    for tool in measured.subjects() {
        let figure = |values: Vec<f64>, digits: usize| {
            or_unknown(Figure::of(&values).map(|figure| format!("{figure:.digits$}")))
        };
        let bases = |value: fn(&Observation) -> f64| measured.values(Tool::Nothing, value);
        let own =
            if tool == Tool::Nothing { unknown() } else { figure(measured.values(tool, own_percent), 2) };
        cost.row([
            tool.to_string(),
            own,
            figure(ratios(&measured.values(tool, ends_and_tool), &bases(ends_and_tool)), 3),
            figure(differences(&measured.values(tool, machine_percent), &bases(machine_percent)), 1),
            figure(measured.values(tool, per_s), 0),
        ]);
    }
    Ok(vec![cost, totals(&measured)])
}

/// What each tool said of the process that made the traffic, in its worst round.
fn totals(measured: &Rounds<Tool, Observation>) -> Table {
    let mut table = Table::new(
        "Counted for the process that made it, of what the interface counted, each at its own layer",
        &["counting", "sent, %", "received, %", "payload off by, bytes"],
    );
    for tool in measured.subjects() {
        let runs = measured.of(tool).iter();
        let rounds = runs.filter_map(|run| Some((run, run.counted?))).map(|(run, counted)| {
            let [sent, received] = tool::shares(tool, counted, run.passed);
            let off = counted.payload.map(|[sent, received]| {
                sent.abs_diff(run.outcome.sent_bytes) + received.abs_diff(run.outcome.received_bytes)
            });
            (run, sent, received, off)
        });
        let worst = rounds.max_by(|a, b| (a.1 - 1.0).abs().total_cmp(&(b.1 - 1.0).abs()));
        let Some((run, sent, received, off)) = worst else { continue };
        // Where no payload came back there is nothing to be a part of.
        let received = (run.outcome.received_bytes > 0).then(|| percent(received));
        table.row([tool.to_string(), percent(sent), or_unknown(received), or_unknown(off)]);
    }
    table.note(
        "bwusaged counts IP bytes, nethogs Ethernet frames, bandwhich what IP carries. A hundredth of a percent and less are \
         address resolution and packets that came when the table was read.",
    );
    table
}

fn percent(share: f64) -> String {
    format!("{:.3}", share * 100.0)
}

fn own_percent(run: &Observation) -> f64 {
    run.tool_cpu.as_secs_f64() * 100.0 / run.seconds()
}

fn ends_and_tool(run: &Observation) -> f64 {
    (run.ends_cpu + run.tool_cpu).as_secs_f64() / run.outcome.operations as f64
}

fn machine_percent(run: &Observation) -> f64 {
    run.machine_cpu.as_secs_f64() * 100.0 / run.seconds()
}

fn per_s(run: &Observation) -> f64 {
    run.outcome.operations as f64 / run.seconds()
}
