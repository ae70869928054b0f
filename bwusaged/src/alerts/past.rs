//! What was moved before a rule was made: the question to the history, and its answer as a sum takes it in. Pure.
//!
//! The history does not tell units and containers apart, nor what was lost; their sums begin with the rule. What was counted in
//! the last seconds before it may not be stored yet, and is not in the sum then.

use bwusage_proto::{
    alert::{Condition, NewRule, Period, Scope, Summed},
    history::{Amount, Bucket, History, HistoryFilter, HistoryQuery, Per, Series, SeriesKey},
    ledger::InterfaceKind,
    message::{Encoded, Reply},
    process::UserId,
    units::Scope as Reach,
};

use super::{
    Alerts,
    bounds::Bounds,
    change::{Checked, check},
    sum::Sum,
};
use crate::{server::access::Viewer, usage::store::Store};

const HOUR_S: u32 = 3600;
const DAY_S: u32 = 24 * HOUR_S;

/// A question to the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// As the history takes it.
    pub query: HistoryQuery,
    of: Summed,
    from_unix_ms: u64,
}

/// What was before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Bytes, each with its time in milliseconds of Unix time.
    pub bytes: Vec<(u64, u64)>,
    /// From when on nothing is missing.
    pub known_from_unix_ms: u64,
}

impl Alerts {
    /// What to ask about the time before a rule of somebody who may see what `viewer` may; `None` where the history knows
    /// nothing that it would add up.
    #[must_use]
    pub fn question(
        &self,
        new: &NewRule,
        viewer: &Viewer,
        now_unix_ms: u64,
        store: &Store,
    ) -> Option<Question> {
        let Checked { rule, user } = check(new).ok()?;
        let Condition::Sum { of, period, .. } = rule.condition else { return None };
        let (per, filter) =
            covered(&rule.scope, user.as_ref(), viewer, store).filter(|_| of != Summed::Lost)?;
        let (from_unix_ms, bucket) = match period {
            Period::Trailing { seconds } => {
                let bucket = match seconds {
                    0..=DAY_S => Bucket::Minute,
                    seconds if seconds <= 60 * DAY_S => Bucket::Hour,
                    _ => Bucket::Day,
                };
                (now_unix_ms.saturating_sub(u64::from(seconds) * 1000), bucket)
            }
            Period::Day | Period::Week | Period::Month => {
                (Bounds::of(period, now_unix_ms, &self.calendar)?.from_unix_ms, Bucket::Hour)
            }
        };
        let query = HistoryQuery {
            from_unix_s: seconds(from_unix_ms)?,
            to_unix_s: seconds(now_unix_ms)?,
            bucket,
            per,
            filter,
            top: 0,
            time_zone: None,
            billing_day: None,
        };
        Some(Question { query, of, from_unix_ms })
    }
}

/// Of whom the history is asked about `scope`, as far as `viewer` may know it, and what makes a series then. `None` where the
/// history does not tell them apart, or nothing is to be known.
pub(super) fn covered(
    scope: &Scope,
    user: Option<&UserId>,
    viewer: &Viewer,
    store: &Store,
) -> Option<(Per, HistoryFilter)> {
    let (per, mut filter) = subject(scope, user, store)?;
    if per == Per::Total
        && let Some(own) = viewer.summed_up_against()
    {
        filter.users.retain(|user| user == own);
        if filter.users.is_empty() && matches!(scope, Scope::User(_)) {
            return None;
        }
        filter.users = vec![own.clone()];
    }
    Some((per, filter))
}

