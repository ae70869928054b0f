use std::net::IpAddr;

use super::*;
use crate::{
    connection::{Connection, Connections, ProcessTotal, RemoteTotal},
    filter::Filter,
    mirror::{Mirror, Process},
    process::{ProcessId, UserId},
    snapshot::ProcessInfo,
    units::{Counters, Rates},
    users::Users,
};

const FIREFOX: RowId = RowId(1);
const RESOLVER: RowId = RowId(2);

fn moved(rx_bytes: u64, tx_bytes: u64) -> Moved {
    Moved { rx_bytes, tx_bytes }
}

fn connection(row: Option<RowId>, local: &str, remote: Option<&str>, moved: Moved) -> Connection {
    Connection {
        row,
        protocol: Protocol::TCP,
        local: local.parse().unwrap(),
        remote: remote.map(|remote| remote.parse().unwrap()),
        inbound: Some(false),
        state: if remote.is_some() { State::Established } else { State::Listen },
        interface: Some("eth0".into()),
        opened_at_unix_ms: Some(1000),
        moved,
        remote_name: None,
    }
}

fn remote(row: Option<RowId>, address: &str, port: u16, moved: Moved) -> RemoteTotal {
    RemoteTotal {
        row,
        app: "firefox".into(),
        user: Some(UserId::Uid(7)),
        protocol: Protocol::TCP,
        remote: Some(address.parse().unwrap()),
        port,
        inbound: false,
        interface: Some("wlan0".into()),
        connections: 3,
        moved,
        last_at_unix_ms: 2000,
        remote_name: None,
    }
}

fn process(row: RowId, pid: Pid, name: &str) -> (RowId, Process) {
    let info = ProcessInfo {
        id: Some(ProcessId::new(pid, 1)),
        name: name.into(),
        app: name.into(),
        user: Some(UserId::Uid(7)),
        ..ProcessInfo::unknown(row)
    };
    let process = Process {
        info,
        counters: Counters::default(),
        rates: Rates::default(),
        resources: None,
        exited_at_unix_ms: None,
    };
    (row, process)
}

/// Two connections to one named host under two addresses, one to another, a listener, closed ones, and a rest.
fn some_rows() -> Vec<Row> {
    let mut https = connection(Some(FIREFOX), "10.0.0.2:50000", Some("192.0.2.7:443"), moved(1000, 100));
    https.remote_name = Some("example.org".into());
    let mut again =
        connection(Some(FIREFOX), "[::ffff:10.0.0.2]:50001", Some("[2001:db8::7]:443"), moved(20, 2));
    again.remote_name = Some("example.org".into());
    again.opened_at_unix_ms = Some(500);
    let mut dns = connection(Some(RESOLVER), "10.0.0.2:40000", Some("192.0.2.53:53"), moved(300, 60));
    (dns.protocol, dns.interface) = (Protocol::UDP, None);
    let listener = connection(None, "0.0.0.0:22", None, moved(0, 0));
    let connections = Connections {
        taken_at_unix_ms: 3000,
        open: vec![https, again, dns, listener],
        remotes: vec![
            remote(Some(FIREFOX), "192.0.2.53", 443, moved(5, 6)),
            remote(None, "198.51.100.9", 25, moved(7, 8)),
        ],
        processes: vec![
            ProcessTotal { row: FIREFOX, moved: moved(1026, 109), not_itemised: moved(1, 1) },
            ProcessTotal { row: RESOLVER, moved: moved(300, 60), not_itemised: moved(0, 0) },
        ],
        hidden: 0,
    };
    let mirror = Mirror {
        processes: [process(FIREFOX, 100, "firefox"), process(RESOLVER, 200, "resolver")].into(),
        ..Mirror::default()
    };
    rows(&connections, &mirror, &Users::from_iter([(UserId::Uid(7), "alice")]))
}

fn ask(by: Grouping, filter: Option<&Filter>) -> Query<'_> {
    Query { by, closed: true, filter, ..Query::default() }
}

