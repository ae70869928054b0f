//! What one operation costs, in processor time of the thread that does it. Far less noisy than a speed, which also depends on
//! what else wants the processors.

use anyhow::{Context as _, Result};

use super::Tool;
use crate::bench::{
    generate::Operation,
    generator::Generator,
    lab::Lab,
    report::{Table, or_unknown},
    rounds::Rounds,
    stage::Stage,
    stats::{Figure, ratios},
};

pub(super) const TOOLS: &[Tool] = &[Tool::Nothing, Tool::Empty, Tool::Floor, Tool::Light, Tool::Exact];

const ROUNDS: usize = 13;
/// Of one operation under one tool in one round.
const SECONDS: f64 = 0.4;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    // One for all: the traffic stays on its loopback interface.
    let stage = Stage::new()?;
    let tools = lab.tools(TOOLS);
    let rounds = lab.effort.rounds(ROUNDS);
    let measured = Rounds::run(&tools, rounds, |tool| {
        let _running = tool.start(lab, &stage)?;
        Operation::ALL.into_iter().map(|operation| time(&stage, operation)).collect::<Result<Vec<f64>>>()
    })?;

    let mut columns = vec!["counting"];
    columns.extend(Operation::ALL.map(Operation::describe));
    let caption = format!("Processor time of an operation with / without (rounds: {rounds})");
    let mut table = Table::new(caption, &columns);
    let mut raw = Table::new("The same in nanoseconds", &columns);
    for tool in measured.subjects() {
        let cells = |of: &dyn Fn(Vec<f64>, Vec<f64>) -> Option<String>| {
            let cell = |index: usize| {
                let values = |tool| measured.values(tool, |times| times[index]);
                or_unknown(of(values(tool), values(Tool::Nothing)))
            };
            (0..Operation::ALL.len()).map(cell).collect::<Vec<_>>()
        };
        let ratio =
            |values: Vec<f64>, bases: Vec<f64>| Figure::of(&ratios(&values, &bases)).map(|f| f.to_string());
        table.row([tool.to_string()].into_iter().chain(cells(&ratio)));
        let nanoseconds = |values: Vec<f64>, _| Figure::of(&values).map(|figure| format!("{figure:.0}"));
        raw.row([tool.to_string()].into_iter().chain(cells(&nanoseconds)));
    }
    table.note(
        "Lower is better. One pinned thread holds both ends on the loopback interface, so each operation is counted twice, and \
         nothing else costs anything: the worst case. Each value is the tenth percentile of chunks of 4 ms; shown are the \
         median and the quarters of the rounds.",
    );
    Ok(vec![table, raw])
}

fn time(stage: &Stage, operation: Operation) -> Result<f64> {
    let mut generator =
        Generator::start(&stage.near, &["operations", operation.name(), &SECONDS.to_string()])?;
    generator.work()?.quiet_ns_per_operation.context("the generator did not time anything")
}
