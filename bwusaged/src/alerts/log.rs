//! What happened, numbered. The numbers go on after a restart, so that a client that comes back misses none and sees none twice.

use std::collections::{BTreeMap, VecDeque};

use bwusage_proto::{
    alert::{AlertEvent, AlertLog, Events, LogQuery},
    process::UserId,
};
use serde::{Deserialize, Serialize};

/// The most events that are kept.
const KEEP: usize = 1024;
/// Of these, the most of one owner's rules: nobody pushes out the others'.
const KEEP_OF_OWNER: usize = 256;
/// The most events in one answer.
const PAGE: usize = 256;
/// The most events in one answer about the past.
const LONGEST: u32 = 1000;

/// The log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Log {
    /// Random when it was begun; numbers of two logs are not to be taken for each other.
    id: u64,
    /// The number of the newest event ever; 0 before the first.
    last: u64,
    /// Oldest first.
    events: VecDeque<AlertEvent>,
    /// The newest event of each owner that was given up.
    given_up: BTreeMap<String, u64>,
}

impl Log {
    /// An empty one.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// The number of the newest event ever; 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Appends what `event` makes of its number.
    pub(super) fn push(&mut self, event: impl FnOnce(u64) -> AlertEvent) {
        self.last += 1;
        let event = event(self.last);
        let of_owner = self.events.iter().filter(|known| known.owner == event.owner).count();
        let surplus = if of_owner >= KEEP_OF_OWNER {
            self.events.iter().position(|known| known.owner == event.owner)
        } else {
            (self.events.len() >= KEEP).then_some(0)
        };
        if let Some(given_up) = surplus.and_then(|at| self.events.remove(at)) {
            self.given_up.insert(given_up.owner.to_string(), given_up.number);
        }
        self.events.push_back(event);
    }

    /// The part that was asked for, of the events that `may_see` lets through.
    #[must_use]
    pub fn page(&self, query: LogQuery, may_see: impl Fn(&UserId) -> bool) -> AlertLog {
        let mut found = self.events.iter().rev().filter(|event| {
            may_see(&event.owner)
                && query.rule.is_none_or(|rule| event.rule == rule)
                && query.before.is_none_or(|before| event.number < before)
        });
        let events = found.by_ref().take(query.limit.min(LONGEST) as usize).cloned().collect();
        AlertLog { log: self.id, events, more: found.next().is_some() }
    }

    /// Events after `after` and up to `up_to`, oldest first, of those that `may_see` lets through. An `after` of another log, or
    /// of numbers that were never given, is told as missed, and nothing of the past is.
    #[must_use]
    pub fn since(&self, after: Option<(u64, u64)>, up_to: u64, may_see: impl Fn(&UserId) -> bool) -> Events {
        let here = Events { log: self.id, last: up_to, missed: false, events: Vec::new() };
        let Some((log, after)) = after else { return here };
        if log != self.id || after > self.last {
            return Events { missed: true, ..here };
        }
        let missed = self.given_up.iter().any(|(owner, number)| *number > after && may_see(&owner_of(owner)));
        let wanted =
            |event: &&AlertEvent| event.number > after && event.number <= up_to && may_see(&event.owner);
        let events: Vec<_> = self.events.iter().filter(wanted).take(PAGE).cloned().collect();
        let last = match events.last() {
            Some(last) if events.len() == PAGE => last.number,
            _ => up_to.max(after),
        };
        Events { last, missed, events, ..here }
    }
}

/// A user by what they are called in [`Log::given_up`].
fn owner_of(text: &str) -> UserId {
    text.parse().map_or_else(|_| UserId::Sid(text.to_owned()), UserId::Uid)
}

#[cfg(test)]
mod tests {
    use bwusage_proto::alert::{EventKind, RuleId, Severity};

    use super::*;

    const ALICE: UserId = UserId::Uid(1000);
    const BOB: UserId = UserId::Uid(1001);

    fn push(log: &mut Log, owner: &UserId, rule: u64) {
        log.push(|number| AlertEvent {
            number,
            at_unix_ms: 0,
            kind: EventKind::Firing,
            rule: RuleId(rule),
            text: "cpu > 1%".into(),
            note: None,
            owner: owner.clone(),
            severity: Severity::Info,
            subject: None,
            measured: None,
            reached_percent: None,
            forecast_at_unix_ms: None,
            lasted_ms: None,
        });
    }

    fn numbers<'a>(events: impl IntoIterator<Item = &'a AlertEvent>) -> Vec<u64> {
        events.into_iter().map(|event| event.number).collect()
    }

    fn everybody(_: &UserId) -> bool {
        true
    }

    #[test]
    fn a_page_is_of_the_newest_and_the_next_goes_on_before_it() {
        let mut log = Log::new(7);
        (1..=5).for_each(|rule| push(&mut log, &ALICE, rule));
        let query = LogQuery { rule: None, before: None, limit: 2 };
        let page = log.page(query, everybody);
        assert_eq!((numbers(&page.events), page.more, page.log), (vec![5, 4], true, 7));
        let page = log.page(LogQuery { before: Some(2), ..query }, everybody);
        assert_eq!((numbers(&page.events), page.more), (vec![1], false));
        let page = log.page(LogQuery { rule: Some(RuleId(3)), ..query }, everybody);
        assert_eq!(numbers(&page.events), [3]);
    }

    #[test]
    fn a_client_that_comes_back_misses_none_and_sees_none_twice() {
        let mut log = Log::new(7);
        (1..=600).for_each(|rule| push(&mut log, [&ALICE, &BOB, &UserId::Uid(0)][rule % 3], rule as u64));
        let (mut after, mut seen) = (Some((7, 50)), Vec::new());
        loop {
            let page = log.since(after, log.last(), everybody);
            assert!(!page.missed);
            if page.events.is_empty() {
                break;
            }
            seen.extend(numbers(&page.events));
            after = Some((page.log, page.last));
        }
        assert_eq!(seen, (51..=600).collect::<Vec<_>>());
    }

    #[test]
    fn a_client_hears_of_its_own_and_only_what_is_kept_safely() {
        let mut log = Log::new(7);
        push(&mut log, &ALICE, 1);
        push(&mut log, &BOB, 2);
        push(&mut log, &ALICE, 3);
        let own = |owner: &UserId| *owner == ALICE;
        let page = log.since(Some((7, 0)), 2, own);
        assert_eq!((numbers(&page.events), page.last), (vec![1], 2), "the third is not safe yet");
        let page = log.since(Some((7, 2)), 3, own);
        assert_eq!((numbers(&page.events), page.last), (vec![3], 3));
        assert_eq!(log.since(None, 3, own), Events { log: 7, last: 3, missed: false, events: vec![] });
    }

    #[test]
    fn what_was_given_up_or_is_of_another_log_is_said_to_be_missed() {
        let mut log = Log::new(7);
        push(&mut log, &BOB, 1);
        (0..300).for_each(|rule| push(&mut log, &ALICE, rule));
        let of = |user: UserId| move |owner: &UserId| *owner == user;
        assert!(log.since(Some((7, 1)), log.last(), of(ALICE)).missed);
        assert!(!log.since(Some((7, 100)), log.last(), of(ALICE)).missed);
        let bobs = log.since(Some((7, 0)), log.last(), of(BOB));
        assert_eq!(
            (bobs.missed, numbers(&bobs.events)),
            (false, vec![1]),
            "one owner pushes out nobody else"
        );
        for after in [(8, 0), (7, 999)] {
            let page = log.since(Some(after), log.last(), everybody);
            assert_eq!((page.missed, page.events.len(), page.last), (true, 0, 301));
        }
    }
}
