//! Unix.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use tokio::signal::unix::{SignalKind, signal};

pub(super) fn own_cpu() -> Option<Duration> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: `usage` is writable and of the type that the call fills.
    let outcome = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: the call succeeded, so it filled `usage`.
    let usage = (outcome == 0).then(|| unsafe { usage.assume_init() })?;
    let duration = |time: libc::timeval| {
        let micros = time.tv_usec;
        Some(
            Duration::from_secs(u64::try_from(time.tv_sec).ok()?)
                + Duration::from_micros(u64::try_from(micros).ok()?),
        )
    };
    Some(duration(usage.ru_utime)? + duration(usage.ru_stime)?)
}

#[cfg(target_os = "linux")]
pub(super) fn own_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kib.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn own_rss_bytes() -> Option<u64> {
    None
}

pub(super) fn owner_only(options: &mut OpenOptions) {
    options.mode(0o600);
}

pub(super) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

pub(super) fn is_superuser() -> bool {
    uzers::get_effective_uid() == 0
}

pub(super) async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
