//! Remote hosts: the largest by name, and what is left of the sum of all processes as the rest.

use std::collections::HashMap;

use bwusage_proto::{
    history::{Amount, Bucket, HistoryQuery, Per, SeriesKey},
    process::UserId,
};
use rusqlite::params;

use super::{QueryError, REST, Reading, Terms};
use crate::history::{
    lanes::Lanes,
    names::user_text,
    plan::{HALF_S, Piece},
    remotes::stored::TIERS,
};

/// An hour as one of [`plan::CUTS`].
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

/// What two tables say of one host: its bytes, and its numbers, one for each user.
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
        let recent = self.recent_remotes()?;
        let hosts = self.hosts(&recent)?;
        let unknown = |name: &String| name.is_empty();
        let mut largest: Vec<(&String, &Host)> = hosts.iter().filter(|(name, _)| !unknown(name)).collect();
        largest.sort_unstable_by(|(a, one), (b, other)| other.bytes.cmp(&one.bytes).then_with(|| a.cmp(b)));
        lanes.count_rest(largest.len().saturating_sub(top));
        largest.truncate(top);
        largest.extend(hosts.iter().filter(|(name, _)| unknown(name)));

        let mut lane_of: HashMap<i64, usize> = HashMap::new();
        let mut parts = Vec::with_capacity(largest.len());
        for (name, host) in largest {
            let lane = lanes.of(SeriesKey::Remote((!unknown(name)).then(|| name.clone())));
            lane_of.extend(host.ids.iter().map(|&id| (id, lane)));
            parts.push(lane);
        }
        let mut add = |Point { id, at, amount }: Point| {
            if let Some(&lane) = lane_of.get(&id) {
                lanes.add(lane, self.frame.bucket(at), amount);
            }
        };
        for piece in &self.frame.pieces {
            let mut read = self.connection.prepare_cached(&format!(
                "SELECT host, start, rx_bytes, tx_bytes FROM {} WHERE start >= ?1 AND start < ?2",
                table(piece)
            ))?;
            let mut rows = read.query([piece.from, piece.to])?;
            while let Some(row) = rows.next()? {
                add(Point { id: row.get(0)?, at: row.get::<_, i64>(1)? + piece.shift, amount: amount(row)? });
            }
        }
        for (_, point) in recent {
            add(point);
        }
        let rest = lanes.of(REST);
        for part in parts {
            lanes.subtract(rest, part);
        }
        Ok(())
    }

    /// What is not rolled up yet, with the names.
    fn recent_remotes(&self) -> rusqlite::Result<Vec<(String, Point)>> {
        let mut read = self.connection.prepare_cached(
            "SELECT host, start, rx_bytes, tx_bytes, name FROM remote_recent JOIN remote_host ON id = host
             WHERE start >= ?2 AND start < ?3 AND (?1 IS NULL OR user IN (SELECT value FROM json_each(?1)))",
        )?;
        let (from, to) = self.frame.range();
        let mut rows = read.query(params![self.users(), from, to])?;
        let mut recent = Vec::new();
        while let Some(row) = rows.next()? {
            let at = self.moment_of(row.get(1)?);
            recent.push((row.get(4)?, Point { id: row.get(0)?, at, amount: amount(row)? }));
        }
        Ok(recent)
    }

    /// All hosts of the range by their names, of the users that count.
    fn hosts(&self, recent: &[(String, Point)]) -> rusqlite::Result<HashMap<String, Host>> {
        let mut hosts: HashMap<String, Host> = HashMap::new();
        let mut add = |name: String, id: i64, bytes: u64| {
            let host = hosts.entry(name).or_default();
            host.bytes = host.bytes.saturating_add(bytes);
            if !host.ids.contains(&id) {
                host.ids.push(id);
            }
        };
        for piece in &self.frame.pieces {
            let mut read = self.connection.prepare_cached(&format!(
                "SELECT name, id, bytes FROM (SELECT host, sum(rx_bytes + tx_bytes) AS bytes FROM {}
                     WHERE start >= ?2 AND start < ?3 GROUP BY host) JOIN remote_host ON id = host
                 WHERE ?1 IS NULL OR user IN (SELECT value FROM json_each(?1))",
                table(piece)
            ))?;
            let mut rows = read.query(params![self.users(), piece.from, piece.to])?;
            while let Some(row) = rows.next()? {
                add(row.get(0)?, row.get(1)?, u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0));
            }
        }
        for (name, point) in recent {
            add(name.clone(), point.id, point.amount.bytes());
        }
        Ok(hosts)
    }

    /// The users whose hosts are told, as a JSON list; `None` for all.
    fn users(&self) -> Option<String> {
        let asked = &self.query.filter.users;
        let of = |users: Vec<&UserId>| {
            serde_json::Value::from(users.into_iter().map(|user| user_text(Some(user))).collect::<Vec<_>>())
                .to_string()
        };
        match self.asker.only(Per::Remote) {
            Some(own) if asked.is_empty() || asked.contains(own) => Some(of(vec![own])),
            Some(_) => Some(of(Vec::new())),
            None if asked.is_empty() => None,
            None => Some(of(asked.iter().collect())),
        }
    }
}

fn table(piece: &Piece) -> &'static str {
    // There are no minutes: the pieces are of whole hours.
    TIERS[piece.tier.saturating_sub(HOUR)]
}

/// Nobody counts the packets of a host.
fn amount(row: &rusqlite::Row<'_>) -> rusqlite::Result<Amount> {
    let count = |at: usize| row.get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    Ok(Amount { rx_bytes: count(2)?, tx_bytes: count(3)?, rx_packets: None, tx_packets: None })
}
