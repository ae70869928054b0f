//! macOS and Windows: the notification center.

use notify_rust::Notification;

use bwusage_proto::notify::Notice;

use crate::notify::Undelivered;

pub(super) async fn show(notice: &Notice) -> Result<(), Undelivered> {
    let notification =
        Notification::new().appname("bwusage").summary(&notice.title).body(&notice.body).finalize();
    tokio::task::spawn_blocking(move || notification.show().map(drop))
        .await
        .map_err(Undelivered::Thread)?
        .map_err(Undelivered::Desktop)
}
