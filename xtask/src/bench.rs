//! `cargo xtask bench`: what counting costs, beside doing without, beside other tools, and beside the least that it can cost.
//!
//! Every figure is a ratio or a difference between subjects of one run that took turns in random order, so that whatever else
//! the machine did hit all of them. Start at [`scenario`]; [`tool`] is what is compared, [`generate`] makes the traffic.

mod cpu;
mod generate;
mod generator;
mod lab;
mod machine;
mod report;
mod rounds;
mod scenario;
mod stage;
mod stats;
mod tool;

use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::{
    lab::{Effort, Lab},
    report::Table,
    scenario::{SCENARIOS, Scenario},
    tool::Tool,
};
use crate::{tools, workspace};

pub(crate) use generate::{Options as GenerateOptions, run as generate};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these; all of them unless said
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// A quarter of the time and of the rounds: to see that it works
    #[arg(long)]
    quick: bool,
    /// So many rounds, instead of each scenario's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Put what was measured into BENCHMARKS.md
    #[arg(long)]
    write: bool,
    /// Name the scenarios and run none
    #[arg(long)]
    list: bool,
}

const DOCUMENT: &str = "BENCHMARKS.md";
/// Programs that the stage is made with, and the Debian packages that bring them.
const PACKAGES: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("ethtool", "ethtool"),
    ("setpriv", "util-linux"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        for scenario in SCENARIOS {
            println!("{:<12} {}", scenario.name, scenario.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(SCENARIOS, &options.scenarios)?;
    if !tools::is_root() {
        bail!("network namespaces and BPF programs need root: sudo cargo xtask bench");
    }
    tools::install_packages(PACKAGES)?;
    let effort = Effort { quick: options.quick, rounds: options.rounds.map(usize::from) };
    let lab = Lab::equip(&tools_of(&chosen), effort)?;
    println!("\n{}", machine::describe()?);
    for scenario in chosen {
        let section = measure(scenario, &lab, &command_line(scenario, options))?;
        if options.write {
            write(scenario.name, &section)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn choose<'a>(scenarios: &'a [Scenario], names: &[String]) -> Result<Vec<&'a Scenario>> {
    let known: Vec<_> = scenarios.iter().map(|scenario| scenario.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no scenario {unknown}: they are {}", known.join(", "));
    }
    let chosen = |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name);
    Ok(scenarios.iter().filter(chosen).collect())
}

/// Every tool that one of `scenarios` compares, once.
fn tools_of(scenarios: &[&Scenario]) -> Vec<Tool> {
    let wanted = |tool: &Tool| scenarios.iter().any(|scenario| scenario.tools.contains(tool));
    Tool::ALL.into_iter().filter(wanted).collect()
}

/// Runs one scenario, and says what came of it and under which circumstances.
fn measure(scenario: &Scenario, lab: &Lab, command: &str) -> Result<String> {
    println!("\n== {}: {}", scenario.name, scenario.what);
    let (start, load) = (Instant::now(), machine::load()?);
    let tables = (scenario.run)(lab).with_context(|| format!("{} could not be measured", scenario.name))?;
    let tables: Vec<String> = tables.iter().map(Table::to_string).collect();
    let tables = tables.join("\n");
    println!("\n{tables}");
    let took = Duration::from_secs(start.elapsed().as_secs());
    println!("-- {} took {took:?}", scenario.name);
    let machine = machine::describe()?;
    Ok(format!("`{command}` in {took:?}: {machine}, load {load:.1} when it began.\n\n{tables}"))
}

/// What to type to repeat it.
fn command_line(scenario: &Scenario, options: &Options) -> String {
    let quick = if options.quick { " --quick" } else { "" };
    let rounds = options.rounds.map(|rounds| format!(" --rounds {rounds}")).unwrap_or_default();
    format!("cargo xtask bench {}{quick}{rounds}", scenario.name)
}

fn write(section: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(DOCUMENT);
    let document = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let document =
        report::replace_section(&document, section, text).with_context(|| format!("in {DOCUMENT}"))?;
    fs::write(&path, document).with_context(|| format!("cannot write {DOCUMENT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_that_is_misspelt_is_an_error_that_names_the_right_ones() {
        let error = choose(SCENARIOS, &["idel".into()]).err().expect("misspelt").to_string();
        assert!(error.contains("idel") && error.contains("throughput") && error.contains("idle"), "{error}");
    }

    #[test]
    fn without_names_every_scenario_runs_and_brings_its_tools() {
        let all = choose(SCENARIOS, &[]).expect("all");
        assert_eq!(all.len(), SCENARIOS.len());
        assert_eq!(tools_of(&all), Tool::ALL);
    }

    #[test]
    fn every_scenario_has_a_place_in_the_document() {
        let document = fs::read_to_string(workspace::root().join(DOCUMENT)).expect("it is committed");
        for scenario in SCENARIOS {
            report::replace_section(&document, scenario.name, "figures").expect("it has marks");
        }
    }
}
