//! Who talks to whom on the machine that does not exist.

use std::net::SocketAddr;

use bwusage_proto::{
    connection::{Connection, Connections, Moved, ProcessTotal, Protocol, RemoteTotal, State},
    process::UserId,
    snapshot::RowId,
};

use super::START;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("it is an address with a port")
}

/// An open connection: process, protocol, our end, the other end, its name, bytes received and sent.
fn open(
    row: u64,
    protocol: Protocol,
    (local, remote): (&str, &str),
    name: Option<&str>,
    (rx_bytes, tx_bytes): (u64, u64),
) -> Connection {
    Connection {
        row: Some(RowId(row)),
        protocol,
        local: address(local),
        remote: Some(address(remote)),
        inbound: Some(false),
        state: State::Established,
        interface: Some("eth0".into()),
        opened_at_unix_ms: Some(START - 1000 * (30 + row * 311)),
        moved: Moved { rx_bytes, tx_bytes },
        remote_name: name.map(String::from),
    }
}

/// The connections at the thirtieth tick.
pub(crate) fn connections() -> Connections {
    let (tcp, udp) = (Protocol::TCP, Protocol::UDP);
    let backup = Some("backup.example.org");
    let listening = Connection {
        remote: None,
        inbound: None,
        state: State::Listen,
        interface: None,
        opened_at_unix_ms: None,
        ..open(3, tcp, ("[::]:22", "[::]:1"), None, (0, 0))
    };
    let inbound = Connection {
        inbound: Some(true),
        ..open(3, tcp, ("10.0.0.5:22", "10.0.0.9:50122"), Some("laptop.lan"), (12_000_000, 88_000_000))
    };
    let accepted = Connection {
        row: None,
        state: State::SynReceived,
        ..open(7, tcp, ("10.0.0.5:5432", "10.0.0.10:60001"), Some("app.lan"), (180, 120))
    };
    let old = RemoteTotal {
        row: Some(RowId(1)),
        app: "firefox".into(),
        user: Some(UserId::Uid(1000)),
        protocol: tcp,
        remote: Some("203.0.113.9".parse().expect("it is an address")),
        port: 80,
        inbound: false,
        interface: None,
        connections: 12,
        moved: Moved { rx_bytes: 90_000_000, tx_bytes: 3_000_000 },
        last_at_unix_ms: START - 60_000,
        remote_name: Some("old.example.org".into()),
    };
    let given_up = RemoteTotal {
        row: None,
        app: "curl".into(),
        connections: 1,
        interface: Some("eth0".into()),
        moved: Moved { rx_bytes: 700, tx_bytes: 90 },
        remote_name: Some("api.example.net".into()),
        remote: Some("2001:db8::77".parse().expect("it is an address")),
        ..old.clone()
    };
    Connections {
        taken_at_unix_ms: START + 30_000,
        open: vec![
            open(
                0,
                tcp,
                ("10.0.0.5:51514", "198.51.100.20:443"),
                Some("cdn.example.net"),
                (900_000_000, 9_000_000),
            ),
            open(
                1,
                udp,
                ("[2001:db8::5]:41000", "[2001:db8::443]:443"),
                Some("www.example.com"),
                (30_000_000, 900_000),
            ),
            open(2, tcp, ("10.0.0.5:40873", "192.0.2.30:873"), backup, (400_000_000, 6_000_000_000)),
            open(2, tcp, ("10.0.0.5:40874", "192.0.2.30:22"), backup, (1_000_000, 2_000_000)),
            open(5, udp, ("10.0.0.5:51820", "192.0.2.77:51820"), None, (75_000_000, 74_000_000)),
            inbound,
            listening,
            accepted,
        ],
        remotes: vec![old, given_up],
        processes: vec![ProcessTotal {
            row: RowId(0),
            moved: Moved { rx_bytes: 900_005_000, tx_bytes: 9_000_000 },
            not_itemised: Moved { rx_bytes: 5_000, tx_bytes: 0 },
        }],
        hidden: 0,
    }
}

/// As many connections of one process.
pub(crate) fn many_connections(count: u32) -> Connections {
    let one = |number: u32| {
        let remote = SocketAddr::from(((0x0a00_0000 + number / 3).to_be_bytes(), 443));
        Connection {
            remote: Some(remote),
            remote_name: number.is_multiple_of(2).then(|| format!("host-{}.example.net", number / 3)),
            moved: Moved { rx_bytes: u64::from(number) * 7919, tx_bytes: u64::from(number) * 331 },
            ..open(0, Protocol::TCP, ("10.0.0.5:51514", "198.51.100.20:443"), None, (0, 0))
        }
    };
    Connections { open: (0..count).map(one).collect(), ..connections() }
}
