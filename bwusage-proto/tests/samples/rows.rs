//! One row, with every field off its default.

use bwusage_proto::{
    process::{Category, Container, ProcessId, UserId},
    snapshot::{Activity, ProcessInfo, Resources, RowId},
    units::{Counters, Payload, Rates, Scope, Traffic, Wire},
};

/// A process as the daemon describes it.
pub(crate) fn info(row: u64) -> ProcessInfo {
    ProcessInfo {
        row: RowId(row),
        id: Some(ProcessId::new(4242, 123_456)),
        parent: Some(1),
        name: "firefox".into(),
        app: "firefox".into(),
        exe: Some("/usr/lib/firefox/firefox".into()),
        command_line: Some(vec!["firefox".into(), "-P".into()]),
        user: Some(UserId::Sid("S-1-5-18".into())),
        started_at_unix_ms: Some(1_700_000_000_500),
        unit: Some("app-gnome-firefox-3021.scope".into()),
        container: Some(container()),
        title: Some("Firefox Web Browser".into()),
        category: Some(Category::App),
        first_traffic_at_unix_ms: Some(1_700_000_001_500),
    }
}

/// What a process runs in.
pub(crate) fn container() -> Container {
    Container { runtime: "docker".into(), id: "0123456789abcdef".into(), name: Some("web".into()) }
}

/// A process as the daemon counts it.
pub(crate) fn activity(row: u64) -> Activity {
    Activity {
        row: RowId(row),
        counters: counters(),
        rates: Rates { rx_bytes_per_s: 2_500_000, tx_bytes_per_s: 206_000 },
        resources: Some(Resources {
            cpu_centipercent: Some(840),
            rss_bytes: 200_278_016,
            disk_read_bytes_total: Some(1),
            disk_write_bytes_total: Some(2),
            disk_read_bytes_per_s: Some(0),
            disk_write_bytes_per_s: Some(4096),
        }),
        exited_at_unix_ms: Some(1_700_000_003_000),
    }
}

/// Traffic in every scope.
pub(crate) fn counters() -> Counters {
    let mut counters = Counters::default();
    for (factor, scope) in (1..).zip(Scope::ALL) {
        counters[scope] = Traffic {
            wire: Wire {
                rx_bytes: factor * 1_000_341_504,
                tx_bytes: factor * 100_030_000,
                rx_packets: factor * 70_000,
                tx_packets: factor * 5_000,
            },
            payload: Payload { rx_bytes: factor * 1_000_000_000, tx_bytes: factor * 99_000_000 },
        };
    }
    counters
}
