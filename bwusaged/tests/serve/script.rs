//! Recordings that are written for a test: a machine at rest, or a busy one.

use std::path::Path;

use bwusage_proto::{
    connection::Moved,
    process::{ProcessId, UserId},
    snapshot::{Coverage, HostInfo, HostSample, Interface, Memory},
    units::{Counters, Scope},
};
use bwusaged::{
    engine::{
        DirectionSample, Identity, InterfaceSample, ProcessSample, Sample,
        recording::{FORMAT, Header, Moment, Writer},
    },
    host::HostTick,
};

/// Long enough that a busy machine is busy for as long as a test looks on.
const MOMENTS: u64 = 1200;
/// Bytes that each busy program receives in a tick.
const BYTES: u64 = 100_000;

/// The container that `redis` runs in.
pub(crate) const CONTAINER_ID: &str = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";

/// Nobody ever moved anything.
pub(crate) fn silent(path: &Path) {
    write(path, &[moment(0, &[], 5, 10)]);
}

/// `curl`, `nginx` and `redis` have moved data, and nothing happens any more.
pub(crate) fn at_rest(path: &Path) {
    write(path, &[moment(1, &["curl", "nginx", "redis"], 5, 10)]);
}

/// `curl` and `steam`, which nobody sees run, move data, and so do `redis` in a container and `nginx`, a service, which sends it;
/// processors and memory are in use, and the ledger loses bytes.
pub(crate) fn busy(path: &Path) {
    let moments: Vec<Moment> =
        (1..=MOMENTS).map(|tick| moment(tick, &["curl", "nginx", "redis", "steam"], 95, 95)).collect();
    write(path, &moments);
}

fn write(path: &Path, moments: &[Moment]) {
    let header = Header {
        format: FORMAT.into(),
        host: HostInfo { hostname: "web01".into(), ..HostInfo::default() },
        coverage: Coverage::default(),
        interval_ms: 100,
    };
    let mut writer = Writer::create(path, &header).unwrap();
    for moment in moments {
        writer.push(moment).unwrap();
    }
}

fn moment(tick: u64, programs: &[&str], cpu_percent: u32, memory_percent: u64) -> Moment {
    let bytes = tick * BYTES;
    let processes = (1..).zip(programs).map(|(pid, program)| ProcessSample {
        id: ProcessId::new(pid, 1),
        counters: counters(program, bytes),
        identity: (tick == 1).then(|| identity(program)),
        ended: false,
    });
    let eth0 = InterfaceSample {
        index: 2,
        name: "eth0".into(),
        counters: Some(Moved { rx_bytes: bytes, tx_bytes: 0 }),
        rx: DirectionSample { lost: if cpu_percent > 90 { tick } else { 0 }, ..DirectionSample::default() },
        ..InterfaceSample::default()
    };
    let sample = HostSample {
        cpu_centipercent: Some(cpu_percent * 100),
        memory: Some(Memory { total_bytes: 1000, used_bytes: memory_percent * 10, ..Memory::default() }),
        interfaces: vec![Interface { name: "eth0".into(), rx_bytes_total: bytes, ..Interface::default() }],
        ..HostSample::default()
    };
    Moment {
        sample: Sample { processes: processes.collect(), interfaces: vec![eth0], ..Sample::default() },
        host: HostTick { sample, ..HostTick::default() },
        talk: None,
    }
}

fn counters(program: &str, bytes: u64) -> Counters {
    let mut counters = Counters::default();
    let wire = &mut counters[Scope::Internet].wire;
    *(if program == "nginx" { &mut wire.tx_bytes } else { &mut wire.rx_bytes }) = bytes;
    counters
}

fn cgroup(program: &str) -> String {
    match program {
        "nginx" => "/system.slice/nginx.service".into(),
        "redis" => format!("/system.slice/docker-{CONTAINER_ID}.scope"),
        _ => "/".into(),
    }
}

fn identity(program: &str) -> Identity {
    Identity {
        name: program.into(),
        exe: Some(format!("/usr/bin/{program}")),
        user: Some(UserId::Uid(1000)),
        cgroup: Some(cgroup(program)),
        terminal: Some(false),
        ..Identity::default()
    }
}
