//! `bwusaged`: see the library for what it is made of.

use std::{path::Path, process::ExitCode};

use bwusaged::{
    cli::{Cli, Command},
    config::Config,
    daemon::{self, MustRestart},
    privilege, record,
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
        Some(Command::Record(options)) => record::run(options, cli.serve.config.as_deref()),
        Some(Command::CheckConfig) => check(cli.serve.config.as_deref()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<MustRestart>() {
                ExitCode::from(MustRestart::EXIT_STATUS)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn check(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    config.user.as_deref().map(privilege::named).transpose()?;
    println!("the configuration is right: {config:?}");
    Ok(())
}