fn subject(scope: &Scope, user: Option<&UserId>, store: &Store) -> Option<(Per, HistoryFilter)> {
    let of_processes = outside();
    Some(match scope {
        Scope::App(name) => (Per::Total, HistoryFilter { apps: vec![name.clone()], ..of_processes }),
        Scope::User(_) => (Per::Total, HistoryFilter { users: vec![user?.clone()], ..of_processes }),
        Scope::Interface(name) => {
            (Per::Interface, HistoryFilter { interfaces: vec![name.clone()], ..HistoryFilter::default() })
        }
        Scope::Host => {
            let interfaces = leading_out(store);
            let filter = HistoryFilter { interfaces, ..HistoryFilter::default() };
            (!filter.interfaces.is_empty()).then_some((Per::Interface, filter))?
        }
        Scope::Unit(_) | Scope::Container(_) => return None,
    })
}

/// What left the machine or entered it.
pub(super) fn outside() -> HistoryFilter {
    HistoryFilter { scopes: vec![Reach::Lan, Reach::Internet], ..HistoryFilter::default() }
}

/// The interfaces whose bytes are the machine's; as in [`super::reading`].
fn leading_out(store: &Store) -> Vec<String> {
    if store.ledger().is_some() {
        let ledgers = store.interface_ledgers().into_iter();
        return ledgers.filter(|known| known.kind == InterfaceKind::Device).map(|known| known.name).collect();
    }
    let interfaces = store.host().interfaces.iter().filter(|interface| !interface.loopback);
    interfaces.map(|interface| interface.name.clone()).collect()
}

fn seconds(unix_ms: u64) -> Option<i64> {
    i64::try_from(unix_ms / 1000).ok()
}

impl Question {
    /// What the pages of the answer say; `None` where they say nothing.
    #[must_use]
    pub fn read(&self, pages: &[Encoded]) -> Option<Past> {
        let mut history = History::default();
        for page in pages {
            let Ok(Reply::History(page)) = page.decode() else { return None };
            history.append(*page);
        }
        self.past(&history)
    }

    fn past(&self, history: &History) -> Option<Past> {
        let head = history.head.as_ref()?;
        let oldest = u64::try_from(head.oldest_unix_s?).ok()? * 1000;
        let meant = |series: &&Series| matches!(series.key, SeriesKey::Total | SeriesKey::Interface(_));
        let mut bytes = Vec::new();
        for series in history.series.iter().filter(meant) {
            for (span, amount) in head.buckets.iter().zip(&series.points) {
                let at = u64::try_from(span.start_unix_s).ok()?.saturating_mul(1000).max(self.from_unix_ms);
                bytes.extend(
                    amount.map(|amount| (at, moved(self.of, amount))).filter(|(_, bytes)| *bytes > 0),
                );
            }
        }
        Some(Past { bytes, known_from_unix_ms: oldest.max(self.from_unix_ms) })
    }
}

/// What of `amount` a rule about `of` adds up.
pub(super) fn moved(of: Summed, amount: Amount) -> u64 {
    match of {
        Summed::Rx => amount.rx_bytes,
        Summed::Tx => amount.tx_bytes,
        Summed::Total => amount.bytes(),
        Summed::Lost => 0,
    }
}

impl Past {
    /// Adds it to `sum`.
    pub fn add_to(&self, sum: &mut Sum) {
        for &(at_unix_ms, bytes) in &self.bytes {
            sum.add_past(bytes, at_unix_ms, self.known_from_unix_ms);
        }
        sum.add_past(0, self.known_from_unix_ms, self.known_from_unix_ms);
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::history::{BucketSpan, HistoryHead, Meaning};
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        alerts::tests::machine::{ALICE, BOB, Machine},
        calendar::Calendar,
        server::access::{Policy, Visibility},
    };

    /// 2026-11-10 12:00 UTC.
    const NOW: u64 = 1_794_312_000_000;
    const NOVEMBER_S: i64 = 1_793_491_200;

    fn question(text: &str, policy: Policy, asker: &UserId) -> Option<Question> {
        let alerts = Alerts::new(None, 1, policy, Calendar::new(TimeZone::UTC, 1));
        let mut machine = Machine::new();
        machine.tick();
        alerts.question(&NewRule::new(text).unwrap(), &policy.viewer_of(asker, false), NOW, &machine.store)
    }

