//! Who talks to whom, and where the bytes went, with every field off its default.

use bwusage_proto::{
    connection::{Connection, Connections, Moved, ProcessTotal, Protocol, RemoteTotal, State},
    ledger::{Carrier, InterfaceKind, InterfaceLedger, Ledger, Line, Reason, Side, Summary},
    process::UserId,
    snapshot::{Loss, RowId},
};

/// Both directions of one interface.
pub(crate) fn summary() -> Summary {
    let side = |counter, segmentation| Side {
        counter,
        lines: vec![
            Line { reason: Reason::Processes, bytes: 1_000_000 },
            Line { reason: Reason::Segmentation, bytes: segmentation },
        ],
    };
    Summary { rx: side(1_000_000, 0), tx: side(980_000, -20_000) }
}

/// The whole ledger.
pub(crate) fn ledger() -> Ledger {
    let Summary { rx, tx } = summary();
    Ledger {
        taken_at_unix_ms: 1_700_000_002_000,
        since_unix_ms: 1_700_000_001_000,
        summary: summary(),
        interfaces: vec![InterfaceLedger { name: "tun0".into(), kind: InterfaceKind::Tunnel, rx, tx }],
        carriers: vec![Carrier { row: RowId(7), interface: "tun0".into() }],
        losses: vec![Loss { what: "no slot".into(), events: 11 }],
        missing: Some("not attached".into()),
    }
}

/// One connection and one remote host.
pub(crate) fn connections() -> Connections {
    let moved = Moved { rx_bytes: 1000, tx_bytes: 200 };
    Connections {
        taken_at_unix_ms: 1_700_000_002_000,
        open: vec![Connection {
            row: Some(RowId(7)),
            protocol: Protocol::TCP,
            local: "[fd00::1]:50000".parse().unwrap(),
            remote: Some("192.0.2.7:443".parse().unwrap()),
            inbound: Some(false),
            state: State::Established,
            interface: Some("eth0".into()),
            opened_at_unix_ms: Some(1_700_000_001_000),
            moved,
            remote_name: Some("example.org".into()),
        }],
        remotes: vec![RemoteTotal {
            row: Some(RowId(7)),
            app: "firefox".into(),
            user: Some(UserId::Uid(1000)),
            protocol: Protocol::UDP,
            remote: Some("2001:db8::7".parse().unwrap()),
            port: 443,
            inbound: true,
            interface: Some("wlan0".into()),
            connections: 3,
            moved,
            last_at_unix_ms: 1_700_000_001_500,
            remote_name: Some("example.com".into()),
        }],
        processes: vec![ProcessTotal {
            row: RowId(7),
            moved,
            not_itemised: Moved { rx_bytes: 1, tx_bytes: 2 },
        }],
        hidden: 4,
    }
}
