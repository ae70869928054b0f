//! What was typed, checked: where to listen, whom to follow, which names to answer to.

use std::{net::SocketAddr, path::PathBuf};

use bwusage_proto::filter::Network;
use clap::Parser;

/// Shows in a web page which program uses the network, and how much.
///
/// The page shows what the user who runs bwusage-web may see, command lines left out, to everyone who can reach its
/// address; with whom programs talk, only to that user. There is no login, so it listens on this machine only.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Address and port of the page; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787", value_parser = loopback)]
    pub(crate) listen: SocketAddr,

    /// The daemon's socket [default: $BWUSAGE_SOCKET, or the system's daemon]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,

    /// Answer also to this host name (for a proxy or tunnel on this machine); may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<String>,

    /// Answer /metrics without a login to this address or network, such as 192.0.2.0/24, and to no other; may be repeated
    /// [default: this machine]
    #[arg(long = "metrics-allow", value_name = "ADDRESS/PREFIX")]
    pub(crate) metrics_allowed: Vec<Network>,

    /// So many applications, users and units have series of their own in /metrics; the rest is summed up in "other"
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) metrics_top: u32,

    /// Whom to tell of alerts, by webhook or e-mail [default: nobody]
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,

    /// The folder of what is remembered across restarts [default: $STATE_DIRECTORY, or bwusage-web in $XDG_STATE_HOME]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// Show to every user of this machine with whom programs talk, not only to the one who runs bwusage-web
    #[arg(long)]
    pub(crate) share_connections: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "not an address with a port, such as 127.0.0.1:8787 or [::1]:8787".to_owned())?;
    if address.ip().to_canonical().is_loopback() {
        Ok(address)
    } else {
        Err(format!(
            "{} can be reached from other machines, and the page has no login yet: listen on 127.0.0.1 or [::1], \
             and reach it from elsewhere through a tunnel (ssh -L 8787:127.0.0.1:8787 HOST)",
            address.ip()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["bwusage-web"], arguments].concat())
    }

    #[test]
    fn the_default_is_the_loopback_address() {
        assert_eq!(parse(&[]).unwrap().listen, "127.0.0.1:8787".parse().unwrap());
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
            let error = parse(&["--listen", address]).unwrap_err().to_string();
            assert!(error.contains("no login yet") && error.contains("ssh -L"), "{error}");
        }
    }
}
