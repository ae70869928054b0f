//! The one subscription to the daemon's alerts, fanned out to every open page.

use std::sync::Arc;

use axum::body::Bytes;
use bwusage_proto::{
    client::{News, NewsFeed},
    process::UserId,
    report::AlertEventReport,
    transport::Endpoint,
    users::Users,
};
use jiff::tz::TimeZone;
use tokio::sync::{broadcast, watch};

use crate::{access::Sight, events};

/// Events that are kept for the slowest page. One that is further behind is told how many it missed.
const KEPT: usize = 256;

/// Whoever wants to hear of alerts subscribes here.
#[derive(Debug, Clone)]
pub(crate) struct AlertFeed {
    listeners: broadcast::Sender<Heard>,
    has_begun: watch::Receiver<bool>,
}

/// An event of the stream, and whose rule it is about; nobody's is for everyone.
type Heard = (Option<UserId>, Bytes);

/// What one page hears.
#[derive(Debug)]
pub(crate) struct Listener {
    heard: broadcast::Receiver<Heard>,
    has_begun: watch::Receiver<bool>,
}

impl AlertFeed {
    /// A feed that nothing comes over.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self::new(watch::channel(true).1)
    }

    fn new(has_begun: watch::Receiver<bool>) -> Self {
        Self { listeners: broadcast::Sender::new(KEPT), has_begun }
    }

    /// Follows the daemon at `endpoint`, from now on, for as long as anybody holds the result.
    pub(crate) fn follow(endpoint: Endpoint, users: Arc<Users>) -> Self {
        let (begin, has_begun) = watch::channel(false);
        let feed = Self::new(has_begun);
        let listeners = feed.listeners.clone().downgrade();
        tokio::spawn(async move {
            let mut news = NewsFeed::new(endpoint, "bwusage-web", None);
            let (mut host, zone) = (String::new(), TimeZone::system());
            loop {
                let news = news.next().await;
                let Some(listeners) = listeners.upgrade() else { return };
                // Nobody need listen.
                match news {
                    News::Up { host: name } => host = name,
                    News::Events(events) => {
                        if events.missed {
                            let _ = listeners.send((None, events::alerts_missed(None)));
                        }
                        for event in &events.events {
                            let report = AlertEventReport::new(event, events.log, &host, &users, &zone);
                            let _ = listeners.send((Some(event.owner.clone()), events::alert(&report)));
                        }
                        begin.send_replace(true);
                    }
                    // The pages hear of it from the other subscription.
                    News::Down { .. } => drop(begin.send_replace(true)),
                }
            }
        });
        feed
    }

    /// Hears everything from now on.
    pub(crate) fn listen(&self) -> Listener {
        Listener { heard: self.listeners.subscribe(), has_begun: self.has_begun.clone() }
    }
}

impl Listener {
    /// Waits until the daemon's alerts are followed, or the first try to follow them has failed: whoever is told of the
    /// machine after this misses no alert that fires from then on.
    pub(crate) async fn begun(&mut self) {
        // Where nobody follows any more, nothing is to be waited for.
        let _ = self.has_begun.wait_for(|has_begun| *has_begun).await;
    }

    /// Waits for the next event of the stream that `sight` shows, for ever when there will be none. Dropping the future
    /// loses nothing.
    pub(crate) async fn next(&mut self, sight: &Sight) -> Bytes {
        loop {
            match self.heard.recv().await {
                Ok((Some(owner), _)) if !sight.shows_rule_of(&owner) => {}
                Ok((_, event)) => return event,
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    return events::alerts_missed(Some(missed));
                }
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_that_reads_too_slowly_is_told_how_much_it_missed() {
        let feed = AlertFeed::silent();
        let mut listener = feed.listen();
        for _ in 0..=KEPT {
            feed.listeners.send((None, Bytes::from_static(b"x"))).unwrap();
        }
        assert_eq!(
            listener.next(&Sight::everything()).await,
            "event: alerts_missed\ndata: {\"events\":1}\n\n"
        );
        assert_eq!(listener.next(&Sight::everything()).await, "x");
    }

    #[tokio::test]
    async fn a_daemon_that_is_away_is_tried_once_and_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = Endpoint::new(folder.path().join("no-daemon"));
        AlertFeed::follow(nobody, Arc::default()).listen().begun().await;
        AlertFeed::silent().listen().begun().await;
    }
}