fn titles(table: &Table) -> Vec<(String, u64)> {
    table.rows.iter().map(|row| (row.title(), row.moved.rx_bytes)).collect()
}

fn found(filter: &str) -> usize {
    let filter = Filter::parse(filter).unwrap();
    table(&some_rows(), &ask(Grouping::Connection, Some(&filter))).matched
}

#[test]
fn a_row_says_who_talks_to_whom() {
    let rows = some_rows();
    let row = &rows[0];
    assert_eq!(
        (row.pid, row.name.as_deref(), row.user.as_deref()),
        (Some(100), Some("firefox"), Some("alice"))
    );
    assert_eq!((row.port, row.service(), row.kind), (Some(443), Some("https"), Kind::Open));
    assert_eq!(row.endpoint(false).as_deref(), Some("example.org:443"));
    assert_eq!(row.endpoint(true).as_deref(), Some("192.0.2.7:443"));
    assert_eq!(rows[1].endpoint(true).as_deref(), Some("[2001:db8::7]:443"));
    assert_eq!(rows[1].local.unwrap().to_string(), "10.0.0.2:50001", "shown as what it is");
}

#[test]
fn every_grouping_adds_up_to_the_processes() {
    let rows = some_rows();
    for by in Grouping::ALL {
        let table = table(&rows, &ask(by, None));
        let sum = table.rows.iter().fold(Moved::default(), |mut sum, row| {
            sum += row.moved;
            sum
        });
        assert_eq!(sum, moved(1026 + 300 + 7, 109 + 60 + 8), "{by:?}");
        assert_eq!(table.moved, sum, "{by:?}");
    }
}

#[test]
fn a_host_is_one_by_its_name_and_many_by_its_addresses() {
    let rows = some_rows();
    let by_name = table(&rows, &ask(Grouping::Remote, None));
    assert_eq!(
        titles(&by_name),
        [("example.org", 1020), ("192.0.2.53", 305), ("198.51.100.9", 7), ("(not itemised)", 1)]
            .map(|(name, rx)| (name.to_owned(), rx))
    );
    let host = &by_name.rows[0];
    assert_eq!((host.open, host.closed, host.remote, host.port), (2, 0, None, Some(443)));
    assert_eq!(host.opened_at_unix_ms, Some(500), "the oldest one's");
    let dns = &by_name.rows[1];
    assert_eq!((dns.open, dns.closed, dns.processes, dns.port, dns.pid), (1, 3, 2, None, None));
    let by_address = table(&rows, &Query { numeric: true, ..ask(Grouping::Remote, None) });
    assert_eq!(by_address.matched, 5);
}

#[test]
fn services_interfaces_and_applications_have_their_rows() {
    let rows = some_rows();
    let names =
        |by| titles(&table(&rows, &ask(by, None))).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names(Grouping::Port),
        ["443/tcp https", "53/udp domain", "25/tcp smtp", "(no port)", "22/tcp ssh"]
    );
    assert_eq!(names(Grouping::Interface), ["eth0", "(no interface)", "wlan0"]);
    assert_eq!(names(Grouping::App), ["firefox", "resolver", "(no application)"]);
    assert_eq!(names(Grouping::Process), ["firefox", "resolver", "(no process)"]);
}

#[test]
fn a_group_is_the_sum_of_its_members() {
    let rows = some_rows();
    for by in Grouping::ALL.into_iter().filter(|&by| by != Grouping::Connection) {
        for group in table(&rows, &ask(by, None)).rows {
            let found = members(&rows, &Query { limit: Some(1), ..ask(by, None) }, &group.key);
            assert_eq!((found.moved, found.rows.len()), (group.moved, 1), "{by:?} {:?}", group.key);
            assert!(found.matched as u64 >= group.processes);
        }
    }
}

