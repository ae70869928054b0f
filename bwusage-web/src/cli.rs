//! What was typed, checked: where to listen, whom to follow, who may come in.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use bwusage_proto::filter::Network;
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, error::ErrorKind};

use crate::{access::Role, state::Folder};

/// Shows in a web page which program uses the network, and how much.
///
/// Whoever wants to see it logs in: at the first start, a link to make the first admin is printed. What viewers see, command
/// lines and with whom programs talk left out, and what a user who is tied to one of this machine sees, is decided here and
/// not in the page. It listens on this machine only, unless there is a certificate.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Adds, lists, changes and removes the users who may log in
    User {
        #[command(subcommand)]
        change: UserChange,
    },
}

/// What is done about a user.
#[derive(Debug, Subcommand)]
pub(crate) enum UserChange {
    /// Adds a user; the password is asked for, or read from standard input
    Add {
        /// What the user types to log in
        name: String,
        /// What the user may do: look (viewer), change alerts (operator), change users (admin)
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// Show what this user of the machine may see
        #[arg(long, value_name = "USER")]
        os_user: Option<String>,
        #[command(flatten)]
        state: State,
    },
    /// Lists the users
    List {
        #[command(flatten)]
        state: State,
    },
    /// Removes a user, and ends their sessions and tokens
    Remove {
        /// Who
        name: String,
        #[command(flatten)]
        state: State,
    },
    /// Gives a user another password, asked for or read from standard input, and ends their sessions
    Password {
        /// Whose
        name: String,
        #[command(flatten)]
        state: State,
    },
    /// Gives a user another role, and ends their sessions
    Role {
        /// Whose
        name: String,
        /// viewer, operator or admin
        role: Role,
        #[command(flatten)]
        state: State,
    },
}

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub(crate) struct State {
    /// The folder of users and of what is remembered across restarts [default: $STATE_DIRECTORY, or bwusage-web in
    /// $XDG_STATE_HOME]
    #[arg(long = "state", value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// How the page is served.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct Serve {
    /// Address and port of the page; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// The daemon's socket [default: $BWUSAGE_SOCKET, or the system's daemon]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) state: State,

    /// Answer also to this host name (for a proxy or tunnel on this machine); may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<String>,

    /// Be below this path, such as /bw, behind a proxy that passes it on
    #[arg(long = "base-path", value_name = "PATH", default_value = "/", value_parser = base_path)]
    pub(crate) base: String,

    /// Believe what the proxy at this address says about its clients (X-Forwarded-For, X-Forwarded-Proto); may be repeated
    #[arg(long = "trusted-proxy", value_name = "ADDRESS")]
    pub(crate) trusted_proxies: Vec<IpAddr>,

    /// Encrypt connections with this certificate (PEM, the chain in one file); read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Listen on an address that others can reach without encryption: they can then read passwords on the way
    #[arg(long)]
    pub(crate) insecure_http: bool,

    /// Answer /metrics without a login to this address or network, such as 192.0.2.0/24, and to no other; may be repeated
    /// [default: this machine with --no-login, else none]
    #[arg(long = "metrics-allow", value_name = "ADDRESS/PREFIX")]
    pub(crate) metrics_allowed: Vec<Network>,

    /// So many applications, users and units have series of their own in /metrics; the rest is summed up in "other"
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) metrics_top: u32,

    /// Whom to tell of alerts, by webhook or e-mail [default: nobody]
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,

    /// Hide command lines and with whom programs talk from viewers who are tied to no user of this machine
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    pub(crate) redact_viewers: bool,

    /// Write the link to make the first admin into this file, mode 0600, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with = "no_login")]
    pub(crate) setup_token_file: Option<PathBuf>,

    /// Pages that may be open at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 256)]
    pub(crate) max_streams: usize,

    /// Show the page to every user of this machine without a login, command lines left out
    #[arg(long)]
    pub(crate) no_login: bool,

    /// Without a login: show to every user of this machine with whom programs talk, not only to the one who runs bwusage-web
    #[arg(long, requires = "no_login")]
    pub(crate) share_connections: bool,
}

