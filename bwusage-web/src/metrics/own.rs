//! This server itself, under the names that every exporter uses.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as native;
#[cfg(not(target_os = "linux"))]
#[path = "own/unsupported.rs"]
mod native;

use super::exposition::Exposition;

/// What is known of this process; `None` is not written.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    cpu_s: Option<f64>,
    resident_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    open_files: Option<u64>,
    max_files: Option<u64>,
    started_at_unix_s: Option<f64>,
}

pub(super) fn write(text: &mut Exposition) {
    let own = native::look();
    text.counter("process_cpu_seconds_total", "Processor time of this server.", own.cpu_s);
    text.gauge("process_resident_memory_bytes", "Resident memory of this server.", own.resident_bytes);
    text.gauge("process_virtual_memory_bytes", "Address space of this server.", own.virtual_bytes);
    text.gauge("process_open_fds", "Open files of this server.", own.open_files);
    text.gauge("process_max_fds", "Files that this server may have open.", own.max_files);
    text.gauge(
        "process_start_time_seconds",
        "When this server started, in seconds of Unix time.",
        own.started_at_unix_s,
    );
}
