//! The last minutes second by second, from memory.

use std::collections::{HashMap, HashSet};

use bwusage_proto::history::{Amount, History, HistoryQuery, Per, SeriesKey};

use super::{
    Asker, Frame, QueryError, REST, Terms,
    covered::{self, Covered},
    top,
};
use crate::history::{
    dimension, host,
    lanes::{Known, Lanes},
    seconds::{KEEP_S, Second, Seconds},
};

/// Most series of an answer: the tick waits for it.
const MOST_SERIES: usize = 200;

/// As [`super::answer`], of what `seconds` has.
///
/// # Errors
///
/// Says what about the question is wrong.
pub fn answer(
    seconds: &Seconds,
    query: &HistoryQuery,
    asker: &Asker,
    terms: &Terms,
) -> Result<History, QueryError> {
    if query.per == Per::Interface || !query.filter.interfaces.is_empty() {
        return Err(QueryError::NotKept {
            what: "interface is not kept by the second",
            instead: "ask for minutes, or for the machine as a whole: --per host",
        });
    }
    // What is beyond is not known anyway, and would be a bucket for every second of it.
    let from_unix_s = query.from_unix_s.max(terms.now - KEEP_S).min(query.to_unix_s);
    let end = seconds.newest().unwrap_or(terms.now) + 1;
    let to_unix_s = query.to_unix_s.min(end).max(from_unix_s);
    let is_cut = query.from_unix_s < from_unix_s;
    let query = &HistoryQuery { from_unix_s, to_unix_s, ..query.clone() };
    let mut frame = Frame::of(query, terms)?;
    frame.horizon = (terms.now - KEEP_S).max(seconds.oldest().unwrap_or(i64::MAX));
    let mut counted = Covered::new(&frame.borders);
    for (begins, ends) in seconds.covered() {
        counted.add(begins, ends);
    }
    let counted = counted.seconds;
    let known = covered::known(&frame.borders, &counted, frame.horizon);
    let mut answer = History::default();
    let (from, to) = frame.range();
    let asked_for = || seconds.all().filter(|second| (from..to).contains(&second.at));
    if query.per == Per::Host {
        answer.host = vec![None; frame.buckets()];
        for second in asked_for() {
            let bucket = frame.bucket(second.at);
            answer.host[bucket] =
                Some(host::point(&second.host)).filter(|_| known[bucket] != Known::Forgotten);
        }
    } else {
        let mut totals: HashMap<SeriesKey, u64> = HashMap::new();
        for (key, amount) in asked_for().flat_map(|second| amounts(second, query, asker)) {
            *totals.entry(key).or_default() += amount.bytes();
        }
        let mut largest: Vec<_> = totals.iter().collect();
        largest.sort_unstable_by(|(a, one), (b, other)| other.cmp(one).then_with(|| a.cmp(b)));
        let told_apart: HashSet<&SeriesKey> = largest
            .into_iter()
            .map(|(key, _)| key)
            .take(top(query, frame.buckets()).min(MOST_SERIES))
            .collect();
        let is_kept = |key: &SeriesKey| told_apart.contains(key) || *key == SeriesKey::OtherUsers;
        let mut lanes = Lanes::new(frame.buckets());
        lanes.count_rest(totals.keys().filter(|&key| !is_kept(key)).count());
        for second in asked_for() {
            for (key, amount) in amounts(second, query, asker) {
                let lane = lanes.of(if is_kept(&key) { key } else { REST });
                lanes.add(lane, frame.bucket(second.at), amount);
            }
        }
        answer.series = lanes.finish(MOST_SERIES, &known);
    }
    let mut head = frame.head(query, &counted, &known, seconds.oldest());
    if is_cut {
        head.notes = vec!["a second is kept for ten minutes; ask for larger buckets further back".into()];
    }
    answer.head = Some(head);
    Ok(answer)
}

/// Whose is how much of a second.
fn amounts<'a>(
    second: &'a Second,
    query: &'a HistoryQuery,
    asker: &'a Asker,
) -> impl Iterator<Item = (SeriesKey, Amount)> + 'a {
    let scopes = &query.filter.scopes;
    let asked_for = second.amounts().filter(|(_, scope, _)| scopes.is_empty() || scopes.contains(scope));
    asked_for.filter_map(move |(mover, scope, amount)| {
        let key = dimension::key_of(mover, query, asker)?;
        Some((if query.per == Per::Scope { SeriesKey::Scope(scope) } else { key }, amount))
    })
}
