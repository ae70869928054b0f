//! `bwusaged`: see the library for what it is made of.

use std::{path::Path, process::ExitCode};

use bwusage_proto::{
    format::{self, Units},
    text,
};
use bwusaged::{
    cli::{Cli, Command, Import, Serve},
    config::Config,
    daemon::{self, MustRestart},
    history, privilege, record,
};
use clap::Parser as _;
use tracing_subscriber::{
    filter::{LevelFilter, ParseError, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    let (wanted, refused) = wanted_lines();
    tracing_subscriber::registry().with(lines).with(wanted).init();
    if let Some(error) = refused {
        tracing::warn!(%error, "BWUSAGE_LOG is not understood: try debug, or info,bwusaged::history=trace");
    }
    let outcome = match &cli.command {
        None => daemon::run(&cli.serve),
        Some(Command::Record(options)) => record::run(options, cli.serve.config.as_deref()),
        Some(Command::Import(Import::Vnstat { file })) => import_vnstat(&cli.serve, file),
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

/// What `BWUSAGE_LOG` asks for, such as `debug` or `info,bwusaged::history=trace`; and why, where that makes no sense.
fn wanted_lines() -> (Targets, Option<ParseError>) {
    let usual = Targets::new().with_default(LevelFilter::INFO);
    match std::env::var("BWUSAGE_LOG").map(|asked| asked.parse()) {
        Ok(Ok(asked)) => (asked, None),
        Ok(Err(error)) => (usual, Some(error)),
        Err(_) => (usual, None),
    }
}

fn import_vnstat(serve: &Serve, file: &Path) -> anyhow::Result<()> {
    let imported = history::import::vnstat(&daemon::kept_history(serve)?, file)?;
    let bytes = |bytes| format::bytes_with_unit(bytes, Units::Iec);
    for (interface, totals) in &imported.interfaces {
        let (rx, tx) = (bytes(totals.rx_bytes), bytes(totals.tx_bytes));
        println!(
            "imported {}: {} days and {} months without all their days, {rx} received, {tx} sent",
            text::escape(interface),
            totals.days,
            totals.months
        );
    }
    if imported.left_out > 0 {
        println!(
            "left out {} days and months that are not older than what was counted here",
            imported.left_out
        );
    }
    Ok(())
}

fn check(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    config.user.as_deref().map(privilege::named).transpose()?;
    println!("the configuration is right: {config:?}");
    Ok(())
}
