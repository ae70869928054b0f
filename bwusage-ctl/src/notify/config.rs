//! Who is to be told, and how: `notify.toml` of the user. An annotated one is printed by `bwusage-ctl notify --example`.
//!
//! It names programs that will be run, so on Unix it is refused when another user could have written it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use bwusage_proto::{
    alert::{EventKind, Severity},
    notify::{
        NoWish, Notice, Wish, timeout,
        webhook::{self, HeaderError, UrlError, Webhook},
    },
};
use serde::Deserialize;
use ureq::Agent;

use super::{
    Way,
    command::{ArgvError, Command},
    desktop::Desktop,
};

#[cfg(unix)]
#[path = "config/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "config/windows.rs"]
mod platform;

/// What `--example` prints.
pub(crate) const EXAMPLE: &str = include_str!("config/example.toml");

/// Seconds that a delivery may take unless somebody says otherwise.
const WEBHOOK_TIMEOUT_S: u64 = 10;
const COMMAND_TIMEOUT_S: u64 = 30;

/// One who is to be told.
#[derive(Debug)]
pub(crate) struct Destination {
    /// What it is called: `desktop`, `webhook ops`, `command log`. Tells it from all others.
    pub(crate) name: String,
    pub(crate) way: Way,
    wish: Wish,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} can be written by others, who could have it run anything", path.display())]
    Writable { path: PathBuf },
    #[error("{} belongs to another user, who could have it run anything", path.display())]
    Foreign { path: PathBuf },
    #[error("{}, line {line}: {}", path.display(), wrong.message())]
    Parse { path: PathBuf, line: usize, wrong: Box<toml::de::Error> },
    #[error("{}: [{section}] {wrong}", path.display())]
    Section { path: PathBuf, section: String, wrong: Wrong },
    #[error("{} names nobody to tell", path.display())]
    Nobody { path: PathBuf },
}

/// What is wrong with one who is to be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Argv(#[from] ArgvError),
    #[error(transparent)]
    Wish(#[from] NoWish),
}

impl ConfigError {
    /// What to type.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Writable { path } => format!("keep others out:   chmod go-w {}", path.display()),
            Self::Foreign { path } => format!("see whose it is:   ls -l {}", path.display()),
            _ => "see what can be written:   bwusage-ctl notify --example".into(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    desktop: Option<WrittenDesktop>,
    #[serde(default)]
    webhook: BTreeMap<String, WrittenWebhook>,
    #[serde(default)]
    command: BTreeMap<String, WrittenCommand>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDesktop {
    states: Option<Vec<EventKind>>,
    severity: Option<Severity>,
    #[serde(default)]
    rules: Vec<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWebhook {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    timeout_s: Option<u64>,
    states: Option<Vec<EventKind>>,
    severity: Option<Severity>,
    #[serde(default)]
    rules: Vec<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCommand {
    argv: Vec<String>,
    timeout_s: Option<u64>,
    states: Option<Vec<EventKind>>,
    severity: Option<Severity>,
    #[serde(default)]
    rules: Vec<u64>,
}

/// Reads `explicit`, which must exist, or else `usual`, which need not: then it is this desktop that is told.
pub(crate) fn load(explicit: Option<&Path>, usual: Option<&Path>) -> Result<Vec<Destination>, ConfigError> {
    let Some(path) = explicit.or(usual) else { return Ok(this_desktop()) };
    let text = match read(path) {
        Err(ConfigError::Read { source, .. })
            if source.kind() == io::ErrorKind::NotFound && explicit.is_none() =>
        {
            return Ok(this_desktop());
        }
        outcome => outcome?,
    };
    let destinations = parse(&text, path)?;
    if destinations.is_empty() {
        return Err(ConfigError::Nobody { path: path.to_owned() });
    }
    Ok(destinations)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    // What is looked at is what is read: the same open file.
    let mut file = File::open(path).map_err(failed)?;
    let Writers { is_foreign, is_open } = platform::writers(&file).map_err(failed)?;
    if is_foreign {
        return Err(ConfigError::Foreign { path: path.to_owned() });
    }
    if is_open {
        return Err(ConfigError::Writable { path: path.to_owned() });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Who could have written a file, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Writers {
    /// It belongs to neither the user nor an administrator.
    is_foreign: bool,
    /// Others than its owner may write it.
    is_open: bool,
}

fn this_desktop() -> Vec<Destination> {
    vec![Destination { name: "desktop".into(), way: Way::Desktop(Desktop), wish: Wish::everything() }]
}

fn parse(text: &str, path: &Path) -> Result<Vec<Destination>, ConfigError> {
    let written: Written = toml::from_str(text).map_err(|wrong| {
        let before = wrong.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Parse { path: path.to_owned(), line, wrong: Box::new(wrong) }
    })?;
    let wrong = |section: &str| {
        let section = section.to_owned();
        move |wrong| ConfigError::Section { path: path.to_owned(), section, wrong }
    };
    let mut destinations = Vec::new();
    if let Some(desktop) = written.desktop {
        let wish = Wish::new(desktop.states, desktop.severity, desktop.rules);
        let wish = wish.map_err(|no_wish| wrong("desktop")(no_wish.into()))?;
        destinations.push(Destination { name: "desktop".into(), way: Way::Desktop(Desktop), wish });
    }
    for (name, section) in written.webhook {
        destinations.push(of_webhook(&name, section).map_err(wrong(&format!("webhook.{name}")))?);
    }
    for (name, section) in written.command {
        destinations.push(of_command(&name, section).map_err(wrong(&format!("command.{name}")))?);
    }
    Ok(destinations)
}

fn of_webhook(name: &str, written: WrittenWebhook) -> Result<Destination, Wrong> {
    let headers = webhook::headers(&written.headers)?;
    let timeout = timeout(written.timeout_s, WEBHOOK_TIMEOUT_S)?;
    let way = Way::Webhook(Webhook::new(written.url.parse()?, headers, timeout, agent(timeout)));
    let wish = Wish::new(written.states, written.severity, written.rules)?;
    Ok(Destination { name: format!("webhook {name}"), way, wish })
}

fn of_command(name: &str, written: WrittenCommand) -> Result<Destination, Wrong> {
    let timeout = timeout(written.timeout_s, COMMAND_TIMEOUT_S)?;
    let way = Way::Command(Command::new(&written.argv, timeout)?);
    let wish = Wish::new(written.states, written.severity, written.rules)?;
    Ok(Destination { name: format!("command {name}"), way, wish })
}

/// Whoever posts from this program.
fn agent(timeout: Duration) -> Agent {
    webhook::agent_config(timeout, concat!("bwusage-ctl/", env!("CARGO_PKG_VERSION"))).build().into()
}

impl Destination {
    /// Who is told of what, in a line. Without secrets.
    pub(crate) fn describe(&self) -> String {
        let way = match &self.way {
            Way::Desktop(_) => "shows it".into(),
            Way::Webhook(webhook) => format!("posts to {}", webhook.host()),
            Way::Command(command) => format!("runs {}", command.program()),
        };
        format!("{}: {way} {}", self.name, self.wish)
    }

    /// Whether it is to be told of this.
    pub(crate) fn wants(&self, notice: &Notice) -> bool {
        self.wish.includes(notice)
    }
}

#[cfg(test)]
mod tests;
