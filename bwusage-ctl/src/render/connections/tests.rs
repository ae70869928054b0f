use bwusage_proto::{
    connection::{Connection, Connections, Moved, ProcessTotal, Protocol, RemoteTotal},
    mirror::{Mirror, Process},
    process::ProcessId,
    snapshot::{ProcessInfo, RowId},
    talk::{Query, rows, table},
    units::{Counters, Rates},
    users::Users,
};

use super::*;

const ROW: RowId = RowId(1);

fn connection(remote: &str, name: Option<&str>) -> Connection {
    Connection {
        row: Some(ROW),
        protocol: Protocol::TCP,
        local: "192.0.2.15:50000".parse().unwrap(),
        remote: Some(remote.parse().unwrap()),
        inbound: Some(false),
        state: State::Established,
        interface: Some("eth0".into()),
        opened_at_unix_ms: Some(1000),
        moved: Moved { rx_bytes: 2048, tx_bytes: 10 },
        remote_name: name.map(Into::into),
    }
}

fn some_rows() -> Vec<Row> {
    let listener = Connection {
        remote: None,
        inbound: None,
        state: State::Listen,
        interface: None,
        opened_at_unix_ms: None,
        moved: Moved::default(),
        ..connection("192.0.2.1:1", None)
    };
    let closed = RemoteTotal {
        row: Some(ROW),
        app: "p".into(),
        user: None,
        protocol: Protocol::UDP,
        remote: Some("198.51.100.5".parse().unwrap()),
        port: 53,
        inbound: false,
        interface: None,
        connections: 12,
        moved: Moved { rx_bytes: 70, tx_bytes: 60 },
        last_at_unix_ms: 2000,
        remote_name: None,
    };
    let connections = Connections {
        taken_at_unix_ms: 66_000,
        open: vec![
            connection("198.51.100.7:443", Some("www.test\x1b[2J")),
            connection("[2001:db8::9]:8080", None),
            listener,
        ],
        remotes: vec![closed],
        processes: vec![ProcessTotal {
            row: ROW,
            moved: Moved::default(),
            not_itemised: Moved { rx_bytes: 5, tx_bytes: 0 },
        }],
        hidden: 0,
    };
    let info = ProcessInfo {
        id: Some(ProcessId::new(42, 1)),
        name: "p\u{202e}x".into(),
        app: "p".into(),
        ..ProcessInfo::unknown(ROW)
    };
    let process = Process {
        info,
        counters: Counters::default(),
        rates: Rates::default(),
        resources: None,
        exited_at_unix_ms: None,
    };
    let mirror = Mirror { processes: [(ROW, process)].into(), ..Mirror::default() };
    rows(&connections, &mirror, &Users::new())
}

fn drawn(by: Grouping, numeric: bool, width: Option<usize>, reverse: &Reverse) -> String {
    let table = table(&some_rows(), &Query { by, closed: true, numeric, ..Query::default() });
    let asked = Asked { units: Units::Iec, numeric, now_unix_ms: 66_000, reverse };
    anstream::adapter::strip_str(&draw(
        &table,
        Layout { by, width, header: true, wire: Wire::Counted },
        asked,
    ))
    .to_string()
}

#[test]
fn a_connection_is_a_line_and_nothing_in_it_acts_on_the_terminal() {
    let expected = "\
PID  NAME        PROTO  LOCAL             DIR  REMOTE               SERVICE   IFACE  STATE        RX TOTAL  TX TOTAL     AGE
 42  p\\u{202e}x  tcp    192.0.2.15:50000  out  www.test\\x1b[2J:443  https     eth0   established  2.00 KiB      10 B  1m 05s
 42  p\\u{202e}x  tcp    192.0.2.15:50000  out  [2001:db8::9]:8080   http-alt  eth0   established  2.00 KiB      10 B  1m 05s
 42  p\\u{202e}x  udp    -                 out  198.51.100.5         domain    -      12 closed        70 B      60 B       -
 42  p\\u{202e}x  -      -                 -    (not itemised)       -         -      -                 5 B       0 B       -
 42  p\\u{202e}x  tcp    192.0.2.15:50000  -    *                    50000     -      listen            0 B       0 B       -
";
    assert_eq!(drawn(Grouping::Connection, false, None, &Reverse::new()), expected);
}

#[test]
fn a_name_that_the_machine_did_not_ask_for_is_marked() {
    let reverse = Reverse::from([("2001:db8::9".parse().unwrap(), "ptr.test\x07".to_owned())]);
    let named = drawn(Grouping::Connection, false, None, &reverse);
    assert!(named.contains("~ptr.test\\x07:8080"), "{named}");
    assert!(drawn(Grouping::Remote, false, None, &reverse).contains("~ptr.test\\x07"));
    let numeric = drawn(Grouping::Connection, true, None, &reverse);
    assert!(numeric.contains("198.51.100.7:443") && numeric.contains("[2001:db8::9]:8080"), "{numeric}");
    assert!(!numeric.contains("test") && !numeric.contains("https"), "{numeric}");
}

#[test]
fn a_group_says_how_many_it_adds_up() {
    let drawn = drawn(Grouping::Remote, false, None, &Reverse::new());
    let line = drawn.lines().find(|line| line.starts_with("198.51.100.5")).unwrap();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["198.51.100.5", "domain", "p\\u{202e}x", "0", "12", "70", "B", "60", "B"]);
}

#[test]
fn headings_of_estimated_bytes_are_marked() {
    let reverse = Reverse::new();
    let asked = Asked { units: Units::Iec, numeric: true, now_unix_ms: 0, reverse: &reverse };
    for by in [Grouping::Connection, Grouping::Remote] {
        let table = table(&some_rows(), &Query { by, ..Query::default() });
        let layout = Layout { by, width: None, header: true, wire: Wire::Estimated };
        let drawn = draw(&table, layout, asked);
        let heading = drawn.lines().next().unwrap_or_default();
        assert!(heading.contains("~RX TOTAL  ~TX TOTAL"), "{heading}");
    }
}

#[test]
fn every_table_fits_the_terminal() {
    for by in Grouping::ALL {
        for width in [20, 60, 80] {
            let drawn = drawn(by, false, Some(width), &Reverse::new());
            assert!(drawn.lines().all(|line| text::width(line) <= width), "{by:?} {width}\n{drawn}");
        }
    }
}
