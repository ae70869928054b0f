//! Who is to be told, and how: the file that `--config` names. `delivery/config/example.toml` is one with everything in it.
//!
//! It is read once, by whoever starts the server; nothing that comes over the network changes it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use bwusage_proto::{
    alert::{EventKind, Severity},
    filter::{Network, NotANetwork},
    notify::{
        NoWish, Notice, Wish, timeout,
        webhook::{self, HeaderError, Url, UrlError, Webhook},
    },
    version::PACKAGE_VERSION,
};
use lettre::{message::Mailbox, transport::smtp::authentication::Credentials};
use serde::Deserialize;
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::{
    Way,
    mail::{Encryption, Mail},
    reach::{Reach, Unreachable},
};

#[cfg(unix)]
#[path = "config/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "config/other.rs"]
mod platform;

/// Seconds that a delivery may take unless somebody says otherwise.
const TIMEOUT_S: u64 = 10;

/// One who is to be told.
#[derive(Debug)]
pub(crate) struct Channel {
    /// What it is called: `webhook ops`, `email me`. Tells it from all others.
    pub(super) name: String,
    pub(super) way: Way,
    wish: Wish,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{0} holds secrets, and others can read or write it: keep them out   chmod 600 {0}", path.display())]
    Open { path: PathBuf },
    #[error("{}, line {line}: {}", path.display(), wrong.message())]
    Parse { path: PathBuf, line: usize, wrong: Box<toml::de::Error> },
    #[error("{}: [{section}]", path.display())]
    Section { path: PathBuf, section: String, source: Wrong },
    #[error("{}: allow_networks", path.display())]
    Networks { path: PathBuf, source: NotANetwork },
}

/// What is wrong with one who is to be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("{0:?} is no address such as Me <me@example.org>")]
    Mailbox(String),
    #[error("to must name somebody")]
    Nobody,
    #[error("user and password go together")]
    Credentials,
    #[error(transparent)]
    Wish(#[from] NoWish),
    #[error("{0} is not among allow_hosts")]
    Host(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    allow_networks: Vec<String>,
    allow_hosts: Option<Vec<String>>,
    #[serde(default)]
    webhook: BTreeMap<String, WrittenWebhook>,
    #[serde(default)]
    email: BTreeMap<String, WrittenMail>,
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
struct WrittenMail {
    server: String,
    port: Option<u16>,
    encryption: Option<Encryption>,
    user: Option<String>,
    password: Option<String>,
    from: String,
    to: Vec<String>,
    timeout_s: Option<u64>,
    states: Option<Vec<EventKind>>,
    severity: Option<Severity>,
    #[serde(default)]
    rules: Vec<u64>,
}

/// Reads the file at `path`.
pub(crate) fn load(path: &Path) -> Result<Vec<Channel>, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    // What is looked at is what is read: the same open file.
    let mut file = File::open(path).map_err(failed)?;
    if platform::is_open(&file).map_err(failed)? {
        return Err(ConfigError::Open { path: path.to_owned() });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Vec<Channel>, ConfigError> {
    let written: Written = toml::from_str(text).map_err(|wrong| {
        let before = wrong.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Parse { path: path.to_owned(), line, wrong: Box::new(wrong) }
    })?;
    let networks: Result<Vec<Network>, NotANetwork> =
        written.allow_networks.iter().map(|network| network.parse()).collect();
    let networks = networks.map_err(|source| ConfigError::Networks { path: path.to_owned(), source })?;
    let terms = Terms { reach: Reach::new(networks), hosts: written.allow_hosts };
    let wrong =
        |section: String| move |source| ConfigError::Section { path: path.to_owned(), section, source };
    let mut channels = Vec::new();
    for (name, section) in written.webhook {
        channels.push(terms.webhook(&name, section).map_err(wrong(format!("webhook.{name}")))?);
    }
    for (name, section) in written.email {
        channels.push(terms.mail(&name, section).map_err(wrong(format!("email.{name}")))?);
    }
    Ok(channels)
}

/// What holds for all channels.
struct Terms {
    reach: Reach,
    hosts: Option<Vec<String>>,
}

impl Terms {
    fn webhook(&self, name: &str, written: WrittenWebhook) -> Result<Channel, Wrong> {
        let url: Url = written.url.parse()?;
        let uri: Option<Uri> = written.url.parse().ok();
        self.check_host(uri.as_ref().and_then(Uri::host).unwrap_or_default())?;
        let (headers, timeout) =
            (webhook::headers(&written.headers)?, timeout(written.timeout_s, TIMEOUT_S)?);
        let way = Way::Webhook(Webhook::new(url, headers, timeout, agent(timeout, self.reach.clone())));
        let wish = Wish::new(written.states, written.severity, written.rules)?;
        Ok(Channel { name: format!("webhook {name}"), way, wish })
    }

    fn mail(&self, name: &str, written: WrittenMail) -> Result<Channel, Wrong> {
        self.check_host(&written.server)?;
        let mailbox = |text: &String| text.parse::<Mailbox>().map_err(|_| Wrong::Mailbox(text.clone()));
        let to: Vec<Mailbox> = written.to.iter().map(mailbox).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(Wrong::Nobody);
        }
        let credentials = match (written.user, written.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user, password)),
            (None, None) => None,
            _ => return Err(Wrong::Credentials),
        };
        let encryption = written.encryption.unwrap_or(Encryption::Starttls);
        let way = Way::Mail(Mail {
            port: written.port.unwrap_or_else(|| encryption.usual_port()),
            server: written.server,
            encryption,
            credentials,
            from: mailbox(&written.from)?,
            to,
            timeout: timeout(written.timeout_s, TIMEOUT_S)?,
            reach: self.reach.clone(),
        });
        let wish = Wish::new(written.states, written.severity, written.rules)?;
        Ok(Channel { name: format!("email {name}"), way, wish })
    }

    fn check_host(&self, host: &str) -> Result<(), Wrong> {
        let Some(hosts) = &self.hosts else { return Ok(()) };
        let is_named = hosts.iter().any(|named| named.eq_ignore_ascii_case(host));
        if is_named { Ok(()) } else { Err(Wrong::Host(host.to_owned())) }
    }
}

impl Channel {
    /// Who is told of what, in a line. Without secrets.
    pub(super) fn describe(&self) -> String {
        format!("{} is told {}", self.way.host(), self.wish)
    }

    /// Whether it is to be told of this.
    pub(super) fn wants(&self, notice: &Notice) -> bool {
        self.wish.includes(notice)
    }
}

/// Whoever posts from this program: only to where `reach` allows, and through no proxy, which would resolve names itself.
fn agent(timeout: Duration, reach: Reach) -> Agent {
    let config =
        webhook::agent_config(timeout, &format!("bwusage-web/{PACKAGE_VERSION}")).proxy(None).build();
    Agent::with_parts(config, DefaultConnector::default(), Guarded(reach))
}

/// A resolver that knows only addresses that may be reached.
#[derive(Debug)]
struct Guarded(Reach);

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = self.0.resolve(uri.host().unwrap_or_default(), port).map_err(|error| match error {
            Unreachable::Unknown { source, .. } => ureq::Error::Io(source),
            refused @ Unreachable::Refused { .. } => ureq::Error::Other(Box::new(refused)),
        })?;
        let mut addresses = self.empty();
        // As many as there is room for.
        found.into_iter().take(16).for_each(|address| addresses.push(address));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests;
