//! Remote hosts: the largest by name, and what is left of the sum of all processes as the rest.

use std::collections::{HashMap, HashSet};

use bwusage_proto::{
    history::{Amount, Bucket, HistoryQuery, Per, SeriesKey},
    process::UserId,
};
use rusqlite::OptionalExtension as _;

use super::{QueryError, REST, Reading, Terms};
use crate::history::{lanes::Lanes, names::user_text, plan::HALF_S, remotes::stored::TIERS};

/// An hour as one of [`crate::history::plan::CUTS`].
const HOUR: usize = 1;

/// Refuses what remote hosts are not kept by.
pub(super) fn check(query: &HistoryQuery) -> Result<(), QueryError> {
    let filter = &query.filter;
    if query.per != Per::Remote {
        return Ok(());
    }
    if matches!(query.bucket, Bucket::Second | Bucket::Minute) {
        return Err(QueryError::NotKept {
            what: "remote host is not kept by the minute",
            instead: "ask for hours, days or months",
        });
    }
    let is_of_users = filter.apps.is_empty()
        && filter.scopes.is_empty()
        && filter.categories.is_empty()
        && filter.interfaces.is_empty();
    if !is_of_users {
        return Err(QueryError::NotKept {
            what: "remote host is kept of each user, not of applications, scopes, categories or interfaces",
            instead: "choose users, or leave the choice out",
        });
    }
    Ok(())
}

/// The range in whole hours: hosts are not kept any finer.
pub(super) fn whole_hours(terms: &Terms, from: i64, to: i64) -> (i64, i64) {
    (terms.home.start(Bucket::Hour, from), terms.home.ceil(Bucket::Hour, to))
}

/// A host: its bytes, and its numbers, one for each user.
#[derive(Default)]
struct Host {
    bytes: u64,
    ids: Vec<i64>,
}

/// An amount of a host, and where it counts.
struct Point {
    id: i64,
    at: i64,
    amount: Amount,
}

