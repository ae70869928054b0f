//! A machine that does not exist, the same in every run: what the screens and the benches draw.

use std::{sync::Arc, time::Duration};

use bwusage_proto::{
    ledger::{Carrier, InterfaceKind, InterfaceLedger, Ledger, Line, Reason, Side, Summary},
    message::{SnapshotHead, Tick},
    mirror::Mirror,
    process::{Category, Container, ProcessId, UserId},
    snapshot::{
        Activity, Coverage, DiskIo, HostInfo, HostSample, Interface, Loss, Memory, ProcessInfo, Residual,
        ResidualReason, Resources, RowId, WindowPoint,
    },
    units::{Counters, Rates, Scope},
    users::Users,
};
use bwusage_tui::app::{App, Effect, Msg, Settings};

#[path = "talk.rs"]
pub(crate) mod talk;

/// The moment of the first tick, in milliseconds of Unix time.
const START: u64 = 1_800_000_000_000;

/// Application, process, user, megabytes received and sent so far, speed in kilobytes a second, the phase of its pulse.
const PROGRAMS: [(&str, &str, u32, u64, u64, u64, u64); 10] = [
    ("firefox", "Web Content", 1000, 954, 95, 2500, 0),
    ("firefox", "firefox", 1000, 120, 31, 140, 3),
    ("rsync", "rsync", 0, 410, 6020, 900, 1),
    ("sshd", "sshd-session", 1001, 12, 88, 42, 5),
    ("apt", "http", 42, 310, 2, 0, 0),
    ("syncthing", "syncthing", 1000, 75, 74, 61, 2),
    ("chronyd", "chronyd", 0, 1, 1, 0, 4),
    ("postgres", "postgres", 999, 3, 7, 18, 6),
    ("curl", "curl", 1001, 100, 1, 0, 0),
    ("bash", "bash", 1001, 0, 0, 0, 0),
];

/// Names for the users of the fixture, so that no snapshot depends on the machine that runs the test.
pub(crate) fn users() -> Users {
    [(0, "root"), (42, "_apt"), (999, "postgres"), (1000, "alice"), (1001, "bob")]
        .into_iter()
        .map(|(uid, name)| (UserId::Uid(uid), name))
        .collect()
}

/// A share of 0 to 100 that goes up and down with `tick`, the same for the same numbers.
fn pulse(tick: u64, phase: u64) -> u64 {
    const WAVE: [u64; 16] = [4, 9, 22, 48, 71, 88, 97, 100, 92, 74, 55, 38, 20, 60, 31, 10];
    WAVE[((tick + phase * 5) % 16) as usize] * (60 + (tick * 7 + phase * 13) % 40) / 100
}

pub(crate) fn head() -> SnapshotHead {
    SnapshotHead {
        host: HostInfo {
            hostname: "web01".into(),
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.18.5".into(),
            boot_id: Some("b".into()),
            cpu_count: 4,
            booted_at_unix_ms: Some(START - 86_400_000),
        },
        interval_ms: 1000,
        started_at_unix_ms: START - 3_600_000,
        window: (0..150).map(window_point).collect(),
        coverage: Coverage {
            engine: "eBPF".into(),
            quality: "exact".into(),
            hooks: Vec::new(),
            blind_spots: vec!["Traffic before the start of the daemon.".into()],
            rungs: Vec::new(),
        },
    }
}

fn window_point(at: u64) -> WindowPoint {
    WindowPoint {
        at_unix_ms: START + at * 1000 - 150_000,
        cpu_centipercent: Some((pulse(at, 2) * 70) as u32),
        memory_used_bytes: Some((8 << 30) + at * 4_000_000),
        network: Some(network(at)),
        disk_read_bytes_per_s: Some(pulse(at, 9) * 40_000),
        disk_write_bytes_per_s: Some(pulse(at, 4) * 9_000),
    }
}

fn network(tick: u64) -> Rates {
    Rates { rx_bytes_per_s: pulse(tick, 0) * 36_000, tx_bytes_per_s: pulse(tick, 1) * 9_100 }
}

