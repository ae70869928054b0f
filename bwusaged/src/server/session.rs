//! One connection's side of the conversation, as a pure state machine: requests in, answers out.

use bwusage_proto::{
    alert::{AlertsRequest, Events, EventsQuery},
    connection::ConnectionsQuery,
    frame::Frame,
    history::HistoryQuery,
    message::{MessageError, Refusal, RefusalCode, Reply, Request, Subscribe},
};

use super::access::Viewer;

/// The longest time between two ticks that a client may ask for; beyond it the past is forgotten.
const LONGEST_INTERVAL_MS: u32 = 60_000;

/// What to do about a request.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// Send this.
    Reply(Reply),
    /// Send the daemon's status.
    Status,
    /// Send every interface's ledger.
    Ledger,
    /// Send what there is room for.
    Bounds,
    /// Send who talks to whom.
    Connections(ConnectionsQuery),
    /// Send how much was moved when.
    History(Box<HistoryQuery>),
    /// Answer about alerts.
    Alerts(Box<AlertsRequest>),
    /// Send events of alerts, now and as they happen.
    Events,
    /// Send everything.
    Snapshot,
    /// Send everything, and from now on every change.
    Subscribed,
    /// Send no change from now on, and say so.
    Unsubscribed,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) viewer: Viewer,
    subscription: Option<Subscription>,
    events: Option<EventSubscription>,
}

#[derive(Debug)]
struct Subscription {
    request: u32,
    interval_ms: u32,
    sent_seq: u64,
    sent_at_ms: u64,
}

#[derive(Debug)]
struct EventSubscription {
    request: u32,
    after: Option<(u64, u64)>,
    answered: bool,
}

impl Session {
    pub(super) fn new(viewer: Viewer) -> Self {
        Self { viewer, subscription: None, events: None }
    }

    /// Takes in one frame.
    pub(super) fn request(&mut self, frame: &Frame) -> Answer {
        match Request::decode(frame) {
            Ok(Request::Ping) => Answer::Reply(Reply::Pong),
            Ok(Request::Status) => Answer::Status,
            Ok(Request::Ledger) => Answer::Ledger,
            Ok(Request::Bounds) => Answer::Bounds,
            Ok(Request::Snapshot) => Answer::Snapshot,
            Ok(Request::Subscribe(_)) if self.subscription.is_some() => refuse(
                RefusalCode::TooMany,
                "this connection has a subscription already",
                "unsubscribe first, or open another connection",
            ),
            Ok(Request::Subscribe(Subscribe { interval_ms })) => {
                let interval_ms = interval_ms.min(LONGEST_INTERVAL_MS);
                self.subscription =
                    Some(Subscription { request: frame.request, interval_ms, sent_seq: 0, sent_at_ms: 0 });
                Answer::Subscribed
            }
            Ok(Request::Unsubscribe) => {
                self.events = None;
                match self.subscription.take() {
                    Some(_) => Answer::Unsubscribed,
                    None => Answer::Reply(Reply::Pong),
                }
            }
            Ok(Request::Alerts(request)) => Answer::Alerts(request),
            Ok(Request::Events(_)) if self.events.is_some() => refuse(
                RefusalCode::TooMany,
                "this connection hears of events already",
                "unsubscribe first, or open another connection",
            ),
            Ok(Request::Events(EventsQuery { after })) => {
                self.events = Some(EventSubscription { request: frame.request, after, answered: false });
                Answer::Events
            }
            Ok(Request::Connections(query)) => Answer::Connections(query),
            Ok(Request::History(query)) => Answer::History(Box::new(query)),
            Err(MessageError::UnknownKind { kind }) => refuse(
                RefusalCode::UnknownRequest,
                format!("request {kind:#06x} is not known to this version"),
                "upgrade bwusaged to the version of the client",
            ),
            Err(MessageError::Body { kind, .. } | MessageError::TooLarge { kind, .. }) => refuse(
                RefusalCode::BadRequest,
                format!("request {kind:#06x} is malformed"),
                "client and daemon should come from the same release",
            ),
        }
    }

    /// Whether there is a subscription.
    pub(super) fn is_subscribed(&self) -> bool {
        self.subscription.is_some()
    }

    /// Whether events are to be sent as they happen.
    pub(super) fn hears_events(&self) -> bool {
        self.events.is_some()
    }

    /// From where on events are to be sent.
    pub(super) fn events_after(&self) -> Option<(u64, u64)> {
        self.events.as_ref().and_then(|events| events.after)
    }

    /// Whether `events` are to be sent, as the answer to which request: the first are, even if there are none.
    pub(super) fn tell(&mut self, events: &Events) -> Option<u32> {
        let subscription = self.events.as_mut()?;
        subscription.after = Some((events.log, events.last));
        let is_first = !std::mem::replace(&mut subscription.answered, true);
        (is_first || !events.events.is_empty()).then_some(subscription.request)
    }

