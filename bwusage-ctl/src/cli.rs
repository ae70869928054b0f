//! What can be typed.

use std::{path::PathBuf, time::Duration};

use bwusage_proto::{format::Units, transport::SOCKET_ENV};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) mod alerts;
pub(crate) mod connections;
mod duration;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod notify;
mod rows;
use alerts::Alerts;
use connections::Connections;
use export::Export;
use history::History;
use notify::Notify;
pub(crate) use rows::Rows;

/// The numbers are those of [`crate::failure::Exit`].
const EXIT_STATUS: &str = "\
Exit status:
    0  done
    1  failed
    2  wrong usage
    3  daemon not reachable
    4  permission denied
    5  versions of daemon and client do not fit
    6  nothing matched (--fail-empty, --interface), no such rule
    7  the condition holds (alerts test)
    8  no answer in time
  130  interrupted
  143  terminated

With --json the last line on standard error is the failure in JSON (bwusage-ctl schema error).";

/// Which program on this machine is using the network, and how much?
///
/// Asks the bwusaged daemon, as any user.
#[derive(Debug, Parser)]
#[command(
    name = "bwusage-ctl",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_long_help = EXIT_STATUS
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Socket of the daemon, such as /tmp/test/bwusage.sock [default: the system's daemon, else your own]
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "PATH", env = SOCKET_ENV)]
    pub(crate) socket: Option<PathBuf>,

    /// Longest wait for an answer, such as 500ms, 5s or 1m
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "SPAN", default_value = "5s", value_parser = duration::parse)]
    pub(crate) timeout: Duration,

    /// When to use colours: auto obeys the terminal and NO_COLOR
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print who uses the network now, once
    ///
    /// Example: bwusage-ctl top --by pid --filter 'user:alice rx>1M' --limit 10
    /// Who uses the network unseen: bwusage-ctl top --background
    Top(Top),
    /// Print it again every second: in place on a terminal, one JSON object a line into a pipe
    ///
    /// Reconnects by itself when the daemon restarts, and then writes a record of type "gap".
    /// Example: bwusage-ctl watch --interval 10s | jq -c .unattributed
    Watch(Watch),
    /// Say how the daemon is and how much it can see
    ///
    /// Example for a script that starts the daemon: bwusage-ctl status --wait 10s
    Status(Status),
    /// Print who talks to whom: open connections with their bytes, or sums by remote host, service, interface, process
    ///
    /// Example: bwusage-ctl connections --by remote --app firefox
    #[command(visible_alias = "conns")]
    Connections(Box<Connections>),
    /// Account for every byte that the interfaces counted: processes, and what has a reason instead of a process
    ///
    /// Every interface's own counter is the sum of the lines. Some are negative: there the interface counted less.
    /// Example: bwusage-ctl ledger --json | jq .summary.attributed_percent
    Ledger(Ledger),
    /// Print how much was moved when: by hour, day or month, of applications, users, interfaces, hosts
    ///
    /// Gaps, in which nobody counted, are drawn as ┊ and never as zero.
    /// Examples:
    ///   bwusage-ctl history yesterday --per app
    ///   bwusage-ctl history --from 2026-01 --by month --per interface
    #[command(verbatim_doc_comment)]
    History(Box<History>),
    /// Write history into a file: CSV, NDJSON or SQLite
    ///
    /// A series that has no line in a bucket moved nothing in it; a bucket in which nobody counted is a line of its own.
    /// Example: bwusage-ctl export 2026 --out 2026.sqlite
    Export(Box<Export>),
    /// Watch the use of the network by rules: list, add, test, remove them, and see what happened
    Alerts(Alerts),
    /// Be told of alerts: on the desktop, by a webhook, or by a command
    ///
    /// It runs as you, for as long as it is to tell you: systemctl --user enable --now bwusage-notify
    /// What is told is remembered, so a restart neither loses nor repeats it. To begin: bwusage-ctl notify --test
    Notify(Notify),
    /// Check everything that decides whether counting works, and say how to repair what does not
    Doctor(Doctor),
    /// Print the JSON Schema of an answer
    ///
    /// Example: bwusage-ctl schema top > top.schema.json
    Schema(Schema),
    /// Print a completion script for a shell
    ///
    /// Example: bwusage-ctl completions bash > ~/.local/share/bash-completion/completions/bwusage-ctl
    Completions(Completions),
}

impl Command {
    /// Whether whoever called expects JSON, also of a failure.
    pub(crate) fn speaks_json(&self) -> bool {
        match self {
            Self::Top(top) => top.format() == Format::Json,
            Self::Watch(watch) => watch.json,
            Self::Status(status) => status.json,
            Self::Ledger(ledger) => ledger.json,
            Self::Connections(connections) => {
                matches!(connections.format(), connections::Format::Json | connections::Format::Ndjson)
            }
            Self::Doctor(doctor) => doctor.json,
            Self::History(history) => {
                matches!(history.format(), history::Format::Json | history::Format::Ndjson)
            }
            Self::Alerts(alerts) => alerts.action.speaks_json(),
            Self::Schema(_) | Self::Completions(_) | Self::Export(_) | Self::Notify(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) look: Look,

    /// How to print: a table for people, JSON (schema bwusage.top/1), or CSV with the same names
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,

    /// Short for --output json
    #[arg(long, conflicts_with_all = ["output", "csv"])]
    json: bool,

    /// Short for --output csv
    #[arg(long, conflicts_with = "output")]
    csv: bool,

    /// Exit with status 6 when no row is left
    #[arg(long)]
    pub(crate) fail_empty: bool,
}

impl Top {
    pub(crate) fn format(&self) -> Format {
        match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => self.output,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) look: Look,

    /// Time between two samples, such as 500ms, 10s or 1m; never shorter than the daemon's own interval
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = duration::parse)]
    pub(crate) interval: Duration,

