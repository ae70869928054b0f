//! How much one TCP stream carries when nothing limits it but the processors.

use anyhow::Result;

use super::{
    Tool,
    observe::{Observation, Traffic, observe},
};
use crate::bench::{
    lab::Lab,
    report::{Table, or_unknown},
    rounds::Rounds,
    stage::SERVER,
    stats::{Figure, ratios},
};

pub(super) const TOOLS: &[Tool] =
    &[Tool::Nothing, Tool::Floor, Tool::Light, Tool::Exact, Tool::Nethogs, Tool::Bandwhich];

/// The throughput of one stream varies by several percent from second to second.
const ROUNDS: usize = 25;
const SECONDS: f64 = 1.5;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    let rounds = lab.effort.rounds(ROUNDS);
    let seconds = SECONDS.to_string();
    let traffic = Traffic {
        server: &["serve-stream", SERVER],
        client: &["stream", SERVER, &seconds],
        offloads: true,
        totals: false,
    };
    let measured = Rounds::run(&lab.tools(TOOLS), rounds, |tool| observe(lab, tool, &traffic))?;

    let caption = format!("One TCP stream over veth for {seconds} s (rounds: {rounds})");
    let mut table = Table::new(
        caption,
        &["counting", "throughput with / without", "Gbit/s", "processor time of a byte with / without"],
    );
    for tool in measured.subjects() {
        let ratio = |value: fn(&Observation) -> f64| {
            let bases = measured.values(Tool::Nothing, value);
            or_unknown(Figure::of(&ratios(&measured.values(tool, value), &bases)))
        };
        let speed = Figure::of(&measured.values(tool, gbit_per_s)).map(|speed| format!("{speed:.2}"));
        table.row([tool.to_string(), ratio(gbit_per_s), or_unknown(speed), ratio(cpu_per_gigabyte)]);
    }
    table.note(
        "Both ends run on this machine, and are both counted: a machine that is one end pays half. Processor time is that of \
         both ends and of the tool; it depends less on what else the machine does.",
    );
    Ok(vec![table])
}

fn gbit_per_s(run: &Observation) -> f64 {
    run.sent_gigabytes() * 8.0 / run.seconds()
}

fn cpu_per_gigabyte(run: &Observation) -> f64 {
    (run.ends_cpu + run.tool_cpu).as_secs_f64() / run.sent_gigabytes()
}
