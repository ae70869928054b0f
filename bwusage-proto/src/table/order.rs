//! What rows are sorted by.

use std::{cmp::Ordering, fmt, str::FromStr};

use super::compare;

/// A column that rows can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum SortKey {
    /// Wire bytes received since the daemon started.
    #[default]
    RxTotal,
    /// Wire bytes sent since the daemon started.
    TxTotal,
    /// Receiving speed.
    RxRate,
    /// Sending speed.
    TxRate,
    /// Processor use.
    Cpu,
    /// Resident memory.
    Memory,
    /// Reads from storage.
    DiskRead,
    /// Writes to storage.
    DiskWrite,
    /// Name of the process, or of the application where rows are applications.
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
    pub const ALL: [Self; 12] = [
        Self::RxTotal,
        Self::TxTotal,
        Self::RxRate,
        Self::TxRate,
        Self::Cpu,
        Self::Memory,
        Self::DiskRead,
        Self::DiskWrite,
        Self::Name,
        Self::App,
        Self::Pid,
        Self::User,
    ];

    /// The name on the command line; `rx` and `tx` alone are speeds, as in the filter language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RxTotal => "rx_total",
            Self::TxTotal => "tx_total",
            Self::RxRate => "rx",
            Self::TxRate => "tx",
            Self::Cpu => "cpu",
            Self::Memory => "mem",
            Self::DiskRead => "disk_read",
            Self::DiskWrite => "disk_write",
            Self::Name => "name",
            Self::App => "app",
            Self::Pid => "pid",
            Self::User => "user",
        }
    }

    /// The name in JSON, which is accepted too, where it is another one.
    const fn json_name(self) -> &'static str {
        match self {
            Self::RxTotal => "rx_bytes_total",
            Self::TxTotal => "tx_bytes_total",
            Self::RxRate => "rx_bytes_per_s",
            Self::TxRate => "tx_bytes_per_s",
            Self::Cpu => "cpu_percent",
            Self::Memory => "rss_bytes",
            Self::DiskRead => "disk_read_bytes_per_s",
            Self::DiskWrite => "disk_write_bytes_per_s",
            Self::Name | Self::App | Self::Pid | Self::User => self.name(),
        }
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A column, and which end comes first. Amounts begin with the largest, names with A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// The column.
    pub key: SortKey,
    /// Whether the other end comes first.
    pub reversed: bool,
}

impl Order {
    /// Compares two amounts; an unknown one comes last whichever end comes first.
    pub(super) fn amounts<T: Ord>(self, a: Option<T>, b: Option<T>) -> Ordering {
        compare::amounts(self.reversed, a, b)
    }

    /// Compares two texts without regard to case, then with it; an unknown one comes last.
    pub(super) fn texts(self, a: Option<&str>, b: Option<&str>) -> Ordering {
        compare::texts(self.reversed, a, b)
    }
}

/// A sort key that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no column {name:?}: use one of {}, with a leading - to reverse", SortKey::ALL.map(SortKey::name).join(", "))]
pub struct UnknownColumn {
    /// What was asked for.
    pub name: String,
}

/// `rx_total`, or `-rx_total` for the smallest first.
impl FromStr for Order {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        let (name, reversed) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = SortKey::ALL.into_iter().find(|key| key.name() == name || key.json_name() == name);
        key.map(|key| Self { key, reversed }).ok_or_else(|| UnknownColumn { name: name.into() })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.reversed { "-" } else { "" }, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_read_under_both_its_names_and_in_both_directions() {
        for key in SortKey::ALL {
            for reversed in [false, true] {
                let order = Order { key, reversed };
                assert_eq!(order.to_string().parse(), Ok(order));
                let sign = if reversed { "-" } else { "" };
                assert_eq!(format!("{sign}{}", key.json_name()).parse(), Ok(order));
            }
        }
    }

    #[test]
    fn an_unknown_column_is_answered_with_the_known_ones() {
        let error = "bytes".parse::<Order>().unwrap_err().to_string();
        assert!(error.starts_with(r#"no column "bytes": use one of rx_total, "#), "{error}");
    }
}
