//! `cargo xtask test`: every check, one after the other, each with the time it took, and how many passed in all.
//!
//! A failed step does not keep the later ones from running. Each one can be run alone: `cargo xtask test --only clippy`.

mod steps;
mod tally;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;

use self::{steps::STEPS, tally::Tally};
use crate::vm;

#[derive(Args)]
pub(crate) struct Options {
    /// Only these steps
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<String>,
    /// All steps but these
    #[arg(long, value_delimiter = ',', value_name = "STEP,…", conflicts_with = "only")]
    skip: Vec<String>,
    /// Name the steps and run none
    #[arg(long)]
    list: bool,
    /// Instead: the conformance cases on stock kernels of Debian in virtual machines, or on this one
    #[arg(long, value_name = "KERNEL", num_args = 0..=1, default_missing_value = vm::ALL)]
    vm: Option<String>,
    /// Only the cases whose name contains this
    #[arg(long, value_name = "NAME", requires = "vm", default_value = "")]
    cases: String,
}

/// One check.
struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<Tally>,
}

/// What became of a step.
struct Finished {
    name: &'static str,
    took: Duration,
    tally: Tally,
    error: Option<anyhow::Error>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if let Some(kernel) = &options.vm {
        return vm::run(kernel, &options.cases);
    }
    if options.list {
        for step in STEPS {
            println!("{:<10} {}", step.name, step.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    let chosen = choose(&names, &options.only, &options.skip)?;
    let finished: Vec<Finished> =
        STEPS.iter().filter(|step| chosen.contains(&step.name)).map(run_step).collect();
    let total = report(&finished);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose<'a>(names: &[&'a str], only: &[String], skip: &[String]) -> Result<Vec<&'a str>> {
    if let Some(unknown) = only.iter().chain(skip).find(|name| !names.contains(&name.as_str())) {
        bail!("there is no step {unknown}: the steps are {}", names.join(", "));
    }
    let lists = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
    let wanted = |name: &&&str| (only.is_empty() || lists(only, name)) && !lists(skip, name);
    Ok(names.iter().filter(wanted).copied().collect())
}

fn run_step(step: &Step) -> Finished {
    println!("\n== {}: {}", step.name, step.what);
    let start = Instant::now();
    let outcome = (step.run)();
    let took = start.elapsed();
    let (tally, error) = match outcome {
        Ok(tally) => (tally, None),
        Err(error) => (Tally::FAILED, Some(error)),
    };
    if let Some(error) = &error {
        eprintln!("error: {error:#}");
    }
    println!("-- {} took {:.1} s", step.name, took.as_secs_f64());
    Finished { name: step.name, took, tally, error }
}

/// Says what every step came to. The last line is the sum.
fn report(finished: &[Finished]) -> Tally {
    println!();
    let mut total = Tally::default();
    for Finished { name, took, tally, error } in finished {
        let outcome = if error.is_none() && tally.failed == 0 { "ok" } else { "FAILED" };
        println!("{name:<10} {:>7.1} s  {outcome:<6}  {tally}", took.as_secs_f64());
        total = total + *tally;
    }
    println!("\n{total}");
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>> {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        choose(&["fmt", "clippy", "docs"], &owned(only), &owned(skip))
    }

    #[test]
    fn steps_run_in_their_own_order_whatever_the_order_they_are_named_in() {
        assert_eq!(chosen(&["docs", "fmt"], &[]).expect("known"), ["fmt", "docs"]);
        assert_eq!(chosen(&[], &["clippy"]).expect("known"), ["fmt", "docs"]);
    }

    #[test]
    fn a_step_that_is_misspelt_is_an_error_that_names_the_right_ones() {
        let error = chosen(&["clipy"], &[]).expect_err("misspelt").to_string();
        assert!(error.contains("clipy") && error.contains("fmt, clippy, docs"), "{error}");
    }
}
