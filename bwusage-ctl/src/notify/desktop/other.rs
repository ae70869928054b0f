//! macOS and Windows: the notification center.

use notify_rust::Notification;

use bwusage_proto::notify::Notice;

use crate::notify::Undelivered;

pub(super) async fn show(notice: &Notice) -> Result<(), Undelivered> {
    let notification =
        Notification::new().appname("bwusage").summary(&notice.title).body(&notice.body).finalize();
    match tokio::task::spawn_blocking(move || notification.show().map(drop)).await {
        Ok(shown) => shown.map_err(Undelivered::Desktop),
        // Nobody cancels it.
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