    #[test]
    fn a_month_is_asked_for_by_the_hour_from_its_beginning() {
        let Question { query, from_unix_ms, .. } =
            question("app curl: rx > 1GB / month", Policy::default(), &ALICE).unwrap();
        assert_eq!((query.from_unix_s, from_unix_ms), (NOVEMBER_S, NOVEMBER_S as u64 * 1000));
        assert_eq!((query.to_unix_s, query.bucket, query.per), (1_794_312_000, Bucket::Hour, Per::Total));
        assert_eq!((query.filter.apps, query.filter.users), (vec!["curl".to_owned()], vec![]));
        assert_eq!(query.filter.scopes, [Reach::Lan, Reach::Internet]);
    }

    #[test]
    fn the_machine_is_its_interfaces_that_lead_out() {
        let query = question("total > 1GB / 1d", Policy::default(), &ALICE).unwrap().query;
        assert_eq!((query.per, query.bucket), (Per::Interface, Bucket::Minute));
        assert_eq!(query.filter.interfaces, ["eth0"]);
        assert_eq!(query.to_unix_s - query.from_unix_s, 86_400);
    }

    #[test]
    fn nobody_asks_about_what_they_may_not_see() {
        let own = Policy { visibility: Visibility::Own, group: None };
        let users = |text| question(text, own, &ALICE).map(|question| question.query.filter.users);
        assert_eq!(users("app curl: rx > 1GB / 1d"), Some(vec![ALICE]));
        assert_eq!(users("user 1000: rx > 1GB / 1d"), Some(vec![ALICE]));
        assert_eq!(users("user 1001: rx > 1GB / 1d"), None);
        let anybody = question("user 1001: rx > 1GB / 1d", Policy::default(), &ALICE).unwrap();
        assert_eq!(anybody.query.filter.users, [BOB]);
    }

    #[test]
    fn what_the_history_does_not_tell_apart_is_not_asked() {
        for text in [
            "unit a: rx > 1 / 1d",
            "container a: rx > 1 / 1d",
            "ledger.lost > 0",
            "cpu > 5%",
            "new application",
        ] {
            assert_eq!(question(text, Policy::default(), &ALICE), None, "{text}");
        }
    }

    #[test]
    fn an_answer_is_what_was_moved_when_and_from_when_on_that_is_known() {
        let question = question("app curl: total > 1GB / month", Policy::default(), &ALICE).unwrap();
        let span = |start_unix_s| BucketSpan { start_unix_s, covered_s: 3600 };
        let head = HistoryHead {
            bucket: Bucket::Hour,
            per: Per::Total,
            buckets: vec![span(NOVEMBER_S), span(NOVEMBER_S + 3600), span(NOVEMBER_S + 7200)],
            end_unix_s: NOVEMBER_S + 10_800,
            time_zone: "UTC".into(),
            billing_day: 1,
            resolution: Bucket::Hour,
            meaning: Meaning::Wire,
            oldest_unix_s: Some(NOVEMBER_S - 5),
            notes: vec![],
        };
        let amount = Amount { rx_bytes: 5, tx_bytes: 2, ..Amount::ZERO };
        let series = |key| Series { key, total: amount, points: vec![Some(amount), None, Some(amount)] };
        let history = History {
            head: Some(head.clone()),
            series: vec![series(SeriesKey::Total), series(SeriesKey::OtherUsers)],
            host: vec![],
        };
        let pages = [Reply::History(Box::new(history)).encode(false).unwrap()];
        let from = NOVEMBER_S as u64 * 1000;
        let expected = Past { bytes: vec![(from, 7), (from + 7_200_000, 7)], known_from_unix_ms: from };
        assert_eq!(question.read(&pages), Some(expected));
        let nothing =
            History { head: Some(HistoryHead { oldest_unix_s: None, ..head }), ..History::default() };
        assert_eq!(question.past(&nothing), None, "a history that has not begun knows nothing");
    }
}
