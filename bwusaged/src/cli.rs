//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::engine::{Choice, Counting};

/// Counts which program uses the network, and answers every local user over a socket.
///
/// Start it once as root; look with bwusage-tui, bwusage-ctl or bwusage-web as yourself.
#[derive(Debug, Parser)]
#[command(name = "bwusaged", version, max_term_width = 100)]
pub struct Cli {
    /// What to do instead of counting and serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
}

/// Options of the daemon itself.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the counters come from: `auto` is the best of `tracepoints`, `fentry` and `packets` that this machine allows;
    /// `replay:FILE` plays a recording without root.
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    pub engine: Choice,
    /// How wire bytes come about: `exact` counts each packet, `light` computes from the sockets' own counters [default: exact].
    #[arg(long, value_name = "HOW")]
    pub counting: Option<Counting>,
    /// Listen here instead of /run/bwusage/bwusage.sock [e.g. /tmp/bw/bwusage.sock].
    #[arg(long, value_name = "PATH", env = bwusage_proto::transport::SOCKET_ENV)]
    pub socket: Option<PathBuf>,
    /// Keep state here instead of /var/lib/bwusage, or beside the socket where --socket names one. One daemon at a time uses
    /// a state directory; without --socket the socket is in it.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Time between two ticks in milliseconds, 100 to 60000 [default: 1000, or the recording's].
    #[arg(long, value_name = "MS")]
    pub interval: Option<u32>,
    /// Read this configuration instead of /etc/bwusage/bwusaged.toml.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// What `bwusaged` can do beside serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write what a live engine counts into a file that `--engine replay:FILE` plays.
    Record(Record),
    /// Take over what another program counted per interface before bwusaged did. Say where the history is with --state-dir
    /// before the command, if the daemon does not keep it in its usual place.
    #[command(subcommand)]
    Import(Import),
    /// Read the configuration, say what is wrong with it, and do nothing else.
    CheckConfig,
}

/// Options of `record`.
#[derive(Debug, Args)]
pub struct Record {
    /// The file to create; it is readable by its owner only and never overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How long to record, in seconds; until interrupted unless said.
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u64>,
    /// Time between two moments in milliseconds, 100 to 60000.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub interval: u32,
}

/// Whose figures are imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Days and months of vnstat: the output of `vnstat --json`, or its database /var/lib/vnstat/vnstat.db.
    Vnstat {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
