//! What rows about connections are sorted by.

use std::cmp::Ordering;

use super::Row;
use crate::{connection::State, order};

/// A column that rows can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum SortKey {
    /// Bytes both ways.
    #[default]
    Total,
    /// Bytes received.
    Rx,
    /// Bytes sent.
    Tx,
    /// Time since the beginning, of what is open.
    Age,
    /// The remote host: its name, else its address.
    Remote,
    /// Our end.
    Local,
    /// The port of the service.
    Port,
    /// What is spoken.
    Protocol,
    /// What the socket is doing.
    State,
    /// The interface.
    Interface,
    /// Open and closed sockets.
    Connections,
    /// Name of the process.
    Name,
    /// Application.
    App,
    /// Process number.
    Pid,
    /// User.
    User,
}

impl SortKey {
    /// Every key.
    pub const ALL: [Self; 15] = [
        Self::Total,
        Self::Rx,
        Self::Tx,
        Self::Age,
        Self::Remote,
        Self::Local,
        Self::Port,
        Self::Protocol,
        Self::State,
        Self::Interface,
        Self::Connections,
        Self::Name,
        Self::App,
        Self::Pid,
        Self::User,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Rx => "rx",
            Self::Tx => "tx",
            Self::Age => "age",
            Self::Remote => "remote",
            Self::Local => "local",
            Self::Port => "port",
            Self::Protocol => "proto",
            Self::State => "state",
            Self::Interface => "iface",
            Self::Connections => "conns",
            Self::Name => "name",
            Self::App => "app",
            Self::Pid => "pid",
            Self::User => "user",
        }
    }
}

impl order::Column for SortKey {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}

/// A column, and which end comes first.
pub type Order = order::Order<SortKey>;

impl Order {
    /// What the column says, and where it says nothing, always the same. What is unknown comes last.
    pub(super) fn compare(self, a: &Row, b: &Row) -> Ordering {
        use std::cmp::Reverse;

        // The oldest has the lowest beginning.
        let lowest_first = |a: Option<u64>, b: Option<u64>| self.amounts(a.map(Reverse), b.map(Reverse));
        let largest_first = |a: u64, b: u64| self.amounts(Some(a), Some(b));
        let words = |text: fn(&Row) -> Option<&str>| self.texts(text(a), text(b));
        let total = |row: &Row| row.moved.rx_bytes.saturating_add(row.moved.tx_bytes);
        let by_key = match self.key {
            SortKey::Total => largest_first(total(a), total(b)),
            SortKey::Rx => largest_first(a.moved.rx_bytes, b.moved.rx_bytes),
            SortKey::Tx => largest_first(a.moved.tx_bytes, b.moved.tx_bytes),
            SortKey::Age => lowest_first(a.opened_at_unix_ms, b.opened_at_unix_ms),
            SortKey::Remote => {
                // Addresses by number, after all names.
                let addresses = self.amounts(a.remote.map(Reverse), b.remote.map(Reverse));
                words(|row| row.remote_name.as_deref()).then(addresses)
            }
            SortKey::Local => self.amounts(a.local.map(Reverse), b.local.map(Reverse)),
            SortKey::Port => lowest_first(a.port.map(u64::from), b.port.map(u64::from)),
            SortKey::Protocol => lowest_first(
                a.protocol.map(|protocol| protocol.0.into()),
                b.protocol.map(|protocol| protocol.0.into()),
            ),
            SortKey::State => words(|row| row.state.map(State::name)),
            SortKey::Interface => words(|row| row.interface.as_deref()),
            SortKey::Connections => largest_first(a.open + a.closed, b.open + b.closed),
            SortKey::Name => words(|row| row.name.as_deref()),
            SortKey::App => words(|row| row.app.as_deref()),
            SortKey::Pid => lowest_first(a.pid.map(u64::from), b.pid.map(u64::from)),
            SortKey::User => words(|row| row.user.as_deref()),
        };
        by_key.then_with(|| total(b).cmp(&total(a))).then_with(|| a.key.cmp(&b.key))
    }
}
