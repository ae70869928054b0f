//! `bwusaged`: see the library for what it is made of.

use std::process::ExitCode;

use bwusaged::{
    cli::{Cli, Command},
    config::Config,
    daemon, record,
};
use clap::Parser as _;

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("BWUSAGE_LOG").unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
    let outcome = match &cli.command {
        None => daemon::run(&cli.serve),
        Some(Command::Record(options)) => record::run(options),
        Some(Command::CheckConfig) => {
            Config::load(cli.serve.config.as_deref()).map_err(Into::into).map(|config| {
                println!("the configuration is right: {config:?}");
            })
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