#[test]
fn closed_ones_are_there_only_when_they_are_asked_for() {
    let open = table(&some_rows(), &Query::default());
    assert_eq!((open.matched, open.rows.iter().filter(|row| row.kind != Kind::Open).count()), (4, 0));
    assert_eq!(table(&some_rows(), &ask(Grouping::Connection, None)).matched, 7);
}

#[test]
fn a_filter_finds_either_end_the_state_and_the_interface() {
    assert_eq!((found("port:443"), found("port:https"), found("port:50000"), found("port:80")), (3, 3, 1, 0));
    assert_eq!((found("remote:192.0.2.5"), found("remote:192.0.2.0/24"), found("remote:example")), (0, 3, 2));
    assert_eq!((found("proto:udp"), found("state:listen"), found("state:closed")), (1, 1, 2));
    assert_eq!(
        (found("iface:wlan"), found("user:alice"), found("pid:200"), found("app:firefox")),
        (2, 6, 1, 5)
    );
    assert_eq!((found("rx_total>=300"), found("domain"), found("192.0.2.53")), (2, 1, 2));
}

#[test]
fn a_field_of_connections_is_read_and_a_wrong_port_is_refused() {
    let error = |text| Filter::parse(text).unwrap_err().to_string();
    assert_eq!(error("port:nothing"), "a port number or the name of a service is expected at 6");
    assert_eq!(error("a port:70000"), "a port number or the name of a service is expected at 8");
    assert!(error("ports:1").contains("port, remote, proto, state, iface"));
}

#[test]
fn every_column_sorts_both_ways_and_the_unknown_comes_last() {
    let rows = some_rows();
    let sorted = |order: &str| {
        let order = order.parse().unwrap();
        table(&rows, &Query { order, ..Query::default() }).rows
    };
    for key in SortKey::ALL {
        assert_eq!((sorted(key.name()).len(), sorted(&format!("-{}", key.name())).len()), (4, 4));
    }
    let first = |order: &str| sorted(order)[0].local.unwrap().port();
    assert_eq!((first("age"), first("-age")), (50001, 50000));
    assert_eq!((first("rx"), first("-rx"), first("tx")), (50000, 22, 50000));
    assert_eq!((first("port"), first("-port")), (22, 50000));
    assert_eq!((first("remote"), sorted("remote")[3].remote), (50000, None::<IpAddr>));
    assert_eq!((first("-pid"), sorted("pid")[3].pid), (40000, None));
}

#[test]
fn an_unknown_column_is_answered_with_the_known_ones() {
    let error = "bytes".parse::<Order>().unwrap_err().to_string();
    assert!(error.starts_with(r#"no column "bytes": use one of total, rx, "#), "{error}");
}

#[test]
fn a_limit_cuts_rows_not_the_sum() {
    let whole = table(&some_rows(), &ask(Grouping::Connection, None));
    let cut = table(&some_rows(), &Query { limit: Some(2), ..ask(Grouping::Connection, None) });
    assert_eq!((cut.rows.as_slice(), cut.moved), (&whole.rows[..2], whole.moved));
    assert!(cut.truncated() && !whole.truncated());
}

#[test]
fn without_a_seen_beginning_the_registered_port_is_the_service() {
    let service = |local: &str, remote: Option<&str>, inbound| {
        let connection = Connection { inbound, ..connection(None, local, remote, Moved::default()) };
        let connections = Connections { open: vec![connection], ..Connections::default() };
        rows(&connections, &Mirror::default(), &Users::new())[0].port
    };
    let remote = Some("192.0.2.7:40000");
    assert_eq!(service("10.0.0.2:22", remote, None), Some(22));
    assert_eq!(service("10.0.0.2:50000", Some("192.0.2.7:443"), None), Some(443));
    assert_eq!(service("10.0.0.2:39000", remote, None), Some(39000), "the lower one");
    assert_eq!(service("10.0.0.2:39000", remote, Some(false)), Some(40000));
    assert_eq!(service("10.0.0.2:50000", remote, Some(true)), Some(50000));
    assert_eq!(service("0.0.0.0:60000", None, None), Some(60000), "it listens");
}