impl Arguments {
    /// What was typed, or a usage error that ends the program.
    pub(crate) fn typed() -> Self {
        let arguments = Self::parse();
        if let Err(why) = arguments.serve.check() {
            Self::command().error(ErrorKind::ValueValidation, why).exit();
        }
        arguments
    }
}

impl Serve {
    /// Refuses an address that others can reach where they could do harm.
    fn check(&self) -> Result<(), String> {
        let ip = self.listen.ip();
        if ip.to_canonical().is_loopback() {
            return Ok(());
        }
        if self.no_login {
            return Err(format!(
                "{ip} can be reached from other machines: without a login, listen on 127.0.0.1 or [::1]"
            ));
        }
        if self.tls_cert.is_none() && !self.insecure_http {
            return Err(format!(
                "{ip} can be reached from other machines, and passwords would go there unencrypted: \
                 name a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that encrypts, \
                 or reach it through a tunnel (ssh -L 8787:127.0.0.1:8787 HOST); --insecure-http does it nevertheless"
            ));
        }
        Ok(())
    }
}

impl State {
    /// The folder: what was named, what the service manager made, or the user's own one.
    pub(crate) fn folder(self) -> Folder {
        Folder::resolve(self.directory)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address with a port, such as 127.0.0.1:8787 or [::1]:8787".to_owned())
}

/// `/bw` and `/bw/` as `/bw/`: a path that goes into a cookie and a redirect as it is.
fn base_path(text: &str) -> Result<String, String> {
    let segments: Vec<&str> = text.trim_matches('/').split('/').collect();
    let good = |c: char| c.is_ascii_alphanumeric() || "-_~".contains(c);
    match segments.as_slice() {
        [""] => Ok("/".into()),
        segments if segments.iter().all(|segment| !segment.is_empty() && segment.chars().all(good)) => {
            Ok(format!("/{}/", segments.join("/")))
        }
        _ => Err("not a path of letters, digits and - _ ~, such as /bw".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Serve, String> {
        let arguments = Arguments::try_parse_from([&["bwusage-web"], arguments].concat());
        let serve = arguments.map_err(|error| error.to_string())?.serve;
        serve.check().map(|()| serve)
    }

    #[test]
    fn the_default_is_the_loopback_address_and_a_login() {
        let serve = parse(&[]).unwrap();
        assert_eq!(serve.listen, "127.0.0.1:8787".parse().unwrap());
        assert!(!serve.no_login && serve.redact_viewers);
    }

    #[test]
    fn every_loopback_address_is_taken() {
        for address in ["127.0.0.2:0", "[::1]:8787", "[::ffff:127.0.0.1]:80"] {
            assert!(parse(&["--listen", address]).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_address_that_others_can_reach_is_refused_with_a_way_out() {
        for address in ["0.0.0.0:8787", "192.168.1.7:8787", "[::]:8787", "[fe80::1]:8787"] {
            let error = parse(&["--listen", address]).unwrap_err();
            assert!(error.contains("--tls-cert") && error.contains("ssh -L"), "{error}");
        }
    }

    #[test]
    fn a_certificate_or_courage_opens_other_addresses_but_never_without_a_login() {
        let tls = ["--listen", "0.0.0.0:8787", "--tls-cert", "c.pem", "--tls-key", "k.pem"];
        assert!(parse(&tls).is_ok());
        assert!(parse(&["--listen", "0.0.0.0:8787", "--insecure-http"]).is_ok());
        assert!(parse(&[&tls[..], &["--no-login"]].concat()).is_err());
        assert!(parse(&["--tls-cert", "c.pem"]).is_err(), "a certificate without its key");
    }

    #[test]
    fn a_base_path_begins_and_ends_with_a_slash() {
        for (text, base) in [("/", "/"), ("", "/"), ("/bw", "/bw/"), ("bw/", "/bw/"), ("/a/b-c/", "/a/b-c/")]
        {
            assert_eq!(base_path(text).as_deref(), Ok(base), "{text:?}");
        }
        for text in ["/a//b", "/a/../b", "/a;b", "/a b", "/a\r\nSet-Cookie: x", "/{id}", "/ä"] {
            assert!(base_path(text).is_err(), "{text:?}");
        }
    }
}
