//! A table of connections that somebody asked for: the query string of `/api/v1/connections`.

use bwusage_proto::{
    connection::{Connections, ConnectionsQuery},
    filter::Filter,
    mirror::Mirror,
    process::Pid,
    talk::{self, Grouping, Order, Query},
    users::Users,
};
use serde::Deserialize;

use crate::{
    events,
    question::{filter, limit, switch},
};

/// The parameters as they came, each optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TalkParameters {
    pid: Option<String>,
    by: Option<String>,
    sort: Option<String>,
    filter: Option<String>,
    limit: Option<String>,
    closed: Option<String>,
}

/// The parameters, understood.
#[derive(Debug)]
pub(crate) struct TalkQuestion {
    pid: Option<Pid>,
    by: Grouping,
    order: Order,
    filter: Option<Filter>,
    limit: usize,
    closed: bool,
}

impl TalkQuestion {
    /// Understands `parameters`, or says in a sentence what is wrong.
    pub(crate) fn new(parameters: &TalkParameters) -> Result<Self, String> {
        let pid = match parameters.pid.as_deref() {
            None | Some("") => None,
            Some(pid) => Some(pid.parse().map_err(|_| format!("pid={pid:?} is not a process number"))?),
        };
        let by = match parameters.by.as_deref() {
            None => Grouping::default(),
            Some(name) => Grouping::named(name).ok_or_else(|| {
                let names = Grouping::ALL.map(Grouping::name).join(", ");
                format!("by={name:?} is none of {names}")
            })?,
        };
        let order = match parameters.sort.as_deref() {
            None | Some("") => Order::default(),
            Some(sort) => sort.parse::<Order>().map_err(|error| error.to_string())?,
        };
        Ok(Self {
            pid,
            by,
            order,
            filter: filter(parameters.filter.as_deref())?,
            limit: limit(parameters.limit.as_deref())?,
            closed: switch("closed", parameters.closed.as_deref())?,
        })
    }

    /// The part of the question that the daemon answers.
    pub(crate) fn of_daemon(&self) -> ConnectionsQuery {
        ConnectionsQuery { pid: self.pid }
    }

    /// The table as JSON, in the schema of `bwusage-ctl connections --json`; `mirror` names the processes.
    pub(crate) fn answer(&self, connections: &Connections, mirror: &Mirror, users: &Users) -> String {
        let query = Query {
            by: self.by,
            closed: self.closed,
            numeric: false,
            order: self.order,
            filter: self.filter.as_ref(),
            limit: Some(self.limit),
        };
        let rows = talk::rows(connections, mirror, users);
        let table = talk::table(&rows, &query);
        format!("{}", table.matched)
    }
}