impl Reading<'_> {
    /// The moment at which what was counted in `minute` counts in this answer: where its hour does.
    pub(super) fn moment_of(&self, minute: i64) -> i64 {
        if self.query.per != Per::Remote {
            return minute;
        }
        let shift = if self.frame.same_zone || self.query.bucket == Bucket::Whole { 0 } else { HALF_S[HOUR] };
        self.terms.home.start(Bucket::Hour, minute) + shift
    }

    /// Gives the largest hosts lanes of their own, and takes what they moved from the rest.
    pub(super) fn read_remotes(&self, top: usize, lanes: &mut Lanes) -> rusqlite::Result<()> {
        let users = self.users()?;
        let points = self.points(&users)?;
        let mut totals: HashMap<i64, u64> = HashMap::new();
        for point in &points {
            *totals.entry(point.id).or_default() += point.amount.bytes();
        }
        let mut lane_of: HashMap<i64, usize> = HashMap::new();
        let mut parts = Vec::new();
        for id in self.unknown(&users)?.into_iter().filter(|id| totals.remove(id).is_some()) {
            let lane = lanes.of(SeriesKey::Remote(None));
            lane_of.insert(id, lane);
            parts.push(lane);
        }
        let there = totals.len();
        let mut chosen = 0;
        for (name, host) in self.largest(totals, top, users.len())? {
            let lane = lanes.of(SeriesKey::Remote(Some(name)));
            chosen += host.ids.len();
            lane_of.extend(host.ids.into_iter().map(|id| (id, lane)));
            parts.push(lane);
        }
        lanes.count_rest(there - chosen);
        for Point { id, at, amount } in points {
            if let Some(&lane) = lane_of.get(&id) {
                lanes.add(lane, self.frame.bucket(at), amount);
            }
        }
        let rest = lanes.of(REST);
        parts.sort_unstable();
        parts.dedup();
        for part in parts {
            lanes.subtract(rest, part);
        }
        Ok(())
    }

    /// All amounts of the hosts of `users`.
    fn points(&self, users: &[String]) -> rusqlite::Result<Vec<Point>> {
        let allowed = self.is_choice().then(|| self.ids(users)).transpose()?;
        let counts = |id: i64| allowed.as_ref().is_none_or(|allowed| allowed.contains(&id));
        let mut points = Vec::new();
        for piece in &self.frame.pieces {
            let tier = TIERS[piece.tier.saturating_sub(HOUR)];
            let mut read = self.connection.prepare_cached(&format!(
                "SELECT host, start, rx_bytes, tx_bytes FROM {tier} WHERE start >= ?1 AND start < ?2"
            ))?;
            let mut rows = read.query([piece.from, piece.to])?;
            while let Some(row) = rows.next()? {
                let (id, start): (i64, i64) = (row.get(0)?, row.get(1)?);
                points.push(Point { id, at: start + piece.shift, amount: amount(row)? });
            }
        }
        let mut read = self.connection.prepare_cached(
            "SELECT host, start, rx_bytes, tx_bytes FROM remote_recent WHERE start >= ?1 AND start < ?2",
        )?;
        let (from, to) = self.frame.range();
        let mut rows = read.query([from, to])?;
        while let Some(row) = rows.next()? {
            points.push(Point { id: row.get(0)?, at: self.moment_of(row.get(1)?), amount: amount(row)? });
        }
        points.retain(|point| counts(point.id));
        Ok(points)
    }

    /// The largest by name. Only of those that can be among them the names are read, because that is what takes time.
    fn largest(
        &self,
        totals: HashMap<i64, u64>,
        top: usize,
        users: usize,
    ) -> rusqlite::Result<Vec<(String, Host)>> {
        let mut totals: Vec<(i64, u64)> = totals.into_iter().collect();
        totals.sort_unstable_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
        // So many numbers are at least `top` names, each of which has as much as the last of them. A larger name has a share of
        // this of at least one user.
        let last = totals.get(top.saturating_mul(users).saturating_sub(1)).map_or(0, |&(_, bytes)| bytes);
        let share = last / u64::try_from(users.max(1)).unwrap_or(u64::MAX);
        let mut read = self.connection.prepare_cached("SELECT name FROM remote_host WHERE id = ?1")?;
        let mut hosts: HashMap<String, Host> = HashMap::new();
        for (id, bytes) in totals.into_iter().take_while(|&(_, bytes)| bytes >= share) {
            let host = hosts.entry(read.query_row([id], |row| row.get(0))?).or_default();
            host.bytes = host.bytes.saturating_add(bytes);
            host.ids.push(id);
        }
        let mut hosts: Vec<(String, Host)> = hosts.into_iter().collect();
        hosts.sort_unstable_by(|(a, one), (b, other)| other.bytes.cmp(&one.bytes).then_with(|| a.cmp(b)));
        hosts.truncate(top);
        Ok(hosts)
    }

    /// Whether not all users count.
    fn is_choice(&self) -> bool {
        self.asker.only(Per::Remote).is_some() || !self.query.filter.users.is_empty()
    }

    /// The users whose hosts are told, of those that have any.
    fn users(&self) -> rusqlite::Result<Vec<String>> {
        // From one to the next by the index: there are few users, and many hosts of each.
        let mut read = self.connection.prepare_cached(
            "WITH RECURSIVE next(user) AS (SELECT min(user) FROM remote_host UNION ALL
                 SELECT (SELECT min(user) FROM remote_host WHERE user > next.user) FROM next WHERE user IS NOT NULL)
             SELECT user FROM next WHERE user IS NOT NULL",
        )?;
        let all: Vec<String> = read.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let asked = &self.query.filter.users;
        let counts = |user: &String| {
            let is = |known: &UserId| user_text(Some(known)) == *user;
            self.asker.only(Per::Remote).is_none_or(is) && (asked.is_empty() || asked.iter().any(is))
        };
        Ok(all.into_iter().filter(counts).collect())
    }

    /// The numbers of all hosts of `users`.
    fn ids(&self, users: &[String]) -> rusqlite::Result<HashSet<i64>> {
        let mut read = self.connection.prepare_cached("SELECT id FROM remote_host WHERE user = ?1")?;
        let mut ids = HashSet::new();
        for user in users {
            let mut rows = read.query([user])?;
            while let Some(row) = rows.next()? {
                ids.insert(row.get(0)?);
            }
        }
        Ok(ids)
    }

    /// The numbers of the unknown hosts of `users`.
    fn unknown(&self, users: &[String]) -> rusqlite::Result<Vec<i64>> {
        let mut read =
            self.connection.prepare_cached("SELECT id FROM remote_host WHERE user = ?1 AND name = ''")?;
        let one = |user: &String| read.query_row([user], |row| row.get(0)).optional();
        users.iter().map(one).filter_map(Result::transpose).collect()
    }
}

/// Nobody counts the packets of a host.
fn amount(row: &rusqlite::Row<'_>) -> rusqlite::Result<Amount> {
    let count = |at: usize| row.get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    Ok(Amount { rx_bytes: count(2)?, tx_bytes: count(3)?, rx_packets: None, tx_packets: None })
}
