//! Writes the recording that tests and screenshots play: an invented machine, the same bytes every time.
//!
//! `cargo run -p bwusaged --example demo_recording > bwusaged/tests/data/demo.jsonl`

use bwusage_proto::{
    connection::Moved,
    process::{ProcessId, UserId},
    snapshot::{Coverage, DiskIo, HostInfo, HostSample, Interface, Memory, ResidualReason},
    units::{Counters, Scope, Wire},
};
use bwusaged::{
    engine::{
        DirectionSample, Identity, InterfaceKind, InterfaceSample, ProcessSample, Sample,
        recording::{FORMAT, Header, Moment},
    },
    host::{HostTick, ProcessUse},
};

#[path = "demo_recording/origin.rs"]
mod origin;
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
    // Carries what syncthing moves, and so moves a little more.
    (
        "openvpn",
        "/usr/sbin/openvpn",
        &["openvpn", "--config", "/etc/openvpn/office.conf"],
        0,
        1,
        1,
        Scope::Internet,
        11,
        6,
    ),
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
        let &(name, exe, arguments, uid, rx, _, _, memory_mib, cpu) = program;
        let id = ProcessId::new(100 + index as u32 * 37, 4_000 + index * 250);
        let identity = Identity {
            name: name.into(),
            exe: Some(exe.into()),
            command_line: Some(arguments.iter().map(ToString::to_string).collect()),
            parent: Some(1),
            user: Some(UserId::Uid(uid)),
            started_at_unix_ms: Some(BOOT_UNIX_MS + id.start_time.0 * 10),
            ..origin::origin(name)
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
        let ended = name == "apt-get" && moment >= 60;
        let counters = moved(index as usize, moment);
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
    sample.interfaces = interfaces(moment);
    host.carriers = vec![(id_of("openvpn"), "tun0".into())];
    if moment == 0 {
        let names =
            talk::NAMES.iter().map(|&(address, name)| (address.parse().expect("an address"), name.into()));
        sample.names = names.collect();
    }
    let now_unix_ms = BOOT_UNIX_MS + host.sample.uptime_ms.unwrap_or(0);
    Moment { sample, host, talk: Some(talk::talk(&talking, now_unix_ms)) }
}

fn id_of(name: &str) -> ProcessId {
    let at = PROGRAMS.iter().position(|program| program.0 == name).expect("there is such a program");
    ProcessId::new(100 + at as u32 * 37, 4_000 + at as u64 * 250)
}

/// What a program moved until `moment`.
fn moved(index: usize, moment: u64) -> Counters {
    let &(name, _, _, _, rx, tx, scope, _, _) = &PROGRAMS[index];
    let at = index as u64;
    match name {
        // A download that ends: apt-get is gone after two thirds.
        "apt-get" => counters(scope, total(rx, at, moment.min(60)), total(tx, at + 3, moment.min(60))),
        "openvpn" => {
            let inner = PROGRAMS.iter().position(|program| program.0 == "syncthing").expect("it is there");
            let wire = moved(inner, moment).total().wire;
            counters(scope, wire.rx_bytes + 57 * wire.rx_packets, wire.tx_bytes + 57 * wire.tx_packets)
        }
        _ => counters(scope, total(rx, at, moment), total(tx, at + 3, moment)),
    }
}

/// Everything goes over the cable, but what stays on the machine and what goes through the tunnel.
fn interfaces(moment: u64) -> Vec<InterfaceSample> {
    let mut ways = [Wire::default(); 3];
    for (index, program) in PROGRAMS.iter().enumerate().filter(|(_, program)| program.4 > 0) {
        let way = match (program.0, program.6) {
            (_, Scope::Loopback) => 0,
            ("syncthing", _) => 2,
            _ => 1,
        };
        ways[way] += moved(index, moment).total().wire;
    }
    let [lo, eth0, tun0] = ways;
    let lo = interface(1, "lo", InterfaceKind::Loopback, lo, Beside::default());
    // Neighbour discovery and port scans; a container; ARP; and a month before the daemon.
    let beside = Beside {
        kernel: 136,
        no_socket: 640,
        container: 210_000,
        arp: 210,
        before: 41_873_201_556,
        link: 14,
    };
    let eth0 = interface(2, "eth0", InterfaceKind::Device, eth0, beside.times(moment));
    let container = Beside { container: beside.container, link: 14, ..Beside::default() };
    let veth = interface(7, "veth3f1a2b", InterfaceKind::Namespace, Wire::default(), container.times(moment));
    let tun0 = interface(9, "tun0", InterfaceKind::UserTunnel, tun0, Beside::default());
    vec![lo, eth0, veth, tun0]
}

/// Bytes of an interface, each way, that no process of this machine's own moved: a moment, and in all before the daemon.
#[derive(Clone, Copy, Default)]
struct Beside {
    kernel: u64,
    no_socket: u64,
    container: u64,
    arp: u64,
    before: u64,
    /// Length of a link header.
    link: u64,
}

impl Beside {
    fn times(self, moment: u64) -> Self {
        Self {
            kernel: self.kernel * moment,
            no_socket: self.no_socket * moment,
            container: self.container * moment,
            arp: self.arp * moment,
            ..self
        }
    }
}

fn interface(index: u32, name: &str, kind: InterfaceKind, wire: Wire, beside: Beside) -> InterfaceSample {
    let direction = |bytes: u64, packets: u64| {
        // Eight segments at a time, which the card cuts, joins and counts; the loopback leaves them whole.
        let passed = packets.div_ceil(8);
        let headers = (packets - passed) * 52;
        let link_headers = passed * beside.link;
        let local = bytes + beside.kernel + beside.no_socket;
        let direction = DirectionSample {
            processes: bytes,
            kernel: beside.kernel,
            charged_segmentation: headers,
            frames: local - headers + link_headers + beside.arp + beside.container,
            non_ip: beside.arp,
            forwarded: beside.container,
            namespaces: beside.container,
            link_headers,
            frame_segmentation: headers + (packets - passed) * beside.link,
            ..DirectionSample::default()
        };
        let cut = if kind == InterfaceKind::Device { direction.frame_segmentation } else { 0 };
        (direction, beside.before + direction.frames + cut)
    };
    let (rx, rx_bytes) = direction(wire.rx_bytes, wire.rx_packets);
    let (tx, tx_bytes) = direction(wire.tx_bytes, wire.tx_packets);
    let counters = Some(Moved { rx_bytes, tx_bytes });
    InterfaceSample { index, name: name.into(), kind, rx, tx, counters, ..InterfaceSample::default() }
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
        interfaces: interfaces(moment).iter().filter(|seen| leads_out_or_back(seen)).map(counted).collect(),
        uptime_ms: Some(86_400_000 * 9 + moment * 1000),
        load_centi: Some([142, 118, 97]),
        process_count: Some(PROGRAMS.len() as u32),
    }
}

fn leads_out_or_back(interface: &InterfaceSample) -> bool {
    matches!(interface.kind, InterfaceKind::Device | InterfaceKind::Loopback)
}

fn counted(interface: &InterfaceSample) -> Interface {
    let counters = interface.counters.unwrap_or_default();
    Interface {
        name: interface.name.clone(),
        loopback: interface.kind == InterfaceKind::Loopback,
        rx_bytes_total: counters.rx_bytes,
        tx_bytes_total: counters.tx_bytes,
        rx_packets_total: counters.rx_bytes / 1400,
        tx_packets_total: counters.tx_bytes / 1400,
        rates: None,
    }
}
