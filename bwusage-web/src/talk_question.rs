//! A table of connections that somebody asked for: the query string of `/api/v1/connections`.

use bwusage_proto::{
    connection::{Connections, ConnectionsQuery},
    filter::Filter,
    mirror::Mirror,
    process::Pid,
    report::ConnectionsReport,
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

    /// The same for a file, which has every row unless somebody wanted fewer.
    pub(crate) fn for_file(parameters: &TalkParameters) -> Result<Self, String> {
        let question = Self::new(parameters)?;
        Ok(if parameters.limit.is_some() { question } else { Self { limit: usize::MAX, ..question } })
    }

    /// What one row stands for.
    pub(crate) fn by(&self) -> Grouping {
        self.by
    }

    /// The part of the question that the daemon answers.
    pub(crate) fn of_daemon(&self) -> ConnectionsQuery {
        ConnectionsQuery { pid: self.pid }
    }

    /// The table as JSON, in the schema of `bwusage-ctl connections --json`; `mirror` names the processes.
    pub(crate) fn answer(
        &self,
        connections: &Connections,
        mirror: &Mirror,
        daemon_version: &str,
        users: &Users,
    ) -> String {
        let rows = talk::rows(connections, mirror, users);
        let table = self.table(&rows);
        events::json(&ConnectionsReport::new(connections, mirror, &table, self.by, daemon_version))
    }

    /// The table of `rows`.
    pub(crate) fn table(&self, rows: &[talk::Row]) -> talk::Table {
        let query = Query {
            by: self.by,
            closed: self.closed,
            numeric: false,
            order: self.order,
            filter: self.filter.as_ref(),
            limit: Some(self.limit),
        };
        talk::table(rows, &query)
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        connection::{Connection, Moved, Protocol, State},
        snapshot::RowId,
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::{access::Sight, sample};

    fn parameters(json: Value) -> TalkParameters {
        serde_json::from_value(json).unwrap()
    }

    fn refusal(json: Value) -> String {
        TalkQuestion::new(&parameters(json)).unwrap_err()
    }

    /// The first two programs of the sample talk, the second one to two hosts.
    fn connections() -> Connections {
        let connection = |row, remote: &str, rx_bytes| Connection {
            row: Some(RowId(row)),
            protocol: Protocol::TCP,
            local: "10.0.0.2:50000".parse().unwrap(),
            remote: Some(remote.parse().unwrap()),
            inbound: Some(false),
            state: State::Established,
            interface: Some("eth0".into()),
            opened_at_unix_ms: None,
            moved: Moved { rx_bytes, tx_bytes: 0 },
            remote_name: Some(sample::HOSTILE_NAME.into()).filter(|_| row == 2),
        };
        let open = [("192.0.2.1:443", 900), ("192.0.2.2:443", 300), ("192.0.2.3:80", 200)];
        let open =
            open.into_iter().zip([1, 2, 2]).map(|((remote, bytes), row)| connection(row, remote, bytes));
        Connections { open: open.collect(), hidden: 4, ..Connections::default() }
    }

    fn answer(json: Value) -> Value {
        let question = TalkQuestion::new(&parameters(json)).unwrap();
        let answer = question.answer(&connections(), &sample::mirror(3), "1.2.3", &Users::new());
        serde_json::from_str(&answer).unwrap()
    }

    fn pids(answer: &Value) -> Vec<u64> {
        answer["rows"].as_array().unwrap().iter().map(|row| row["pid"].as_u64().unwrap()).collect()
    }

    #[test]
    fn connections_are_sorted_filtered_and_cut_as_asked() {
        assert_eq!(pids(&answer(json!({}))), [101, 102, 102]);
        assert_eq!(pids(&answer(json!({"sort": "-total", "limit": "2"}))), [102, 102]);
        assert_eq!(pids(&answer(json!({"filter": "port:443"}))), [101, 102]);
    }

    #[test]
    fn what_is_hidden_is_counted_and_the_schema_is_that_of_the_command_line() {
        let answer = answer(json!({"by": "process"}));
        assert_eq!((&answer["schema"], &answer["hidden"]), (&"bwusage.connections/1".into(), &4.into()));
        assert_eq!(answer["rows"][1]["group"], sample::HOSTILE_NAME);
    }

    #[test]
    fn no_argument_of_a_program_is_found_by_guessing() {
        let live = sample::live(1, 3);
        let seen = live.live().unwrap().seen_by(&Sight::without_command_lines());
        let mirror = seen.mirror();
        let question = TalkQuestion::new(&parameters(json!({"filter": "sesame"}))).unwrap();
        let answer = question.answer(&connections(), mirror, "1.2.3", &Users::new());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["rows"], json!([]));
    }

    #[test]
    fn only_the_process_number_is_for_the_daemon() {
        let question = TalkQuestion::new(&parameters(json!({"pid": "42", "filter": "x"}))).unwrap();
        assert_eq!(question.of_daemon().pid, Some(42));
    }

    #[test]
    fn every_mistake_is_named() {
        assert!(refusal(json!({"by": "colour"})).contains("connection, remote, port"));
        assert!(refusal(json!({"pid": "firefox"})).contains("not a process number"));
        assert!(refusal(json!({"sort": "size"})).contains("total"));
        assert!(refusal(json!({"closed": "maybe"})).contains("closed=\"maybe\" is neither true nor false"));
    }
}
