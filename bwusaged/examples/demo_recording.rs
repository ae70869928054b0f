//! Writes the recording that tests and screenshots play: an invented machine, the same bytes every time.
//!
//! `cargo run -p bwusaged --example demo_recording > bwusaged/tests/data/demo.jsonl`

use bwusage_proto::{
    connection::Moved,
    process::{ProcessId, UserId},
    snapshot::{Coverage, DiskIo, HostInfo, HostSample, Interface, Memory, ResidualReason},
    units::{Counters, Scope},
};
use bwusaged::{
    engine::{
        Identity, ProcessSample, Sample,
        recording::{FORMAT, Header, Moment},
    },
    host::{HostTick, ProcessUse},
};

#[path = "demo_recording/talk.rs"]
mod talk;

const MOMENTS: u64 = 90;
const BOOT_UNIX_MS: u64 = 1_763_700_000_000;

/// (name, executable, arguments, uid, received and sent bytes per moment, scope, memory in MiB, processor in ms per moment)
type Program = (&'static str, &'static str, &'static [&'static str], u32, u64, u64, Scope, u64, u64);

const PROGRAMS: &[Program] = &[
    ("firefox", "/usr/lib/firefox/firefox", &["firefox"], 1000, 2_500_000, 206_000, Scope::Internet, 640, 84),
    (
        "Socket Process",
        "/usr/lib/firefox/firefox",
        &["firefox", "-contentproc", "socket"],
        1000,
        310_000,
        41_000,
        Scope::Internet,
        92,
        21,
    ),
    (
        "python3",
        "/usr/bin/python3.11",
        &["python3", "/opt/backup/nightly.py", "--to", "nas"],
        0,
        9_000,
        4_300_000,
        Scope::Lan,
        58,
        130,
    ),
    (
        "apt-get",
        "/usr/bin/apt-get",
        &["apt-get", "upgrade", "-y"],
        0,
        1_100_000,
        19_000,
        Scope::Internet,
        71,
        35,
    ),
    ("sshd", "/usr/sbin/sshd", &["sshd: alice [priv]"], 0, 1_200, 9_400, Scope::Lan, 9, 1),
    (
        "node",
        "/usr/bin/node",
        &["node", "/srv/shop/server.js"],
        998,
        88_000,
        640_000,
        Scope::Internet,
        210,
        55,
    ),
    (
        "postgres",
        "/usr/lib/postgresql/15/bin/postgres",
        &["postgres: shop"],
        114,
        52_000,
        71_000,
        Scope::Loopback,
        130,
        18,
    ),
    (
        "systemd-resolve",
        "/usr/lib/systemd/systemd-resolved",
        &["/usr/lib/systemd/systemd-resolved"],
        101,
        700,
        410,
        Scope::Lan,
        12,
        1,
    ),
    ("chronyd", "/usr/sbin/chronyd", &["/usr/sbin/chronyd", "-F", "1"], 107, 76, 76, Scope::Internet, 4, 0),
    ("syncthing", "/usr/bin/syncthing", &["syncthing", "serve"], 1000, 18_000, 96_000, Scope::Lan, 84, 12),
    ("dockerd", "/usr/bin/dockerd", &["dockerd", "-H", "fd://"], 0, 300, 220, Scope::Loopback, 95, 3),
    ("bash", "/usr/bin/bash", &["-bash"], 1000, 0, 0, Scope::Internet, 6, 0),
    ("cron", "/usr/sbin/cron", &["/usr/sbin/cron", "-f"], 0, 0, 0, Scope::Internet, 3, 0),
];

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let header = Header {
        format: FORMAT.into(),
        host: HostInfo {
            hostname: "web01".into(),
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.12.0".into(),
            boot_id: Some("00000000-0000-4000-8000-000000000001".into()),
            cpu_count: 4,
            booted_at_unix_ms: Some(BOOT_UNIX_MS),
        },
        coverage: Coverage {
            engine: "eBPF tracepoints + cgroup_skb".into(),
            quality: "exact".into(),
            ..Coverage::default()
        },
        interval_ms: 1000,
    };
    line(&mut out, &header)?;
    (0..MOMENTS).try_for_each(|moment| line(&mut out, &moment_at(moment)))
}

