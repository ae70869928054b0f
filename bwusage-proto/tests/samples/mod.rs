//! One value of every message, with every field off its default, and strategies for any value.

use bwusage_proto::{
    message::{Refusal, Reply, Request, Retired, SnapshotHead, Status, Subscribe, Tick},
    process::{ProcessId, UserId},
    snapshot::{
        Activity, Coverage, DiskIo, Hook, HostInfo, HostSample, Interface, Loss, Memory, ProcessInfo,
        Residual, ResidualReason, Resources, RowId, WindowPoint,
    },
    units::{Counters, Payload, Rates, Scope, Traffic, Wire},
};

/// Every request, by name.
pub(crate) fn requests() -> Vec<(&'static str, Request)> {
    vec![
        ("ping", Request::Ping),
        ("status", Request::Status),
        ("snapshot", Request::Snapshot),
        ("subscribe", Request::Subscribe(Subscribe { interval_ms: 1000 })),
        ("unsubscribe", Request::Unsubscribe),
    ]
}

/// Every reply, by name.
pub(crate) fn replies() -> Vec<(&'static str, Reply)> {
    vec![
        ("pong", Reply::Pong),
        ("status_reply", Reply::Status(Box::new(status()))),
        ("snapshot_head", Reply::Snapshot(Box::new(head()))),
        ("tick", Reply::Tick(Box::new(tick()))),
        ("goodbye", Reply::Goodbye),
        (
            "error",
            Reply::Error(Refusal { code: 3, message: "too many".into(), hint: Some("close some".into()) }),
        ),
    ]
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
        retired: vec![Retired {
            app: "curl".into(),
            user: Some(UserId::Uid(0)),
            processes: 200,
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
    }
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

fn counters() -> Counters {
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
