//! The daemon as a process among others: signals, its own cost, files of its own.

use std::{fs::OpenOptions, path::Path, time::Duration};

#[cfg(unix)]
#[path = "service/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "service/other.rs"]
mod platform;

/// What the daemon itself costs.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnUse {
    /// Processor time so far, user and system.
    pub cpu_ms: Option<u64>,
    /// Resident memory now.
    pub rss_bytes: Option<u64>,
}

/// What the daemon itself costs, where the system says.
#[must_use]
pub fn own_use() -> OwnUse {
    OwnUse {
        cpu_ms: platform::own_cpu().map(|cpu| cpu.as_millis() as u64),
        rss_bytes: platform::own_rss_bytes(),
    }
}

/// Processor time of this process so far, user and system.
#[must_use]
pub fn own_cpu() -> Option<Duration> {
    platform::own_cpu()
}

/// Makes a file that is about to be created readable by its owner only.
pub fn owner_only(options: &mut OpenOptions) {
    platform::owner_only(options);
}

/// Makes what was renamed in `directory` survive a power cut.
///
/// # Errors
///
/// Fails when the directory cannot be opened, or the disk cannot keep it.
pub fn sync_directory(directory: &Path) -> std::io::Result<()> {
    platform::sync_directory(directory)
}

/// True when the daemon runs with all rights.
#[must_use]
pub fn is_superuser() -> bool {
    platform::is_superuser()
}

/// Waits until somebody asks the daemon to end: SIGTERM, SIGINT or SIGHUP; Ctrl-C elsewhere.
///
/// # Errors
///
/// Fails when signals cannot be received.
pub async fn asked_to_stop() -> std::io::Result<()> {
    platform::asked_to_stop().await
}