fn line(out: &mut impl std::io::Write, value: &impl serde::Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn moment_at(moment: u64) -> Moment {
    let mut sample = Sample::default();
    let mut talking = Vec::new();
    let mut host = HostTick { sample: machine(moment), ..HostTick::default() };
    for (index, program) in (0_u64..).zip(PROGRAMS) {
        let &(name, exe, arguments, uid, rx, tx, scope, memory_mib, cpu) = program;
        let id = ProcessId::new(100 + index as u32 * 37, 4_000 + index * 250);
        let identity = Identity {
            name: name.into(),
            exe: Some(exe.into()),
            command_line: Some(arguments.iter().map(ToString::to_string).collect()),
            parent: Some(1),
            user: Some(UserId::Uid(uid)),
            started_at_unix_ms: Some(BOOT_UNIX_MS + id.start_time.0 * 10),
            ..Identity::default()
        };
        host.processes.push(ProcessUse {
            id,
            cpu_time_ms: cpu * (moment + 1) * 10,
            rss_bytes: memory_mib << 20,
            disk_read_bytes: Some((moment + 1) * rx / 8),
            disk_write_bytes: Some((moment + 1) * rx / 3),
        });
        if rx == 0 {
            if moment == 0 {
                host.appeared.push((id, identity));
            }
            continue;
        }
        // A download that ends: apt-get is gone after two thirds.
        let (running, ended) =
            if name == "apt-get" { (moment.min(60), moment >= 60) } else { (moment, false) };
        let counters = counters(scope, total(rx, index, running), total(tx, index + 3, running));
        let wire = counters.total().wire;
        let moved = Moved { rx_bytes: wire.rx_bytes, tx_bytes: wire.tx_bytes };
        talking.push(talk::Program { id, name, moved, ended });
        if ended && moment > 60 {
            continue;
        }
        sample.processes.push(ProcessSample {
            id,
            counters,
            identity: (moment == 0).then_some(identity),
            ended,
        });
    }
    sample.residuals = vec![
        (ResidualReason::KernelTcp, counters(Scope::Internet, 52 * moment, 40 * moment)),
        (ResidualReason::KernelIcmp, counters(Scope::Lan, 84 * moment, 84 * moment)),
    ];
    if moment == 0 {
        let names =
            talk::NAMES.iter().map(|&(address, name)| (address.parse().expect("an address"), name.into()));
        sample.names = names.collect();
    }
    let now_unix_ms = BOOT_UNIX_MS + host.sample.uptime_ms.unwrap_or(0);
    Moment { sample, host, talk: Some(talk::talk(&talking, now_unix_ms)) }
}

/// The total after `moment` steps of about `rate` bytes, which swell and ebb.
fn total(rate: u64, phase: u64, moment: u64) -> u64 {
    (0..=moment).map(|at| rate / 4 + rate * wave(at + phase * 7) / 100).sum()
}

/// 0 to 150, with a period of 40.
fn wave(at: u64) -> u64 {
    let at = at % 40;
    if at < 20 { at * at * 3 / 8 } else { (40 - at) * (40 - at) * 3 / 8 }
}

fn counters(scope: Scope, rx: u64, tx: u64) -> Counters {
    let mut counters = Counters::default();
    let traffic = &mut counters[scope];
    (traffic.payload.rx_bytes, traffic.payload.tx_bytes) = (rx, tx);
    (traffic.wire.rx_packets, traffic.wire.tx_packets) =
        (rx.div_ceil(1448) + tx / 2896, tx.div_ceil(1448) + rx / 2896);
    traffic.wire.rx_bytes = rx + traffic.wire.rx_packets * 52;
    traffic.wire.tx_bytes = tx + traffic.wire.tx_packets * 52;
    counters
}

fn machine(moment: u64) -> HostSample {
    let moved: Vec<(u64, u64)> = (0_u64..)
        .zip(PROGRAMS)
        .map(|(index, program)| (total(program.4, index, moment), total(program.5, index + 3, moment)))
        .collect();
    let (rx, tx) = moved.iter().fold((0, 0), |(rx, tx), moved| (rx + moved.0, tx + moved.1));
    HostSample {
        cpu_centipercent: Some((1800 + wave(moment) * 22) as u32),
        core_centipercent: (0..4).map(|core| (900 + wave(moment + core * 11) * 40) as u32).collect(),
        memory: Some(Memory {
            total_bytes: 16 << 30,
            used_bytes: (5 << 30) + (wave(moment / 2) << 22),
            available_bytes: (10 << 30) - (wave(moment / 2) << 22),
            swap_total_bytes: 2 << 30,
            swap_used_bytes: 180 << 20,
        }),
        disk: Some(DiskIo {
            read_bytes_total: total(1_400_000, 1, moment),
            write_bytes_total: total(5_200_000, 5, moment),
            read_bytes_per_s: None,
            write_bytes_per_s: None,
        }),
        interfaces: vec![
            Interface {
                name: "eth0".into(),
                loopback: false,
                rx_bytes_total: rx,
                tx_bytes_total: tx,
                rx_packets_total: rx / 1400,
                tx_packets_total: tx / 1400,
                rates: None,
            },
            Interface {
                name: "lo".into(),
                loopback: true,
                rx_bytes_total: 70_000 * moment,
                tx_bytes_total: 70_000 * moment,
                rx_packets_total: moment,
                tx_packets_total: moment,
                rates: None,
            },
        ],
        uptime_ms: Some(86_400_000 * 9 + moment * 1000),
        load_centi: Some([142, 118, 97]),
        process_count: Some(PROGRAMS.len() as u32),
    }
}
