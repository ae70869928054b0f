//! What can be said to `connections`.

use bwusage_proto::{
    connection::ConnectionsQuery,
    filter::{Filter, FilterError},
    process::Pid,
    talk::{Grouping, Order, Query},
};
use clap::{Args, ValueEnum};

use super::Look;

#[derive(Debug, Args)]
pub(crate) struct Connections {
    /// Only those of the process with this number
    #[arg(long, value_name = "PID")]
    pid: Option<Pid>,

    /// Only those of applications whose name holds this word
    #[arg(long, value_name = "WORD", value_parser = |word: &str| quoted("app", word))]
    app: Option<Filter>,

    /// Only those to this address (192.0.2.7), network (10.0.0.0/8), or to names that hold this word
    #[arg(long, value_name = "HOST", value_parser = |word: &str| plain("remote", word))]
    remote: Option<Filter>,

    /// Only those with this port at either end: a number or the name of a service (https)
    #[arg(long, value_name = "PORT", value_parser = |word: &str| plain("port", word))]
    port: Option<Filter>,

    /// Only those of this protocol: tcp, udp, icmp
    #[arg(long, value_name = "PROTOCOL", value_parser = |word: &str| quoted("proto", word))]
    proto: Option<Filter>,

    /// Only those in this state: established, listen, close_wait, ...; closed for those that are over
    #[arg(long, value_name = "STATE", value_parser = |word: &str| quoted("state", word))]
    state: Option<Filter>,

    /// Only those on this interface
    #[arg(long, value_name = "NAME", value_parser = |word: &str| quoted("iface", word))]
    interface: Option<Filter>,

    /// Only what matches, such as 'port:443 !remote:example.org' or 'proto:udp rx_total>1M'
    ///
    /// The language is that of top --filter, and knows remote: port: proto: state: iface: too. A word alone is also looked for
    /// in names of remote hosts and services. rx_total and tx_total are bytes; there are no speeds here.
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,

    /// What one row stands for. All but connections are sums, with what closed ones moved, so that they add up to the
    /// processes
    #[arg(long, value_name = "WHAT", default_value = "connection")]
    by: By,

    /// Closed connections too, added up by remote host and service, and what was not itemised
    #[arg(long)]
    closed: bool,

    /// Column to sort by, largest or first first; a leading - turns it round. One of total, rx, tx (bytes), age, remote,
    /// local, port, proto, state, iface, conns, name, app, pid, user
    #[arg(long, value_name = "[-]COLUMN", default_value = "total", allow_hyphen_values = true)]
    sort: Order,

    /// At most this many rows [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    pub(crate) names: Names,

    #[command(flatten)]
    pub(crate) look: Look,

    #[command(flatten)]
    shape: Shape,

    /// Exit with status 6 when no row is left
    #[arg(long)]
    pub(crate) fail_empty: bool,
}

/// How remote hosts are called.
#[derive(Debug, Args)]
pub(crate) struct Names {
    /// Addresses and port numbers instead of names
    #[arg(short, long)]
    pub(crate) numeric: bool,

    /// Look up names of addresses that this machine did not ask for by name; without it, only for a terminal. They are
    /// marked with ~, because the owner of the address chose them
    #[arg(long, conflicts_with = "numeric")]
    pub(crate) resolve: bool,
}

#[derive(Debug, Args)]
struct Shape {
    /// Print JSON (schema bwusage.connections/1)
    #[arg(long, conflicts_with_all = ["ndjson", "csv"])]
    json: bool,

    /// Print JSON, one object a line: each row, and at the end the rest
    #[arg(long, conflicts_with = "csv")]
    ndjson: bool,

    /// Print comma-separated values with the names of the JSON
    #[arg(long)]
    csv: bool,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
}

impl From<super::Format> for Format {
    fn from(format: super::Format) -> Self {
        match format {
            super::Format::Table => Self::Table,
            super::Format::Json => Self::Json,
            super::Format::Csv => Self::Csv,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Connection,
    Remote,
    Port,
    Interface,
    Process,
    App,
}

impl From<By> for Grouping {
    fn from(by: By) -> Self {
        match by {
            By::Connection => Self::Connection,
            By::Remote => Self::Remote,
            By::Port => Self::Port,
            By::Interface => Self::Interface,
            By::Process => Self::Process,
            By::App => Self::App,
        }
    }
}

impl Connections {
    pub(crate) fn format(&self) -> Format {
        let Shape { json, ndjson, csv } = self.shape;
        match (json, ndjson, csv) {
            (true, ..) => Format::Json,
            (_, true, _) => Format::Ndjson,
            (.., true) => Format::Csv,
            _ => Format::Table,
        }
    }

    /// What the daemon is asked.
    pub(crate) fn question(&self) -> ConnectionsQuery {
        ConnectionsQuery { pid: self.pid }
    }

    /// Everything that a row must match.
    pub(crate) fn filter(&self) -> Filter {
        let filters =
            [&self.app, &self.remote, &self.port, &self.proto, &self.state, &self.interface, &self.filter];
        Filter::all(filters.into_iter().flatten().cloned())
    }

    pub(crate) fn query<'a>(&self, filter: &'a Filter) -> Query<'a> {
        let by = self.by.into();
        Query {
            by,
            closed: self.closed || by != Grouping::Connection,
            numeric: self.names.numeric,
            order: self.sort,
            filter: Some(filter),
            limit: self.limit,
        }
    }
}

/// A filter for exactly these characters.
fn quoted(field: &str, word: &str) -> Result<Filter, FilterError> {
    Filter::parse(&format!("{field}:{}", Filter::quote(word)))
}

/// A filter for an address or a port, which are no text.
fn plain(field: &str, word: &str) -> Result<Filter, FilterError> {
    Filter::parse(&format!("{field}:{word}"))
}
