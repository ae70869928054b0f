//! A notification on the desktop.

use std::time::Duration;

use tokio::time::timeout;

use bwusage_proto::notify::Notice;

use super::Undelivered;

#[cfg(all(unix, not(target_os = "macos")))]
#[path = "desktop/freedesktop.rs"]
mod platform;
#[cfg(any(windows, target_os = "macos"))]
#[path = "desktop/other.rs"]
mod platform;

/// How long the desktop may take to take it.
const WITHIN: Duration = Duration::from_secs(10);

/// The desktop of the session that the program runs in.
#[derive(Debug)]
pub(crate) struct Desktop;

impl Desktop {
    /// Shows `notice`, once.
    pub(crate) async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        timeout(WITHIN, platform::show(notice))
            .await
            .map_err(|_| Undelivered::TooLong { what: "the desktop".into(), within: WITHIN })?
    }
}
