//! What can be said to `notify`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Notify {
    /// Who is to be told, and how, such as /home/alice/notify.toml [default: ~/.config/bwusage/notify.toml; without it the
    /// desktop]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where to remember what was told [default: ~/.local/state/bwusage/notify.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) instead: Instead,

    /// Tell what happened since the last time, try each once, and end; status 1 if something could not be told
    #[arg(long)]
    pub(crate) once: bool,

    /// Say on standard error what was told, too, not only what could not be
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What to do instead of waiting for events.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Instead {
    /// Print a configuration with everything that can be written in it
    #[arg(long)]
    pub(crate) example: bool,

    /// Check the configuration and print who is told of what
    #[arg(long)]
    pub(crate) check: bool,

    /// Tell everybody of a made-up event, whatever they want to be told; needs no daemon
    #[arg(long)]
    pub(crate) test: bool,
}
