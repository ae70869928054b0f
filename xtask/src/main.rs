//! The project's commands. `cargo xtask run` shows the program at work; `cargo xtask test` checks everything that is checked;
//! `cargo xtask bench` measures what it costs.
//!
//! Both need Rust and a linker and name whatever else they miss. Start at [`run`] and [`mod@test`].

#[cfg(target_os = "linux")]
mod bench;
#[cfg(not(target_os = "linux"))]
#[path = "bench/unsupported.rs"]
mod bench;
mod bpf;
mod browser;
mod conformance;
mod load;
mod run;
mod test;
mod tools;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Runs and checks bwusage",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, start the daemon (through sudo where needed) and open the terminal interface
    Run(run::Options),
    /// Run every check, and end with how many passed
    Test(test::Options),
    /// Compile the BPF object anew and put it in its place, or compare it with the committed one
    Bpf(bpf::Options),
    /// Move bytes in every way there is, and print what was counted beside what was moved (as root)
    Conformance(conformance::Options),
    /// Start a million processes or hold 200,000 sockets, and print what they cost the daemon (as root)
    Load(load::Options),
    /// Measure what counting costs, beside doing without and beside other tools (as root)
    Bench(bench::Options),
    /// Draw the pictures of the README anew, from a recording (as root)
    Screenshots(browser::Options),
    /// Measure what the dashboard's page costs a browser (as root)
    PageCost(browser::CostOptions),
    /// Make traffic for `bench`
    #[command(hide = true)]
    BenchGenerate(bench::GenerateOptions),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Bpf(options) => bpf::run(&options),
        Task::Conformance(options) => conformance::run(&options),
        Task::Load(options) => load::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Screenshots(options) => browser::screenshots(&options),
        Task::PageCost(options) => browser::cost(&options),
        Task::BenchGenerate(options) => bench::generate(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
