//! Alerts as they come from the daemon, for as long as it takes: lost connections are made again.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Client, ClientError, EventStream};
use crate::{
    alert::{Events, EventsQuery},
    transport::Endpoint,
};

/// First pause after a lost connection; doubled after each failed try.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What comes from the daemon.
#[derive(Debug)]
pub enum News {
    /// Connected to this machine's daemon; the events that were missed follow.
    Up {
        /// The machine's name.
        host: String,
    },
    /// Events.
    Events(Events),
    /// No connection; another try is made after a pause.
    Down {
        /// Why.
        error: ClientError,
        /// Whether the last try still succeeded.
        is_first: bool,
    },
}

/// Follows the events of one daemon.
#[derive(Debug)]
pub struct NewsFeed {
    endpoint: Endpoint,
    name: &'static str,
    /// The log and the number up to which events are known.
    known: Option<(u64, u64)>,
    state: State,
    pause: Duration,
    /// Whether the loss of the connection was told.
    is_down: bool,
}

#[derive(Debug)]
enum State {
    Waiting { until: Instant },
    Connected(Box<EventStream>),
}

impl NewsFeed {
    /// Will connect on the first [`NewsFeed::next`] and ask for what follows on `known`.
    #[must_use]
    pub fn new(endpoint: Endpoint, name: &'static str, known: Option<(u64, u64)>) -> Self {
        let state = State::Waiting { until: Instant::now() };
        Self { endpoint, name, known, state, pause: FIRST_PAUSE, is_down: false }
    }

    /// Waits for what comes next. Dropping the future loses nothing: call it again.
    pub async fn next(&mut self) -> News {
        loop {
            match self.step().await {
                // Of a log that was begun anew only what is to come is told: what is in it already is asked for.
                News::Events(events) if events.missed && self.is_of_another_log(&events) => {
                    self.known = Some((events.log, 0));
                    self.state = State::Waiting { until: Instant::now() };
                }
                News::Events(events) => {
                    self.known = Some((events.log, events.last));
                    self.pause = FIRST_PAUSE;
                    return News::Events(events);
                }
                news => return news,
            }
        }
    }

    fn is_of_another_log(&self, events: &Events) -> bool {
        self.known.is_some_and(|(log, _)| log != events.log)
    }

    async fn step(&mut self) -> News {
        match &mut self.state {
            State::Waiting { until } => {
                sleep_until(*until).await;
                let connected = async {
                    let mut client = Client::connect(&self.endpoint, self.name).await?;
                    let host = client.snapshot().await?.host.hostname;
                    Ok((host, client.events(EventsQuery { after: self.known }).await?))
                };
                match connected.await {
                    Ok((host, stream)) => {
                        self.state = State::Connected(Box::new(stream));
                        self.is_down = false;
                        News::Up { host }
                    }
                    Err(error) => self.down(error),
                }
            }
            State::Connected(stream) => match stream.next().await {
                Ok(events) => News::Events(events),
                Err(error) => self.down(error),
            },
        }
    }

    fn down(&mut self, error: ClientError) -> News {
        self.state = State::Waiting { until: Instant::now() + self.pause };
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        News::Down { error, is_first: !std::mem::replace(&mut self.is_down, true) }
    }
}