    /// End after this many samples [default: go on for ever]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Write JSON (schema bwusage.watch/1, one object a line) also to a terminal
    #[arg(long)]
    pub(crate) json: bool,
}

/// How tables look.
#[derive(Debug, Args)]
pub(crate) struct Look {
    /// Steps of 1024 (3.15 MiB/s), of 1000 (3.30 MB/s), or speeds in bits (26.4 Mbit/s); JSON and CSV are always bytes
    #[arg(long, value_name = "UNITS", default_value = "iec")]
    pub(crate) units: UnitsName,

    /// Never cut names or leave columns out to fit the terminal
    #[arg(long)]
    pub(crate) no_trunc: bool,

    /// No line of column names, also in CSV
    #[arg(long)]
    pub(crate) no_header: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Wait up to this long for the daemon to come up, such as 10s [default: do not wait]
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    pub(crate) wait: Option<Duration>,

    /// Print JSON (schema bwusage.status/1)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ledger {
    /// Only this interface, such as eth0
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: Option<String>,

    /// Steps of 1024 (3.15 MiB) or of 1000 (3.30 MB); JSON and CSV are always bytes
    #[arg(long, value_name = "UNITS", default_value = "iec")]
    pub(crate) units: UnitsName,

    /// Amounts to the byte
    #[arg(long)]
    pub(crate) exact: bool,

    /// Print JSON (schema bwusage.ledger/1)
    #[arg(long)]
    pub(crate) json: bool,

    /// Print comma-separated values: a line for each interface, direction and reason
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Ledger {
    pub(crate) fn format(&self) -> Format {
        match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => Format::Table,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON (schema bwusage.doctor/1)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Which answer
    #[arg(value_name = "ANSWER", default_value = "top")]
    pub(crate) answer: Answer,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum UnitsName {
    Iec,
    Si,
    Bits,
}

impl From<UnitsName> for Units {
    fn from(name: UnitsName) -> Self {
        match name {
            UnitsName::Iec => Self::Iec,
            UnitsName::Si => Self::Si,
            UnitsName::Bits => Self::Bits,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    Top,
    Watch,
    Status,
    Ledger,
    Connections,
    Doctor,
    History,
    HistoryRecord,
    Alerts,
    AlertEvent,
    AlertLog,
    AlertTrial,
    AlertDryRun,
    Error,
}

impl Answer {
    /// The name of its definition in the schema.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Watch => "watch",
            Self::Status => "status",
            Self::Ledger => "ledger",
            Self::Connections => "connections",
            Self::Doctor => "doctor",
            Self::History => "history",
            Self::HistoryRecord => "history_record",
            Self::Alerts => "alerts",
            Self::AlertEvent => "alert_event",
            Self::AlertLog => "alert_log",
            Self::AlertTrial => "alert_trial",
            Self::AlertDryRun => "alert_dry_run",
            Self::Error => "error",
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

impl ColorWhen {
    /// Decides for the whole process.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn top(arguments: &[&str]) -> Result<Top, clap::Error> {
        let cli = Cli::try_parse_from([&["bwusage-ctl", "top"], arguments].concat())?;
        let Command::Top(top) = cli.command else { panic!("top was asked for") };
        Ok(top)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every flag says what it does; every span and amount gives an example.
    #[test]
    fn every_flag_has_its_help() {
        for command in Cli::command().get_subcommands().chain([&Cli::command()]) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty(), "{} {}", command.get_name(), argument.get_id());
                let is_span = argument.get_value_names().is_some_and(|names| names.contains(&"SPAN".into()));
                assert!(!is_span || help.contains("such as"), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn a_sort_key_may_begin_with_a_minus() {
        assert_eq!(top(&["--sort", "-cpu"]).unwrap().rows.sort, "-cpu".parse().unwrap());
        assert_eq!(top(&["--sort=-cpu"]).unwrap().rows.sort, "-cpu".parse().unwrap());
    }

    #[test]
    fn a_wrong_filter_says_where() {
        let error = top(&["--filter", "a /b[/"]).unwrap_err().to_string();
        assert!(error.contains("unclosed '[' at 5"), "{error}");
    }

    #[test]
    fn only_one_format_can_be_asked_for() {
        assert_eq!(top(&["--csv"]).unwrap().format(), Format::Csv);
        assert_eq!(top(&["-o", "json"]).unwrap().format(), Format::Json);
        assert!(top(&["--json", "--csv"]).is_err());
        assert!(top(&["--json", "--output", "csv"]).is_err());
    }
}
