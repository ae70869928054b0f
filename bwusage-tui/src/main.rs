//! Starts the terminal client; the program itself is the library beside this file.

use std::process::ExitCode;

use anyhow::Context as _;
use bwusage_proto::{transport::Endpoint, users::Users};
use bwusage_tui::{
    app::App,
    cli::Args,
    feed::Feed,
    run,
    terminal::{
        Screen, UNICODE_WITHOUT_LOCALE,
        ability::{self, Colour},
    },
};
use clap::Parser as _;

/// Wrong usage, as for a wrong flag.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(unable) = ability::check() {
        eprintln!("error: {unable}");
        eprintln!("  one table, once:                bwusage-ctl top");
        eprintln!("  every refresh, into a pipe:     bwusage-ctl watch");
        return ExitCode::from(USAGE);
    }
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<()> {
    let theme =
        ability::theme(args.color, args.ascii, UNICODE_WITHOUT_LOCALE, |name| std::env::var(name).ok());
    if args.color == Colour::Always {
        crossterm::style::force_color_output(true);
    }
    let settings = args.settings();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let feed = Feed::start(Endpoint::resolve(args.socket), settings.interval);
        let mut screen = Screen::open(settings.mouse).context("cannot take over the terminal")?;
        run::run(App::new(settings, Users::new()), feed, &mut screen, theme).await
    })
}
