//! The command line.

use std::{path::PathBuf, time::Duration};

use bwusage_proto::{
    format::Units,
    table::{Grouping, Order},
};
use clap::Parser;

use crate::{
    app::Settings,
    terminal::{CAN_SUSPEND, ability::Colour},
};

/// Which program on this machine uses the network, and how much: live, in the terminal.
///
/// Press F1 or ? inside for the keys.
#[derive(Debug, Parser)]
#[command(name = "bwusage-tui", version, max_term_width = 100)]
pub struct Args {
    /// Where the daemon listens [default: $BWUSAGE_SOCKET, else the system's daemon]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,

    /// Time between two refreshes, from 500ms to 10s; the daemon's own interval is the least
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub interval: Duration,

    /// Colours: auto turns them off when NO_COLOR is set
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,

    /// Draw with ASCII characters only [default: when the locale is not UTF-8]
    #[arg(long)]
    pub ascii: bool,

    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,

    /// Units: iec (KiB), si (kB) or bits (speeds in bit/s)
    #[arg(long, default_value = "iec", value_parser = units)]
    pub units: Units,

    /// One row for each: app, pid, user, unit or container
    #[arg(long, default_value = "app", value_parser = grouping)]
    pub by: Grouping,

    /// Sort by this column; a leading - turns the order around
    #[arg(long, value_name = "COLUMN", default_value = "rx_total", allow_hyphen_values = true)]
    pub sort: Order,

    /// Begin with this filter
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub filter: String,
}

impl Args {
    /// What the model needs of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            by: self.by,
            order: self.sort,
            units: self.units,
            interval: self.interval,
            filter: self.filter.clone(),
            mouse: !self.no_mouse,
            can_suspend: CAN_SUSPEND,
        }
    }
}

fn units(name: &str) -> Result<Units, &'static str> {
    Units::ALL.into_iter().find(|units| units.name() == name).ok_or("use iec, si or bits")
}

fn grouping(name: &str) -> Result<Grouping, &'static str> {
    let name = if name == "process" { "pid" } else { name };
    Grouping::named(name).ok_or("use app, pid, user, unit, container or category")
}

fn interval(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "use a time from 500ms to 10s, such as 500ms, 2s or 1.5";
    let (number, milliseconds) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1000.0),
    };
    let milliseconds = number.trim().parse::<f64>().map_err(|_| WRONG)? * milliseconds;
    if (500.0..=10_000.0).contains(&milliseconds) {
        Ok(Duration::from_millis(milliseconds.round() as u64))
    } else {
        Err(WRONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_read() {
        let line = "bwusage-tui --socket /s --interval 2s --color never --no-mouse --units bits --by pid --sort -cpu --filter fire";
        let args = Args::try_parse_from(line.split(' ')).unwrap();
        let settings = args.settings();
        assert_eq!((settings.by, settings.units, settings.mouse), (Grouping::Process, Units::Bits, false));
        assert_eq!((settings.interval, settings.order.to_string()), (Duration::from_secs(2), "-cpu".into()));
        assert_eq!((settings.filter.as_str(), args.color), ("fire", Colour::Never));
    }

    #[test]
    fn an_interval_is_read_with_and_without_a_unit() {
        assert_eq!(
            ["500ms", "1s", "1.5", "10 s"].map(interval),
            [500, 1000, 1500, 10_000].map(|ms| Ok(Duration::from_millis(ms)))
        );
        for wrong in ["", "0", "100ms", "11s", "NaN", "inf", "fast"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }
}