    /// The change to send now, as (request, last tick sent): when tick `seq` is new to the reader and its interval is over.
    pub(super) fn due(&self, seq: u64, now_ms: u64) -> Option<(u32, u64)> {
        let subscription = self.subscription.as_ref()?;
        // Half a tick early rather than a whole tick late: the timers of two processes never agree to the millisecond.
        let waited = now_ms.saturating_sub(subscription.sent_at_ms) + u64::from(subscription.interval_ms) / 2;
        (seq > subscription.sent_seq && waited >= u64::from(subscription.interval_ms))
            .then_some((subscription.request, subscription.sent_seq))
    }

    /// Tick `seq` was sent.
    pub(super) fn sent(&mut self, seq: u64, now_ms: u64) {
        if let Some(subscription) = &mut self.subscription {
            (subscription.sent_seq, subscription.sent_at_ms) = (seq, now_ms);
        }
    }
}

fn refuse(code: RefusalCode, message: impl Into<String>, hint: &str) -> Answer {
    Answer::Reply(Reply::Error(Refusal {
        code: code as u16,
        message: message.into(),
        hint: Some(hint.into()),
    }))
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{frame, transport::Peer};
    use bytes::BytesMut;

    use super::*;
    use crate::server::access::Policy;

    fn session() -> Session {
        let root = Peer { user: bwusage_proto::process::UserId::Uid(0), superuser: true, groups: vec![] };
        Session::new(Policy::default().viewer(&root))
    }

    fn ask(session: &mut Session, request: &Request) -> Answer {
        let mut bytes = Vec::new();
        request.encode_into(9, &mut bytes).unwrap();
        session.request(&frame::take(&mut BytesMut::from(&bytes[..]), 1000).unwrap().unwrap())
    }

    fn code(answer: Answer) -> u16 {
        let Answer::Reply(Reply::Error(refusal)) = answer else { panic!("{answer:?} is no refusal") };
        assert!(refusal.hint.is_some_and(|hint| !hint.is_empty()));
        refusal.code
    }

    #[test]
    fn a_second_subscription_is_refused_and_the_first_goes_on() {
        let mut session = session();
        let subscribe = Request::Subscribe(Subscribe { interval_ms: 0 });
        assert_eq!(ask(&mut session, &subscribe), Answer::Subscribed);
        assert_eq!(code(ask(&mut session, &subscribe)), RefusalCode::TooMany as u16);
        assert_eq!(session.due(1, 0), Some((9, 0)));
        assert_eq!(ask(&mut session, &Request::Unsubscribe), Answer::Unsubscribed);
        assert_eq!(session.due(2, 0), None);
    }

    #[test]
    fn events_are_answered_once_and_then_only_when_there_are_some() {
        let mut session = session();
        assert_eq!(ask(&mut session, &Request::Events(EventsQuery { after: Some((7, 3)) })), Answer::Events);
        assert_eq!((session.hears_events(), session.events_after()), (true, Some((7, 3))));
        let none = Events { log: 7, last: 5, ..Events::default() };
        assert_eq!((session.tell(&none), session.tell(&none)), (Some(9), None));
        assert_eq!(session.events_after(), Some((7, 5)), "from where it goes on");
        let again = ask(&mut session, &Request::Events(EventsQuery::default()));
        assert_eq!(code(again), RefusalCode::TooMany as u16);
        assert_eq!(ask(&mut session, &Request::Unsubscribe), Answer::Reply(Reply::Pong));
        assert_eq!((session.hears_events(), session.tell(&none)), (false, None));
    }

    #[test]
    fn an_unknown_or_malformed_request_is_refused_with_words() {
        let mut session = session();
        let frame = |kind, body: &'static [u8]| Frame { kind, flags: 0, request: 1, body: body.into() };
        assert_eq!(code(session.request(&frame(999, b""))), RefusalCode::UnknownRequest as u16);
        assert_eq!(code(session.request(&frame(1, b"x"))), RefusalCode::BadRequest as u16);
        assert_eq!(code(session.request(&frame(4, b""))), RefusalCode::BadRequest as u16);
    }

    #[test]
    fn a_reader_gets_what_is_new_to_it_and_not_before_its_interval() {
        let mut session = session();
        ask(&mut session, &Request::Subscribe(Subscribe { interval_ms: 2000 }));
        session.sent(5, 10_000);
        assert_eq!(session.due(5, 20_000), None, "nothing is new");
        assert_eq!(session.due(6, 10_900), None, "too early");
        assert_eq!(session.due(7, 11_990), Some((9, 5)), "both ticks at once");
    }
}
