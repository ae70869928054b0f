//! The configuration file: TOML, every key optional, unknown keys refused.
//!
//! ```toml
//! visibility = "names"   # what ordinary users see of others: "all", "names" or "own"
//! counting = "exact"     # "exact" counts each packet, "light" computes from the sockets' own counters
//! interval_ms = 1000     # time between two ticks, 100 to 60000
//! socket = "/run/bwusage/bwusage.sock"
//! state_dir = "/var/lib/bwusage"
//! history = true         # whether usage is remembered beyond the daemon's life
//! billing_day = 1        # the day of the month on which a month of history begins, 1 to 28
//! retention = { minutes_h = 48, hours_d = 90 }   # how long is kept what: minutes in hours, hours in days; days_d: days, in
//!                        # days, for ever unless said
//! user = "bwusage"       # whom a daemon that is started as root becomes once it counts; without it bwusage, else nobody
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    engine::Counting,
    history::{self, Retention},
    server::access::Visibility,
};

/// Where the configuration is read from unless `--config` says otherwise. It may be missing there.
pub const DEFAULT_PATH: &str = "/etc/bwusage/bwusaged.toml";
/// Times between two ticks that make sense.
pub const INTERVALS_MS: std::ops::RangeInclusive<u32> = 100..=60_000;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What ordinary users see of other users' processes.
    #[serde(default)]
    pub visibility: Visibility,
    /// How wire bytes come about.
    #[serde(default)]
    pub counting: Counting,
    /// Time between two ticks; 1000 unless said.
    pub interval_ms: Option<u32>,
    /// Where to listen.
    pub socket: Option<PathBuf>,
    /// Where the daemon keeps what must survive it.
    pub state_dir: Option<PathBuf>,
    /// Whether usage is remembered beyond the daemon's life; it is, unless said.
    pub history: Option<bool>,
    /// The day of the month on which a month of history begins; 1 unless said.
    pub billing_day: Option<u8>,
    /// How long is kept what.
    #[serde(default)]
    pub retention: Retention,
    /// Whom a daemon that is started as root becomes: a name, or a number. See [`crate::privilege::account`].
    pub user: Option<String>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file says something that makes no sense.
    #[error("the configuration {} is wrong: {source}check it with: bwusaged check-config", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: toml::de::Error,
    },
    /// Not every month has this day.
    #[error("billing_day must be a day that every month has, 1 to 28, not {found}")]
    BillingDay {
        /// What was asked for.
        found: u8,
    },
    /// What is coarser must be kept for longer.
    #[error("retention keeps minutes for 2 hours at least, hours for 2 days at least, and what is coarser not shorter")]
    Retention,
    /// A tick is too short or too long.
    #[error(
        "the time between two ticks must be {} to {} ms, not {found}",
        INTERVALS_MS.start(),
        INTERVALS_MS.end()
    )]
    Interval {
        /// What was asked for.
        found: u32,
    },
}

impl Config {
    /// Reads `explicit`, which must exist, or else [`DEFAULT_PATH`], which need not.
    ///
    /// # Errors
    ///
    /// Says which file is wrong, and where.
    pub fn load(explicit: Option<&Path>) -> Result<Self, ConfigError> {
        let path = explicit.unwrap_or(Path::new(DEFAULT_PATH));
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound && explicit.is_none() => {
                Ok(Self::default())
            }
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|source| ConfigError::Parse { path: path.to_owned(), source })?;
        config.interval_ms.map_or(Ok(()), check_interval)?;
        if let Some(found) = config.billing_day.filter(|&day| !history::is_billing_day(day)) {
            return Err(ConfigError::BillingDay { found });
        }
        if !config.retention.is_ordered() {
            return Err(ConfigError::Retention);
        }
        Ok(config)
    }
}

/// Refuses a time between two ticks that makes no sense.
///
/// # Errors
///
/// [`ConfigError::Interval`].
pub fn check_interval(interval_ms: u32) -> Result<(), ConfigError> {
    if INTERVALS_MS.contains(&interval_ms) {
        Ok(())
    } else {
        Err(ConfigError::Interval { found: interval_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("x.toml"))
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(parse("").unwrap(), Config::default());
        assert_eq!(Config::default().visibility, Visibility::Names);
    }

    #[test]
    fn every_key_is_read() {
        let config = parse(
            "visibility = \"own\"\ninterval_ms = 500\nsocket = \"/s\"\nstate_dir = \"/d\"\nuser = \"u\"",
        )
        .unwrap();
        assert_eq!((config.visibility, config.interval_ms), (Visibility::Own, Some(500)));
        assert_eq!((config.socket, config.state_dir), (Some("/s".into()), Some("/d".into())));
        assert_eq!(config.user.as_deref(), Some("u"));
    }

    #[test]
    fn a_mistake_is_named_with_its_file_and_line() {
        for text in ["visibilty = \"own\"", "visibility = \"nobody\"", "interval_ms = -1"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.contains("x.toml") && error.contains("line 1") && error.contains("check-config"),
                "{error}"
            );
        }
        assert!(parse("interval_ms = 5").unwrap_err().to_string().contains("100 to 60000"));
        assert!(parse("billing_day = 29").unwrap_err().to_string().contains("1 to 28"));
    }

    #[test]
    fn what_is_coarser_is_kept_for_longer() {
        let retention = |text: &str| parse(&format!("retention = {{ {text} }}"));
        assert_eq!(retention("hours_d = 30").unwrap().retention.minutes_h, 48);
        assert_eq!(retention("days_d = 400").unwrap().retention.days_d, Some(400));
        for wrong in ["minutes_h = 0", "minutes_h = 9999", "hours_d = 1", "days_d = 89"] {
            assert!(matches!(retention(wrong), Err(ConfigError::Retention)), "{wrong}");
        }
    }
}
