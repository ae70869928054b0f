//! What rows are sorted by.

use crate::order;

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

impl order::Column for SortKey {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }

    fn is_called(self, name: &str) -> bool {
        self.name() == name || self.json_name() == name
    }
}

/// A column, and which end comes first.
pub type Order = order::Order<SortKey>;

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
