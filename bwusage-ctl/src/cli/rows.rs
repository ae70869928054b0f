//! Which rows of the table, in which order.

use bwusage_proto::{
    filter::Filter,
    process::Category,
    table::{Grouping, Order, Query, SortKey},
    talk,
};
use clap::{Args, ValueEnum};

use crate::failure::Failure;

/// Which rows, in which order.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// What one row stands for: an application, a user, a systemd unit, a container or a category with all its
    /// processes, or one process; for top also a remote host, a port (service) or an interface
    #[arg(long, value_name = "WHAT", default_value = "pid")]
    pub(crate) by: By,

    /// Column to sort by, largest first; a leading - turns it round. One of rx_total, tx_total (bytes since the daemon
    /// started), rx, tx (bytes a second), cpu, mem, disk_read, disk_write, name, app, pid, user
    #[arg(long, value_name = "[-]COLUMN", default_value = "rx_total", allow_hyphen_values = true)]
    pub(super) sort: Order,

    /// At most this many rows [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Rows without any traffic too
    #[arg(long)]
    all: bool,

    /// Only background processes: those that are no program with a window, were not started from a terminal, are no
    /// service of the service manager, in no container and not the kernel's; with the time they were first seen to use
    /// the network
    #[arg(long)]
    pub(crate) background: bool,

    /// Only rows that match, such as 'firefox', 'user:alice !curl', 'rx>1M | cpu>50' or '/^python3/'
    ///
    /// Words side by side must all match, | means or, ! means not. A word is looked for in name, application, title, path,
    /// user, arguments, and as a process number; user: app: title: name: exe: unit: ct: (container) category: pid: look only there. rx tx (bytes a second) rx_total
    /// tx_total (bytes) cpu (percent of one core) mem (bytes) are compared with > >= < <= =; 1M is 1024², 1MB is 1000².
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
}

impl Rows {
    /// What is wanted of connections; `None` where rows are processes.
    pub(crate) fn talk_query(&self) -> Result<Option<talk::Query<'_>>, Failure> {
        let Some(by) = self.by.of_connections() else {
            self.filter.as_ref().map_or(Ok(()), Filter::of_processes).map_err(Failure::NotOfProcesses)?;
            return Ok(None);
        };
        let key = match self.sort.key {
            SortKey::RxTotal => talk::SortKey::Rx,
            SortKey::TxTotal => talk::SortKey::Tx,
            SortKey::Name => talk::SortKey::Remote,
            key => {
                return Err(Failure::NotOfConnections {
                    what: format!("--sort {}", key.name()),
                    by: by.name(),
                });
            }
        };
        if self.background {
            return Err(Failure::NotOfConnections { what: "--background".into(), by: by.name() });
        }
        let order = talk::Order { key, reversed: self.sort.reversed };
        let filter = self.filter.as_ref();
        Ok(Some(talk::Query { by, closed: true, order, filter, limit: self.limit, ..talk::Query::default() }))
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query {
            by: self.by.into(),
            order: self.sort,
            filter: self.filter.as_ref(),
            idle: self.all,
            limit: self.limit,
            category: self.background.then_some(Category::Background),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum By {
    App,
    Pid,
    User,
    Unit,
    Container,
    Category,
    Remote,
    Port,
    Interface,
}

impl By {
    /// How connections are grouped, where rows are not processes.
    fn of_connections(self) -> Option<talk::Grouping> {
        match self {
            Self::Remote => Some(talk::Grouping::Remote),
            Self::Port => Some(talk::Grouping::Port),
            Self::Interface => Some(talk::Grouping::Interface),
            _ => None,
        }
    }
}

impl From<By> for Grouping {
    fn from(by: By) -> Self {
        match by {
            By::App => Self::App,
            By::Pid | By::Remote | By::Port | By::Interface => Self::Process,
            By::User => Self::User,
            By::Unit => Self::Unit,
            By::Container => Self::Container,
            By::Category => Self::Category,
        }
    }
}
