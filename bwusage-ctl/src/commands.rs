//! What each command does.

use std::io::Write as _;

use clap::CommandFactory as _;

use crate::{
    cli::{Answer, Cli, Command, Completions},
    connection::Connection,
    failure::{Exit, Failure},
    output,
};

mod alerts;
mod connections;
mod doctor;
mod export;
mod history;
mod ledger;
mod notify;
mod status;
mod stop;
mod top;
mod watch;

/// Does what was asked for.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let connection = Connection::new(cli);
    match &cli.command {
        Command::Top(arguments) => on_runtime(top::run(&connection, arguments)),
        Command::Watch(arguments) => on_runtime(watch::run(&connection, arguments)),
        Command::Status(arguments) => on_runtime(status::run(&connection, arguments)),
        Command::Connections(arguments) => on_runtime(connections::run(&connection, arguments)),
        Command::Ledger(arguments) => on_runtime(ledger::run(&connection, arguments)),
        Command::Doctor(arguments) => on_runtime(doctor::run(&connection, arguments)),
        Command::History(arguments) => on_runtime(history::run(&connection, arguments)),
        Command::Export(arguments) => on_runtime(export::run(&connection, arguments)),
        Command::Alerts(arguments) => on_runtime(alerts::run(&connection, &arguments.action)),
        Command::Notify(arguments) => on_runtime(notify::run(&connection, arguments)),
        Command::Schema(arguments) => schema(arguments.answer),
        Command::Completions(arguments) => completions(arguments),
    }
}

fn on_runtime(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Start)?
        .block_on(command)
}

/// All answers share their definitions, so there is one file, and the answer decides where it is entered.
fn schema(answer: Answer) -> Result<Exit, Failure> {
    const ENTRY: &str = r##""$ref": "#/$defs/top""##;
    let definitions = include_str!("../schema/bwusage.json");
    output::plain(definitions.replacen(ENTRY, &ENTRY.replace("top", answer.name()), 1).as_bytes())?;
    Ok(Exit::Done)
}

fn completions(arguments: &Completions) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // Into memory first: the generator panics when a reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    script.flush().map_err(Failure::Output)?;
    output::plain(&script)?;
    Ok(Exit::Done)
}
