//! One open page: what it has been told, and so what it is to be told next.

use axum::body::Bytes;
use bwusage_proto::users::Users;

use crate::{
    events,
    moment::{Live, Moment},
    question::Question,
};

/// The state of one event stream: pure, a moment in, events out.
///
/// A viewer that reads slowly sees fewer moments. It then lacks no point of the charts: they come as a backfill.
#[derive(Debug)]
pub(crate) struct Viewer {
    question: Question,
    connection: Option<u64>,
    told_until_unix_ms: u64,
}

impl Viewer {
    /// A viewer that asks `question` and already has the window up to `since_unix_ms`.
    pub(crate) fn new(question: Question, since_unix_ms: u64) -> Self {
        Self { question, connection: None, told_until_unix_ms: since_unix_ms }
    }

    /// The events that bring this viewer to `moment`; none while there is nothing to say.
    pub(crate) fn catch_up(&mut self, moment: &Moment, users: &Users) -> Vec<Bytes> {
        match moment {
            Moment::Connecting => Vec::new(),
            Moment::Away(down) => {
                self.connection = None;
                vec![events::down(down)]
            }
            Moment::Live(live) => self.catch_up_with(live, users),
        }
    }

    fn catch_up_with(&mut self, live: &Live, users: &Users) -> Vec<Bytes> {
        let mut events = Vec::new();
        if self.connection != Some(live.connection) {
            self.connection = Some(live.connection);
            events.push(live.hello());
        }
        let missed = || {
            live.window_since(self.told_until_unix_ms).filter(|point| point.at_unix_ms < live.at_unix_ms())
        };
        if missed().next().is_some() {
            events.push(events::backfill(missed()));
        }
        self.told_until_unix_ms = live.at_unix_ms();
        events.push(live.tick());
        events.extend(events::top(live.top(&self.question, users)));
        events
    }
}
