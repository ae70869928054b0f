//! The machine as a whole.

use bwusage_proto::{mirror::Mirror, snapshot::Interface};

use super::exposition::{Exposition, Kind};

type Counted = (&'static str, &'static str, fn(&Interface) -> u64);

/// What interfaces count themselves, link headers included.
const INTERFACE: [Counted; 4] = [
    (
        "bwusage_interface_receive_bytes_total",
        "Bytes received by an interface, link headers included.",
        |interface| interface.rx_bytes_total,
    ),
    (
        "bwusage_interface_transmit_bytes_total",
        "Bytes sent by an interface, link headers included.",
        |interface| interface.tx_bytes_total,
    ),
    ("bwusage_interface_receive_packets_total", "Packets received by an interface.", |interface| {
        interface.rx_packets_total
    }),
    ("bwusage_interface_transmit_packets_total", "Packets sent by an interface.", |interface| {
        interface.tx_packets_total
    }),
];

pub(super) fn write(text: &mut Exposition, mirror: &Mirror) {
    let (host, sample) = (&mirror.host, &mirror.sample);
    text.family("bwusage_host_info", Kind::Gauge, "The machine and its system.")
        .sample(&[("host", &host.hostname), ("os", &host.os), ("kernel", &host.kernel)], 1);
    for (name, help, of) in INTERFACE {
        let mut family = text.family(name, Kind::Counter, help);
        for interface in &sample.interfaces {
            family.sample(&[("device", &interface.name)], of(interface));
        }
    }
    let ratio = |hundredths: u32| f64::from(hundredths) / 10_000.0;
    text.gauge(
        "bwusage_host_cpu_usage_ratio",
        "Share of all processors that was busy over the last interval.",
        sample.cpu_centipercent.map(ratio),
    );
    text.gauge("bwusage_host_cpus", "Logical processors.", Some(host.cpu_count));
    let memory = sample.memory;
    text.gauge(
        "bwusage_host_memory_total_bytes",
        "Installed memory.",
        memory.map(|memory| memory.total_bytes),
    );
    text.gauge("bwusage_host_memory_used_bytes", "Memory in use.", memory.map(|memory| memory.used_bytes));
    text.gauge(
        "bwusage_host_memory_available_bytes",
        "Memory that a new program could get.",
        memory.map(|memory| memory.available_bytes),
    );
    text.gauge("bwusage_host_swap_total_bytes", "Swap space.", memory.map(|memory| memory.swap_total_bytes));
    text.gauge("bwusage_host_swap_used_bytes", "Swap in use.", memory.map(|memory| memory.swap_used_bytes));
    let disk = sample.disk;
    text.counter(
        "bwusage_host_disk_read_bytes_total",
        "Bytes read from physical disks since boot.",
        disk.map(|disk| disk.read_bytes_total),
    );
    text.counter(
        "bwusage_host_disk_written_bytes_total",
        "Bytes written to physical disks since boot.",
        disk.map(|disk| disk.write_bytes_total),
    );
    if let Some(load) = sample.load_centi {
        let mut family = text.family("bwusage_host_load", Kind::Gauge, "Load average over so many minutes.");
        for (minutes, load) in ["1", "5", "15"].into_iter().zip(load) {
            family.sample(&[("minutes", minutes)], f64::from(load) / 100.0);
        }
    }
    text.gauge("bwusage_host_processes", "Processes on the machine.", sample.process_count);
    text.gauge(
        "bwusage_host_boot_time_seconds",
        "When the machine was booted, in seconds of Unix time.",
        host.booted_at_unix_ms.map(|at| at as f64 / 1000.0),
    );
    text.gauge(
        "bwusage_daemon_start_time_seconds",
        "When the daemon started, in seconds of Unix time: its counters begin here.",
        Some(mirror.started_at_unix_ms as f64 / 1000.0),
    );
}
