//! One value of every message, with every field off its default.

use bwusage_proto::{
    bounds::{Bounds, Retention, TableFill},
    connection::ConnectionsQuery,
    message::{Refusal, Reply, Request, Retired, SnapshotHead, Status, Subscribe, Tick},
    process::{Category, UserId},
    snapshot::{
        Coverage, DiskIo, Hook, HostInfo, HostSample, Interface, Loss, Memory, Residual, ResidualReason,
        RowId, Rung, RungState, WindowPoint,
    },
    units::Rates,
};

mod alerts;
mod history;
mod rows;
mod talk;
use rows::{activity, container, counters, info};
use talk::summary;

/// Every request, by name.
pub(crate) fn requests() -> Vec<(&'static str, Request)> {
    let mut requests = vec![
        ("ping", Request::Ping),
        ("status", Request::Status),
        ("snapshot", Request::Snapshot),
        ("subscribe", Request::Subscribe(Subscribe { interval_ms: 1000 })),
        ("unsubscribe", Request::Unsubscribe),
        ("ledger", Request::Ledger),
        ("bounds", Request::Bounds),
        ("connections", Request::Connections(ConnectionsQuery { pid: Some(42) })),
        ("history", Request::History(history::query())),
    ];
    requests.extend(alerts::requests());
    requests
}

/// Every reply, by name.
pub(crate) fn replies() -> Vec<(&'static str, Reply)> {
    let mut replies = vec![
        ("pong", Reply::Pong),
        ("status_reply", Reply::Status(Box::new(status()))),
        ("snapshot_head", Reply::Snapshot(Box::new(head()))),
        ("tick", Reply::Tick(Box::new(tick()))),
        ("goodbye", Reply::Goodbye),
        ("ledger_reply", Reply::Ledger(Box::new(talk::ledger()))),
        ("bounds_reply", Reply::Bounds(Box::new(bounds()))),
        ("connections_reply", Reply::Connections(Box::new(talk::connections()))),
        ("history_reply", Reply::History(Box::new(history::answer()))),
        (
            "error",
            Reply::Error(Refusal { code: 3, message: "too many".into(), hint: Some("close some".into()) }),
        ),
    ];
    replies.extend(alerts::replies());
    replies
}

fn bounds() -> Bounds {
    Bounds {
        tables: vec![TableFill { table: "slots".into(), entries: 300, capacity: 16_376 }],
        retention: Some(Retention { minutes_s: 172_800, hours_s: 7_776_000, days_s: Some(31_536_000) }),
    }
}

fn coverage() -> Coverage {
    Coverage {
        engine: "eBPF".into(),
        quality: "exact".into(),
        hooks: vec![Hook {
            name: "tp_btf/sock_send_length".into(),
            purpose: "who sends".into(),
            attached: false,
            detail: Some("refused".into()),
        }],
        blind_spots: vec!["ARP".into()],
        rungs: vec![Rung {
            name: "tracepoints".into(),
            about: "each packet of each socket".into(),
            quality: "exact".into(),
            state: RungState::Refused,
            detail: Some("no such tracepoint".into()),
            remedy: None,
        }],
    }
}

fn head() -> SnapshotHead {
    SnapshotHead {
        host: HostInfo {
            hostname: "web01".into(),
            os: "Debian".into(),
            kernel: "6.12".into(),
            boot_id: Some("b".into()),
            cpu_count: 4,
            booted_at_unix_ms: Some(1_700_000_000_000),
        },
        interval_ms: 1000,
        started_at_unix_ms: 1_700_000_001_000,
        window: vec![WindowPoint {
            at_unix_ms: 1,
            cpu_centipercent: Some(2),
            memory_used_bytes: Some(3),
            network: Some(Rates { rx_bytes_per_s: 4, tx_bytes_per_s: 5 }),
            disk_read_bytes_per_s: Some(6),
            disk_write_bytes_per_s: None,
        }],
        coverage: coverage(),
    }
}

fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 1,
        uptime_ms: 2,
        interval_ms: 3,
        ticks: 4,
        late_ticks: 5,
        self_cpu_ms: Some(6),
        self_rss_bytes: Some(7),
        connections: 8,
        subscriptions: 9,
        rows: 10,
        visibility: "names".into(),
        you_see: "all".into(),
        coverage: coverage(),
        losses: vec![Loss { what: "no slot".into(), events: 11 }],
        ledger: Some(summary()),
        privilege: Some("user x".into()),
        history: Some(history::state()),
    }
}

fn tick() -> Tick {
    Tick {
        seq: 300,
        taken_at_unix_ms: 1_700_000_002_000,
        window_ms: 1001,
        host: Some(host()),
        infos: vec![info(7)],
        changed: vec![activity(7)],
        gone: vec![RowId(9)],
        residuals: vec![Residual {
            reason: ResidualReason::KernelIcmp,
            counters: counters(),
            rates: Rates { rx_bytes_per_s: 84, tx_bytes_per_s: 0 },
        }],
        ledger: Some(summary()),
        fault: Some("the disk is full".into()),
        retired: vec![Retired {
            app: "curl".into(),
            user: Some(UserId::Uid(0)),
            unit: Some("backup.service".into()),
            container: Some(container()),
            category: Some(Category::Service),
            processes: 200,
            first_traffic_at_unix_ms: Some(1_700_000_000_500),
            counters: counters(),
        }],
    }
}

fn host() -> HostSample {
    HostSample {
        cpu_centipercent: Some(4321),
        core_centipercent: vec![10_000, 0],
        memory: Some(Memory {
            total_bytes: 1 << 34,
            used_bytes: 1 << 33,
            available_bytes: 1 << 32,
            swap_total_bytes: 2,
            swap_used_bytes: 1,
        }),
        disk: Some(DiskIo {
            read_bytes_total: 1,
            write_bytes_total: 2,
            read_bytes_per_s: Some(3),
            write_bytes_per_s: Some(4),
        }),
        interfaces: vec![Interface {
            name: "eth0".into(),
            loopback: false,
            rx_bytes_total: 1,
            tx_bytes_total: 2,
            rx_packets_total: 3,
            tx_packets_total: 4,
            rates: Some(Rates { rx_bytes_per_s: 5, tx_bytes_per_s: 6 }),
        }],
        uptime_ms: Some(1),
        load_centi: Some([1, 2, 3]),
        process_count: Some(4),
    }
}
