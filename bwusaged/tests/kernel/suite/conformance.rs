//! The conformance suite: every way in which a program can move bytes, and whether the table says so.
//!
//! Each case lets several processes under names of their own move bytes, and compares with the table
//!
//! - the **truth**: the payload that each process counted itself ([`super::generator`]),
//! - the **cable**: what the far interface carried, beside what all processes at one end are said to have moved.
//!
//! Each [`Case`] is a test; `cargo xtask conformance` prints them all as one table, and `cargo xtask test --vm` does so for
//! other kernels ([`report`]).

use std::{any::Any, panic, process::ExitCode};

use libtest_mimic::Trial;

use self::{
    limits::{EXACT, LIGHT, Limits},
    outcome::Outcome,
    stage::{Stage, play},
};

use super::{counting::Counting, witness::watched};

mod datagrams;
mod flags;
mod limits;
mod outcome;
pub(super) mod report;
mod server;
mod stage;
mod unusual;
mod ways;

/// The word that makes the test program print the table.
pub(super) const VERB: &str = "print-conformance";

/// One way to move bytes.
pub(super) struct Case {
    name: &'static str,
    play: fn(&mut Stage),
    /// Whether the kernel has it.
    offered: fn() -> bool,
    /// What light mode comes to.
    light: Limits,
}

impl Case {
    const fn new(name: &'static str, play: fn(&mut Stage)) -> Self {
        Self { name, play, offered: || true, light: LIGHT }
    }

    const fn where_offered(mut self, offered: fn() -> bool) -> Self {
        self.offered = offered;
        self
    }

    /// Light mode is further off here; why stands beside each use.
    const fn light_wire(mut self, share: f64) -> Self {
        self.light.wire = share;
        self
    }

    /// Light mode gives more of it to another process; why stands beside each use.
    const fn light_misnamed(mut self, share: f64) -> Self {
        self.light.misnamed = share;
        self
    }

    fn limits(&self, counting: Counting) -> Limits {
        match counting {
            _ if limits::sees_one_namespace() => limits::sampled(self.name),
            Counting::Exact => EXACT,
            Counting::Light => self.light,
        }
    }

    fn play(&self, counting: Counting) -> Outcome {
        counting.run(|| play(self.play))
    }

    /// What is wrong with `outcome`, in words.
    fn judge(&self, counting: Counting, outcome: &Outcome) -> Result<(), String> {
        outcome.check(&self.limits(counting))
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [server::CASES, flags::CASES, ways::CASES, datagrams::CASES, unusual::CASES].into_iter().flatten()
}

/// Every case as a test. One that the kernel does not offer is reported as ignored.
pub(super) fn trials(missing: Option<&String>, in_ci: bool) -> Vec<Trial> {
    let in_mode = |counting: Counting, prefix: &'static str| {
        cases().map(move |case| {
            let missing = missing.cloned();
            let ignored = (missing.is_some() && !in_ci) || !(case.offered)();
            let name = format!("{prefix}{}", case.name.replace([' ', '-', ',', '(', ')', '/'], "_"));
            let test = move || match missing {
                Some(missing) => Err(missing),
                None => watched(|| case.judge(counting, &case.play(counting)), Result::is_err),
            };
            Trial::test(name, move || test().map_err(Into::into)).with_ignored_flag(ignored)
        })
    };
    in_mode(Counting::Exact, "conformance::")
        .chain(in_mode(Counting::Light, "light::conformance::"))
        .collect()
}

/// Plays every case whose name contains `filter` and prints the table.
pub(super) fn print(counting: Counting, filter: &str) -> ExitCode {
    let (mut exact, mut failed, mut absent) = (0, 0, 0);
    println!("{}", Outcome::HEADER);
    for case in cases().filter(|case| case.name.contains(filter)) {
        if !(case.offered)() {
            absent += 1;
            println!("{:<44} not offered by this kernel", case.name);
            continue;
        }
        let (figures, verdict) = figures_and_verdict(case, counting);
        println!("{:<44} {figures}", case.name);
        match verdict {
            Ok(()) => exact += 1,
            Err(error) => {
                failed += 1;
                println!("    FAILED: {error}");
            }
        }
    }
    println!("\n{exact} as expected, {absent} not offered by this kernel, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays a case to its end, whatever that is.
fn figures_and_verdict(case: &Case, counting: Counting) -> (String, Result<(), String>) {
    match panic::catch_unwind(|| case.play(counting)) {
        Ok(outcome) => (outcome.to_string(), case.judge(counting, &outcome)),
        Err(panic) => ("no figures".into(), Err(format!("it broke off: {}", last_words(panic.as_ref())))),
    }
}

/// What a panic says.
fn last_words(panic: &(dyn Any + Send)) -> &str {
    let constant = || panic.downcast_ref::<&str>().copied();
    panic.downcast_ref::<String>().map(String::as_str).or_else(constant).unwrap_or("without a word")
}
