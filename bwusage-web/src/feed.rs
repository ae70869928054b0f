//! The one subscription to the daemon, however many pages are open.

use std::{sync::Arc, time::Duration};

use bwusage_proto::{
    client::{Event, Follow},
    transport::Endpoint,
};
use tokio::sync::watch;

use crate::{
    events::Down,
    moment::{Live, Moment},
};

/// The newest moment. A reader that is late finds only the newest one: nothing is queued.
pub(crate) type Moments = watch::Receiver<Arc<Moment>>;

/// Follows the daemon at `endpoint` for as long as anybody holds the result.
pub(crate) fn follow(endpoint: Endpoint) -> Moments {
    let (sender, moments) = watch::channel(Arc::new(Moment::Connecting));
    tokio::spawn(async move {
        let mut subscription =
            Subscription { follow: Follow::new(endpoint, "bwusage-web", Duration::ZERO), connections: 0 };
        loop {
            tokio::select! {
                moment = subscription.next() => sender.send_replace(Arc::new(moment)),
                () = sender.closed() => return,
            };
        }
    });
    moments
}

struct Subscription {
    follow: Follow,
    connections: u64,
}

impl Subscription {
    /// Waits for the next thing to happen.
    async fn next(&mut self) -> Moment {
        match self.follow.next().await {
            Event::Down { error, retry_in } => return Moment::Away(Down::new(&error, retry_in)),
            Event::Up { .. } => self.connections += 1,
            Event::Tick => {}
        }
        match (self.follow.mirror(), self.follow.daemon()) {
            (Some(mirror), Some(daemon)) => {
                Moment::Live(Box::new(Live::new(self.connections, mirror, &daemon.version)))
            }
            _ => Moment::Connecting,
        }
    }
}
