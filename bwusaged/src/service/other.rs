//! Systems that are not Unix.

use std::{fs::OpenOptions, path::Path, time::Duration};

pub(super) fn own_cpu() -> Option<Duration> {
    None
}

pub(super) fn own_rss_bytes() -> Option<u64> {
    None
}

/// Files in a user's profile are that user's already.
pub(super) fn owner_only(_: &mut OpenOptions) {}

/// A rename is as lasting as the system makes it.
#[expect(clippy::unnecessary_wraps, reason = "it can fail where directories are synchronised")]
pub(super) fn sync_directory(_: &Path) -> std::io::Result<()> {
    Ok(())
}

pub(super) fn is_superuser() -> bool {
    false
}

pub(super) async fn asked_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
