//! The cases as lines for a program, which makes the table itself: the reader is `cargo xtask test --vm`, outside of the
//! machine that plays them.
//!
//! Fields are separated by tabs, and nothing else has a tab or a line of its own:
//!
//! - `cases NUMBER HEADER`: so many follow; the header of their figures,
//! - `playing NAME`: the case that did not end, if nothing more comes,
//! - `case VERDICT MILLISECONDS NAME FIGURES WHY`: the verdict is `exact`, `absent` (not offered by the kernel) or `failed`,
//! - `end`: they were all of them.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Instant,
};

use super::{Case, Outcome, cases, figures_and_verdict};
use crate::suite::counting::Counting;

/// The word that makes the test program report.
pub(in crate::suite) const VERB: &str = "report-conformance";

/// Plays every case whose name contains `filter`. Fails when nobody listens; what became of the cases, the lines say.
pub(in crate::suite) fn report(filter: &str) -> ExitCode {
    let chosen: Vec<&Case> = cases().filter(|case| case.name.contains(filter)).collect();
    match chosen_cases(&chosen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn chosen_cases(chosen: &[&Case]) -> io::Result<()> {
    say(&["cases", &chosen.len().to_string(), Outcome::HEADER])?;
    for case in chosen {
        say(&["playing", case.name])?;
        let start = Instant::now();
        let (verdict, figures, why) = if (case.offered)() {
            match figures_and_verdict(case, Counting::Exact) {
                (figures, Ok(())) => ("exact", figures, String::new()),
                (figures, Err(why)) => ("failed", figures, why),
            }
        } else {
            ("absent", String::new(), String::new())
        };
        let took = start.elapsed().as_millis().to_string();
        say(&["case", verdict, &took, case.name, &figures, &why])?;
    }
    say(&["end"])
}

fn say(fields: &[&str]) -> io::Result<()> {
    let line: Vec<String> = fields.iter().map(|field| one_line(field)).collect();
    let mut output = io::stdout().lock();
    writeln!(output, "{}", line.join("\t"))?;
    output.flush()
}

/// A daemon's log has many lines, and a process may be called anything.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").replace(|character: char| character.is_control(), " ")
}
