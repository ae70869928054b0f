//! Linux and the BSDs: the notification service of the session's message bus.

use notify_rust::{Hint, Notification, Urgency};

use bwusage_proto::notify::Notice;

use crate::notify::Undelivered;

pub(super) async fn show(notice: &Notice) -> Result<(), Undelivered> {
    notification(notice).show_async().await.map(drop).map_err(Undelivered::Desktop)
}

fn notification(notice: &Notice) -> Notification {
    let urgency = if notice.is_urgent { Urgency::Critical } else { Urgency::Normal };
    Notification::new()
        .appname("bwusage")
        .icon("network-transmit-receive")
        .hint(Hint::Category("network".into()))
        .urgency(urgency)
        .summary(&notice.title)
        // The summary is plain text, the body has markup: there a name could be a link or a picture.
        .body(&escape_markup(&notice.body))
        .finalize()
}

/// `text` as it is, in the markup of a notification's body.
fn escape_markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample::notice;

    #[test]
    fn a_name_cannot_become_a_link_in_a_notification() {
        let mut notice = notice(7);
        notice.body = "<a href=\"x\">a&b</a>".into();
        let notification = notification(&notice);
        assert_eq!(notification.body, "&lt;a href=&quot;x&quot;&gt;a&amp;b&lt;/a&gt;");
        assert_eq!(notification.summary, notice.title);
    }
}
