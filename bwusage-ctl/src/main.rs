//! `bwusage-ctl`: asks the daemon once, or follows it, and prints the answer for a person or a script.
//!
//! Start at [`commands::run`]. What can be typed is in [`cli`], what it looks like in [`render`] (pure), how it fails in
//! [`failure`]. No module here sees a frame: that is the business of `bwusage_proto::client`.

mod cli;
mod commands;
mod connection;
mod failure;
mod notify;
mod output;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cli.color.apply();
    match commands::run(&cli) {
        Ok(code) => code.into(),
        Err(failure) => failure.tell(cli.command.speaks_json()).into(),
    }
}
