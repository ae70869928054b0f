//! From an answer about connections to the rows of a table: described, filtered, grouped, sorted, cut.
//!
//! [`rows`] makes one row of each thing that has bytes, once for each answer; [`table`] is cheap enough to be called again
//! whenever somebody sorts or filters. Sums hold: all rows of a process, [`Kind::Rest`] included, are its wire bytes.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
};

use crate::{
    connection::{Moved, Protocol, State},
    filter::Filter,
    order::{after, sort_and_cut},
    process::Pid,
    services,
    snapshot::RowId,
};

mod describe;
mod group;
mod order;
mod subject;
pub use describe::rows;
pub use order::{Order, SortKey};

/// What one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// One connection.
    #[default]
    Connection,
    /// All that was said to one remote host, by its name where it has one.
    Remote,
    /// One service, by protocol and port.
    Port,
    /// One interface.
    Interface,
    /// One process.
    Process,
    /// One application.
    App,
}

impl Grouping {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::Connection, Self::Remote, Self::Port, Self::Interface, Self::Process, Self::App];

    /// The name on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Remote => "remote",
            Self::Port => "port",
            Self::Interface => "interface",
            Self::Process => "process",
            Self::App => "app",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }

    /// The one after it, and after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        after(&Self::ALL, self)
    }
}

/// What a row is, from answer to answer: what a cursor follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An open socket.
    Open {
        /// Its process.
        process: Option<RowId>,
        /// What it speaks.
        protocol: Protocol,
        /// Our end.
        local: SocketAddr,
        /// The other end.
        remote: Option<SocketAddr>,
    },
    /// What sockets that are closed, or have no peer of their own, moved to and from one service of one remote host.
    Closed {
        /// Their process.
        process: Option<RowId>,
        /// Its application, which outlives the process.
        app: String,
        /// Its user.
        user: Option<String>,
        /// What they spoke.
        protocol: Protocol,
        /// The other end.
        remote: Option<IpAddr>,
        /// The port of the service.
        port: u16,
        /// Whether the other side began.
        inbound: bool,
        /// The interface.
        interface: Option<String>,
    },
    /// What a process moved that is in no line of its own.
    Rest(RowId),
    /// A remote host; `None` for what has none that is known.
    Remote(Option<Host>),
    /// A service; `None` for what has no port that is known.
    Port(Option<(Protocol, u16)>),
    /// An interface; `None` for what passed none that is known.
    Interface(Option<String>),
    /// A process; `None` for sockets that nobody has used yet, and for processes whose rows were given up.
    Process(Option<RowId>),
    /// An application; `None` for sockets that nobody has used yet.
    App(Option<String>),
}

/// A remote host, as people tell one from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// Every address that this machine got for this name. Not escaped.
    Name(String),
    /// An address without a name.
    Address(IpAddr),
}

/// How the bytes of a row are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A socket that is open.
    Open,
    /// Sockets that are closed, or that have no peer of their own: a total by remote host.
    Closed,
    /// What the daemon did not itemise.
    Rest,
    /// Several of these together.
    Group,
}

/// One line of a table. What is unknown, and what the lines of a group do not agree on, is `None`. Nothing is escaped.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its identity.
    pub key: Key,
    /// How its bytes are known.
    pub kind: Kind,
    /// The process.
    pub process: Option<RowId>,
    /// The process's number.
    pub pid: Option<Pid>,
    /// The process's short name.
    pub name: Option<String>,
    /// The application.
    pub app: Option<String>,
    /// The user's login name.
    pub user: Option<String>,
    /// What is spoken.
    pub protocol: Option<Protocol>,
    /// Our end.
    pub local: Option<SocketAddr>,
    /// The other end's address.
    pub remote: Option<IpAddr>,
    /// The name that this machine asked for and got the remote address for.
    pub remote_name: Option<String>,
    /// The other end's port; only of an open socket.
    pub remote_port: Option<u16>,
    /// The port of the service: the remote one of connections that we began, else our own.
    pub port: Option<u16>,
    /// Whether the other side began it.
    pub inbound: Option<bool>,
    /// What it is doing; only of open sockets.
    pub state: Option<State>,
    /// The interface.
    pub interface: Option<String>,
    /// Beginning of the oldest that is still open, in milliseconds of Unix time.
    pub opened_at_unix_ms: Option<u64>,
    /// The last change of closed ones, in milliseconds of Unix time.
    pub last_at_unix_ms: Option<u64>,
    /// Open sockets.
    pub open: u64,
    /// Sockets that were closed.
    pub closed: u64,
    /// Processes that are known.
    pub processes: u64,
    /// Wire bytes each way.
    pub moved: Moved,
}