fn host(tick: u64) -> HostSample {
    let point = window_point(tick);
    HostSample {
        cpu_centipercent: point.cpu_centipercent,
        core_centipercent: (0..4).map(|core| (pulse(tick, core) * 100) as u32).collect(),
        memory: Some(Memory {
            total_bytes: 24 << 30,
            used_bytes: point.memory_used_bytes.unwrap_or(0),
            available_bytes: 14 << 30,
            swap_total_bytes: 4 << 30,
            swap_used_bytes: 300 << 20,
        }),
        disk: Some(DiskIo {
            read_bytes_total: 1 << 40,
            write_bytes_total: 1 << 39,
            read_bytes_per_s: point.disk_read_bytes_per_s,
            write_bytes_per_s: point.disk_write_bytes_per_s,
        }),
        interfaces: vec![Interface { name: "eth0".into(), rates: point.network, ..Interface::default() }],
        uptime_ms: Some(86_400_000),
        load_centi: Some([52, 48, 40]),
        process_count: Some(300),
    }
}

pub(crate) fn info(row: u64, name: &str, app: &str, uid: u32) -> ProcessInfo {
    ProcessInfo {
        id: Some(ProcessId::new(100 + row as u32 * 7, if name == "Web Content" { 99 } else { row })),
        // firefox is the parent of its helper.
        parent: Some(if name == "Web Content" { 107 } else { 1 }),
        name: name.into(),
        app: app.into(),
        exe: Some(format!("/usr/bin/{app}")),
        command_line: Some(vec![app.into(), "--run".into()]),
        user: Some(UserId::Uid(uid)),
        started_at_unix_ms: Some(START - 1000 * (60 + row * 977)),
        title: (app == "firefox").then(|| "Firefox Web Browser".into()),
        category: Some(match app {
            "firefox" | "syncthing" => Category::App,
            "curl" => Category::Background,
            "rsync" | "bash" => Category::Terminal,
            _ => Category::Service,
        }),
        first_traffic_at_unix_ms: (app != "bash").then_some(START - 1000 * (50 + row * 901)),
        unit: Some(format!("app-gnome-{app}-{row}.scope")),
        container: row.is_multiple_of(2).then(|| Container {
            runtime: "docker".into(),
            id: "4b1c9e0f2a7d5c3e".into(),
            name: None,
        }),
        ..ProcessInfo::unknown(RowId(row))
    }
}

pub(crate) fn activity(row: u64, counters: Counters, rates: Rates) -> Activity {
    let resources = Resources {
        cpu_centipercent: Some((row as u32 * 131) % 4000),
        rss_bytes: (row + 1) * 19_000_000,
        disk_read_bytes_total: Some(row * 1000),
        disk_write_bytes_total: Some(0),
        disk_read_bytes_per_s: Some(row * 512),
        disk_write_bytes_per_s: Some(0),
    };
    Activity { row: RowId(row), counters, rates, resources: Some(resources), exited_at_unix_ms: None }
}

pub(crate) fn counters(rx_bytes: u64, tx_bytes: u64) -> Counters {
    let mut counters = Counters::default();
    let traffic = &mut counters[Scope::Internet];
    (traffic.wire.rx_bytes, traffic.wire.tx_bytes) = (rx_bytes, tx_bytes);
    (traffic.wire.rx_packets, traffic.wire.tx_packets) = (rx_bytes / 1448, tx_bytes / 1448);
    (traffic.payload.rx_bytes, traffic.payload.tx_bytes) = (rx_bytes / 100 * 96, tx_bytes / 100 * 96);
    counters
}

/// The tick with this number; the first one describes every process.
pub(crate) fn tick(seq: u64) -> Tick {
    let rows = PROGRAMS.iter().enumerate().map(|(row, &(app, name, uid, rx, tx, speed, phase))| {
        let row = row as u64;
        let rates = Rates {
            rx_bytes_per_s: speed * 10 * pulse(seq, phase),
            tx_bytes_per_s: speed * tx / rx.max(1) * pulse(seq, phase + 1),
        };
        let mut activity = activity(row, counters(rx << 20, tx << 20), rates);
        activity.exited_at_unix_ms = (app == "curl").then_some(START - 4000);
        (info(row, name, app, uid), activity)
    });
    let (infos, changed) = rows.unzip();
    Tick {
        seq,
        taken_at_unix_ms: START + seq * 1000,
        window_ms: 1000,
        host: Some(host(150 + seq)),
        infos,
        changed,
        gone: Vec::new(),
        residuals: vec![Residual {
            reason: ResidualReason::KernelIcmp,
            counters: counters(2_400_000, 1_100_000),
            rates: Rates { rx_bytes_per_s: 98, tx_bytes_per_s: 98 },
        }],
        ledger: Some(ledger().summary),
        fault: None,
        retired: Vec::new(),
    }
}

