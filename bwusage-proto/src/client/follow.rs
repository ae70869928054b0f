//! Staying connected: a subscription that comes back by itself.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Client, ClientError, Subscription};
use crate::{greeting::DaemonGreeting, mirror::Mirror, transport::Endpoint};

/// First pause after a lost connection; doubled after each failed try.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that held this long starts again with the first pause.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);
/// No tick for this long (beside three intervals) means that the daemon hangs.
const SILENCE: Duration = Duration::from_secs(10);

/// What happened to a followed daemon.
#[derive(Debug)]
pub enum Event {
    /// Connected: the mirror is whole and new. `restarted` when it is another run of the daemon than before, so that
    /// every running total began anew.
    Up {
        /// Whether totals began anew.
        restarted: bool,
    },
    /// The mirror moved on by a tick.
    Tick,
    /// The connection failed or was lost; the mirror keeps the last state.
    Down {
        /// Why.
        error: ClientError,
        /// When the next try is made.
        retry_in: Duration,
    },
}

/// Follows one daemon for ever, reconnecting with growing pauses (250 ms to 5 s, each varied by up to a fifth).
#[derive(Debug)]
pub struct Follow {
    endpoint: Endpoint,
    name: String,
    interval: Duration,
    state: State,
    pause: Duration,
    last: Option<(Mirror, DaemonGreeting)>,
}

#[derive(Debug)]
enum State {
    Waiting { until: Instant },
    Connected { subscription: Box<Subscription>, since: Instant },
}

impl Follow {
    /// Will connect to `endpoint` on the first [`Follow::next`].
    #[must_use]
    pub fn new(endpoint: Endpoint, name: impl Into<String>, interval: Duration) -> Self {
        let state = State::Waiting { until: Instant::now() };
        Self { endpoint, name: name.into(), interval, state, pause: FIRST_PAUSE, last: None }
    }

    /// The newest state, from before the connection was lost when it is; `None` before the first connection.
    #[must_use]
    pub fn mirror(&self) -> Option<&Mirror> {
        match &self.state {
            State::Connected { subscription, .. } => Some(subscription.mirror()),
            State::Waiting { .. } => self.last.as_ref().map(|(mirror, _)| mirror),
        }
    }

    /// The daemon as it introduced itself last.
    #[must_use]
    pub fn daemon(&self) -> Option<&DaemonGreeting> {
        match &self.state {
            State::Connected { subscription, .. } => Some(subscription.daemon()),
            State::Waiting { .. } => self.last.as_ref().map(|(_, daemon)| daemon),
        }
    }

    /// Where it connects to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Ends the present pause, so that the next try is made at once.
    pub fn retry_now(&mut self) {
        if let State::Waiting { until } = &mut self.state {
            *until = Instant::now();
        }
    }

    /// Waits for the next event. Dropping the future loses nothing: call it again.
    pub async fn next(&mut self) -> Event {
        match &mut self.state {
            State::Waiting { until } => {
                sleep_until(*until).await;
                let connected = async {
                    Client::connect(&self.endpoint, &self.name).await?.subscribe(self.interval).await
                };
                match connected.await {
                    Ok(subscription) => {
                        let instance = subscription.daemon().instance;
                        let restarted =
                            self.last.as_ref().is_some_and(|(_, before)| before.instance != instance);
                        self.state =
                            State::Connected { subscription: Box::new(subscription), since: Instant::now() };
                        Event::Up { restarted }
                    }
                    Err(error) => self.down(error),
                }
            }
            State::Connected { subscription, .. } => {
                let between =
                    Duration::from_millis(u64::from(subscription.mirror().interval_ms)).max(self.interval);
                let silence = SILENCE + between.saturating_mul(3);
                match tokio::time::timeout(silence, subscription.tick()).await {
                    Ok(Ok(())) => Event::Tick,
                    Ok(Err(error)) => self.down(error),
                    Err(_) => self.down(ClientError::Timeout(silence)),
                }
            }
        }
    }

    fn down(&mut self, error: ClientError) -> Event {
        let retry_in = varied(self.pause);
        let waiting = State::Waiting { until: Instant::now() + retry_in };
        if let State::Connected { subscription, since } = std::mem::replace(&mut self.state, waiting) {
            if since.elapsed() >= HEALTHY_AFTER {
                self.pause = FIRST_PAUSE;
            }
            self.last = Some((subscription.mirror().clone(), subscription.daemon().clone()));
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Event::Down { error, retry_in }
    }
}

/// Up to a fifth more or less, so that many clients do not come back at the same moment.
fn varied(pause: Duration) -> Duration {
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8) % 401;
    pause * (800 + random as u32) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_varies_by_at_most_a_fifth() {
        for _ in 0..1000 {
            let pause = varied(Duration::from_secs(10));
            assert!((8_000..=12_000).contains(&pause.as_millis()), "{pause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_while_nobody_answers() {
        let mut follow = Follow::new(Endpoint::new("/nonexistent/bwusage.sock"), "test", Duration::ZERO);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let Event::Down { error, retry_in } = follow.next().await else { panic!("nobody listens there") };
            assert!(matches!(error, ClientError::Unreachable { .. }));
            pauses.push(retry_in.as_millis());
        }
        assert!(pauses[0] <= 300 && pauses[6] >= 4_000, "{pauses:?}");
    }
}