impl Row {
    /// The registered name of the service.
    #[must_use]
    pub fn service(&self) -> Option<&'static str> {
        services::name(self.protocol?, self.port?)
    }

    /// The remote host: its name, or with `numeric` or without a name its address. Not escaped.
    #[must_use]
    pub fn host(&self, numeric: bool) -> Option<String> {
        let name = self.remote_name.as_ref().filter(|_| !numeric);
        name.cloned().or_else(|| self.remote.map(|remote| remote.to_string()))
    }

    /// The remote host with its port, as [`Row::host`] names it. Not escaped.
    #[must_use]
    pub fn endpoint(&self, numeric: bool) -> Option<String> {
        let port = self.remote_port;
        if let (Some(name), false) = (&self.remote_name, numeric) {
            return Some(port.map_or_else(|| name.clone(), |port| format!("{name}:{port}")));
        }
        self.remote.map(|remote| {
            port.map_or_else(|| remote.to_string(), |port| SocketAddr::new(remote, port).to_string())
        })
    }

    /// What a grouped row is called; without a name, what it lacks in parentheses. Not escaped.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.key {
            Key::Open { .. } | Key::Closed { .. } => self.endpoint(false).unwrap_or_else(|| "*".into()),
            Key::Rest(_) | Key::Remote(None) => "(not itemised)".into(),
            Key::Remote(Some(Host::Name(name))) => name.clone(),
            Key::Remote(Some(Host::Address(address))) => address.to_string(),
            Key::Port(None) => "(no port)".into(),
            Key::Port(Some((protocol, 0))) => protocol.to_string(),
            Key::Port(Some((protocol, port))) => match services::name(*protocol, *port) {
                Some(service) => format!("{port}/{protocol} {service}"),
                None => format!("{port}/{protocol}"),
            },
            Key::Interface(interface) => interface.clone().unwrap_or_else(|| "(no interface)".into()),
            Key::Process(_) => self.name.clone().unwrap_or_else(|| "(no process)".into()),
            Key::App(app) => app.clone().unwrap_or_else(|| "(no application)".into()),
        }
    }
}

/// Which rows are wanted, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<'a> {
    /// What one row stands for.
    pub by: Grouping,
    /// Closed sockets and what was not itemised too: with them, sums are those of the processes.
    pub closed: bool,
    /// Remote hosts by address, not by name.
    pub numeric: bool,
    /// What comes first.
    pub order: Order,
    /// Only what matches; looked at before anything is added up.
    pub filter: Option<&'a Filter>,
    /// At most this many.
    pub limit: Option<usize>,
}

/// The rows that were asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// In the order that was asked for.
    pub rows: Vec<Row>,
    /// How many there are before the limit.
    pub matched: usize,
    /// The bytes of all of them, those beyond the limit included.
    pub moved: Moved,
}

impl Table {
    /// Whether the limit left rows out.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.rows.len() < self.matched
    }
}

/// Filters, groups, sorts and cuts `rows`.
#[must_use]
pub fn table(rows: &[Row], query: &Query) -> Table {
    let wanted = wanted(rows, query);
    let mut moved = Moved::default();
    let wanted = wanted.inspect(|row| moved += row.moved);
    if query.by == Grouping::Connection {
        let wanted: Vec<&Row> = wanted.collect();
        let (rows, matched) = select(wanted, query);
        return Table { rows: rows.into_iter().cloned().collect(), matched, moved };
    }
    let mut groups: HashMap<Key, (Row, HashSet<RowId>)> = HashMap::new();
    for row in wanted {
        let Some(key) = group::key(row, query) else { continue };
        let (sum, processes) = groups
            .entry(key)
            .and_modify(|(sum, _)| group::add(sum, row))
            .or_insert_with_key(|key| (group::first(key.clone(), row), HashSet::new()));
        processes.extend(row.process);
        sum.processes = processes.len() as u64;
    }
    let groups: Vec<Row> = groups.into_values().map(|(row, _)| row).collect();
    let (rows, matched) = select(groups, query);
    Table { rows, matched, moved }
}

/// The lines that `query` adds up to the row called `key`, in its order and within its limit.
#[must_use]
pub fn members(rows: &[Row], query: &Query, key: &Key) -> Table {
    let mut moved = Moved::default();
    let members = wanted(rows, query).filter(|row| group::key(row, query).as_ref() == Some(key));
    let members: Vec<&Row> = members.inspect(|row| moved += row.moved).collect();
    let (rows, matched) = select(members, query);
    Table { rows: rows.into_iter().cloned().collect(), matched, moved }
}

fn wanted<'a>(rows: &'a [Row], query: &Query<'a>) -> impl Iterator<Item = &'a Row> + use<'a> {
    let Query { closed, filter, .. } = *query;
    rows.iter()
        .filter(move |row| closed || row.kind == Kind::Open)
        .filter(move |row| filter.is_none_or(|filter| filter.accepts(*row)))
}

fn select<R: std::borrow::Borrow<Row>>(mut rows: Vec<R>, query: &Query) -> (Vec<R>, usize) {
    let compare = |a: &R, b: &R| query.order.compare(a.borrow(), b.borrow());
    let matched = sort_and_cut(&mut rows, query.limit, compare);
    (rows, matched)
}

#[cfg(test)]
mod tests;