/// Where the bytes went: the summary is the device alone.
pub(crate) fn ledger() -> Ledger {
    let side = |counter: u64, lines: &[(Reason, i64)]| Side {
        counter,
        lines: lines.iter().map(|&(reason, bytes)| Line { reason, bytes }).collect(),
    };
    let interface = |name: &str, kind, rx, tx| InterfaceLedger { name: name.into(), kind, rx, tx };
    let eth0 = interface(
        "eth0",
        InterfaceKind::Device,
        side(
            9_000_000_000,
            &[
                (Reason::Processes, 2_080_000_000),
                (Reason::NoSocket, 2_400_000),
                (Reason::Tunnel, 41_000_000),
                (Reason::Forwarded, 310_000_000),
                (Reason::NonIp, 1_100_000),
                (Reason::LinkHeaders, 23_500_000),
                (Reason::BeforeStart, 6_542_000_000),
            ],
        ),
        side(
            7_000_000_000,
            &[
                (Reason::Processes, 6_520_000_000),
                (Reason::Kernel, 1_100_000),
                (Reason::Forwarded, 300_000_000),
                (Reason::LinkHeaders, 61_400_000),
                (Reason::Segmentation, -12_500_000),
                (Reason::Lost, 9_000),
                (Reason::BeforeStart, 129_991_000),
            ],
        ),
    );
    let wg0 = interface(
        "wg0",
        InterfaceKind::Tunnel,
        side(38_000_000, &[(Reason::Processes, 38_000_000)]),
        side(4_000, &[(Reason::Processes, 4_000)]),
    );
    let summary = Summary { rx: eth0.rx.clone(), tx: eth0.tx.clone() };
    Ledger {
        taken_at_unix_ms: START + 30_000,
        since_unix_ms: START - 3_600_000,
        summary,
        interfaces: vec![eth0, wg0],
        carriers: vec![Carrier { row: RowId(5), interface: "wg0".into() }],
        losses: vec![Loss { what: "the table of sockets was full".into(), events: 7 }],
        missing: None,
    }
}

/// The machine after `ticks` ticks.
pub(crate) fn mirror(ticks: u64) -> Mirror {
    let mut mirror = Mirror::new(head());
    for seq in 1..=ticks {
        mirror.apply(tick(seq)).expect("every row is described");
    }
    mirror
}

/// A machine with this many processes, all of them busy.
pub(crate) fn crowd(processes: u64) -> Mirror {
    let mut mirror = mirror(1);
    let rows = (100..100 + processes).map(|row| {
        let app = format!("worker-{}", row % 500);
        let rates = Rates { rx_bytes_per_s: row * 997 % 1_000_000, tx_bytes_per_s: row * 331 % 70_000 };
        (info(row, &app, &app, 1000), activity(row, counters(row * 7919, row * 104_729), rates))
    });
    let (infos, changed) = rows.unzip();
    mirror.apply(Tick { seq: 2, infos, changed, ..tick(2) }).expect("every row is described");
    mirror
}

/// The program in front of that machine, after some ticks.
pub(crate) fn app(settings: Settings) -> Running {
    let mut running = Running { app: App::new(settings, users()), seconds: 0 };
    let mirror_at = |ticks| Arc::new(mirror(ticks));
    running.send(Msg::Up { mirror: mirror_at(1), restarted: false });
    for ticks in 2..=30 {
        running.send(Msg::Tick(mirror_at(ticks)));
    }
    running
}

/// The model with a clock that moves by a second for every message.
pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) seconds: u64,
}

impl Running {
    pub(crate) fn send(&mut self, msg: Msg) -> Vec<Effect> {
        self.seconds += 1;
        self.app.update(msg, Duration::from_secs(self.seconds))
    }
}
