//! Where connections ask who talks to whom: one reading of the kernel serves all who ask within a short while.

use std::{collections::HashMap, fmt, rc::Rc};

use bwusage_proto::{
    connection::ConnectionsQuery,
    message::{MessageError, Refusal, RefusalCode},
};

use super::pages;
use crate::{
    engine::Talk,
    server::{access::Viewer, feed::Pages},
    usage::store::Store,
};

/// So long a reading serves, so that many who ask cost no more than one.
const FRESH_MS: u64 = 250;

/// What asks the engine.
pub type Ask = Box<dyn FnMut() -> Result<Reading, Silence>>;

/// Who talks to whom, and when that was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// When it was read, in milliseconds of Unix time.
    pub taken_at_unix_ms: u64,
    /// What was read.
    pub talk: Talk,
}

/// Why there is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The engine does not know.
    NotKnown,
    /// The engine could not read it this time.
    Failed,
}

impl From<Silence> for Refusal {
    fn from(silence: Silence) -> Self {
        let (message, hint) = match silence {
            Silence::NotKnown => {
                ("the engine in use does not know connections", "see what it can tell: bwusage-ctl status")
            }
            Silence::Failed => ("connections could not be read", "see the log of bwusaged, and try again"),
        };
        Self { code: RefusalCode::Unavailable as u16, message: message.into(), hint: Some(hint.into()) }
    }
}

/// The desk.
pub(in crate::server) struct Desk {
    ask: Ask,
    last: Option<Heard>,
}

struct Heard {
    at_ms: u64,
    reading: Result<Reading, Silence>,
    /// Answers that were encoded already; only those about all processes, of which there are few.
    encoded: HashMap<Viewer, Pages>,
}

impl Desk {
    pub(in crate::server) fn new(ask: Ask) -> Self {
        Self { ask, last: None }
    }

    /// The answer to `query`, or why there is none.
    pub(in crate::server) fn answer(
        &mut self,
        store: &Store,
        viewer: &Viewer,
        query: ConnectionsQuery,
        now_ms: u64,
    ) -> Result<Result<Pages, Silence>, MessageError> {
        self.forget_old(now_ms);
        let ask = &mut self.ask;
        let heard =
            self.last.get_or_insert_with(|| Heard { at_ms: now_ms, reading: ask(), encoded: HashMap::new() });
        let reading = match &heard.reading {
            Ok(reading) => reading,
            Err(silence) => return Ok(Err(*silence)),
        };
        if query.pid.is_some() {
            return pages(reading, store, viewer, query).map(Ok);
        }
        if let Some(known) = heard.encoded.get(viewer) {
            return Ok(Ok(Rc::clone(known)));
        }
        let pages = pages(reading, store, viewer, query)?;
        heard.encoded.insert(viewer.clone(), Rc::clone(&pages));
        Ok(Ok(pages))
    }

    /// Gives back the memory of a reading that serves nobody any more.
    pub(in crate::server) fn forget_old(&mut self, now_ms: u64) {
        self.last.take_if(|heard| now_ms.saturating_sub(heard.at_ms) >= FRESH_MS);
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("last", &self.last.as_ref().map(|heard| heard.at_ms))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::server::access::{Policy, Visibility};

    fn viewer() -> Viewer {
        let peer = bwusage_proto::transport::Peer {
            user: bwusage_proto::process::UserId::Uid(0),
            superuser: true,
            groups: Vec::new(),
        };
        Policy { visibility: Visibility::Names, group: None }.viewer(&peer)
    }

    /// A desk whose readings are counted.
    fn desk(reading: Result<Reading, Silence>) -> (Desk, Rc<Cell<u32>>) {
        let asked = Rc::new(Cell::new(0));
        let counter = Rc::clone(&asked);
        let ask = move || {
            counter.set(counter.get() + 1);
            reading.clone()
        };
        (Desk::new(Box::new(ask)), asked)
    }

    #[test]
    fn many_who_ask_at_once_cost_one_reading_and_one_encoding() {
        let (mut desk, asked) = desk(Ok(Reading::default()));
        let mut ask = |at_ms| {
            let answer = desk.answer(&Store::default(), &viewer(), ConnectionsQuery::default(), at_ms);
            answer.unwrap().unwrap()
        };
        let first = ask(1000);
        assert!(Rc::ptr_eq(&first, &ask(1249)));
        assert_eq!(asked.get(), 1);
        assert!(!Rc::ptr_eq(&first, &ask(1250)));
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn one_process_is_answered_from_the_same_reading() {
        let (mut desk, asked) = desk(Ok(Reading::default()));
        for pid in [None, Some(1), Some(2)] {
            let query = ConnectionsQuery { pid };
            desk.answer(&Store::default(), &viewer(), query, 1000).unwrap().unwrap();
        }
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn an_engine_that_does_not_know_is_asked_no_more_often_and_says_so() {
        let (mut desk, asked) = desk(Err(Silence::NotKnown));
        for _ in 0..3 {
            let answer = desk.answer(&Store::default(), &viewer(), ConnectionsQuery::default(), 1000);
            assert!(matches!(answer.unwrap(), Err(Silence::NotKnown)));
        }
        assert_eq!(asked.get(), 1);
        let refusal = Refusal::from(Silence::NotKnown);
        assert!(refusal.message.contains("does not know connections") && refusal.hint.is_some());
    }
}
