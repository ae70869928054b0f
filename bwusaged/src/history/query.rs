//! Answers questions from the database.
//!
//! A year of 300 applications is 150,000 days. Where only the largest are asked for, they are found by their months, and what is
//! beyond them is taken from the sums of the groups: most amounts are never read.

use std::collections::{HashMap, HashSet};

use bwusage_proto::{
    history::{
        Amount, BILLING_DAYS, Bucket, BucketSpan, History, HistoryHead, HistoryQuery, MAX_BUCKETS,
        MAX_POINTS, MAX_SERIES, Meaning, Per, Series, SeriesKey,
    },
    process::UserId,
    units::Scope,
};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Retention,
    book::AMOUNTS,
    dimension::{self, Members},
    host,
    lanes::{Known, Lanes},
    names::NO_SCOPE,
    plan::{self, CUTS, Calendars, Horizons, Piece},
    schema::{Kind, TIERS},
};
use crate::calendar::Calendar;

mod covered;
mod error;
mod remotes;
pub mod seconds;
pub use error::QueryError;

/// Up to so many amounts are all read, because that is no slower than choosing.
const READ_ALL: usize = 30_000;

/// Who asks, as far as it makes a difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// The user who sees everybody else's processes as one sum; `None` for one who sees all.
    pub only: Option<UserId>,
    /// The user whose remote hosts alone they may know; `None` for one who knows all.
    pub remotes_of: Option<UserId>,
}

impl Asker {
    /// Against whom everybody else is one sum in an answer of this sort.
    pub(super) fn only(&self, per: Per) -> Option<&UserId> {
        let of_remotes = self.remotes_of.as_ref().filter(|_| per == Per::Remote);
        of_remotes.or(self.only.as_ref())
    }
}

/// What a question is answered with beside the database.
#[derive(Debug, Clone)]
pub struct Terms {
    /// In which the amounts are stored: the daemon's time zone, and months as configured.
    pub home: Calendar,
    /// How long is kept what.
    pub retention: Retention,
    /// The present, in seconds of Unix time.
    pub now: i64,
}

/// The answer to `query`, as far as `asker` may know it.
///
/// # Errors
///
/// Says what about the question is wrong, or that the database failed; also when it was interrupted.
pub fn answer(
    connection: &Connection,
    query: &HistoryQuery,
    asker: &Asker,
    terms: &Terms,
) -> Result<History, QueryError> {
    let frame = Frame::of(query, terms)?;
    let covered = covered::stored(connection, &frame.borders)?;
    let known = covered::known(&frame.borders, &covered, frame.horizon);
    let mut answer = History::default();
    if query.per == Per::Host {
        answer.host = host::points(connection, &frame, &known)?;
    } else {
        let reading = Reading { connection, query, asker, terms, frame: &frame };
        answer.series = reading.series(&known)?;
    }
    answer.head = Some(frame.head(query, &covered, &known, oldest(connection)?));
    Ok(answer)
}

/// How a question cuts time.
pub(super) struct Frame {
    /// Where each bucket begins, and where the last one ends.
    pub(super) borders: Vec<i64>,
    pub(super) pieces: Vec<Piece>,
    asked: Calendar,
    /// Whether it is of the same time zone as what is stored.
    same_zone: bool,
    /// Buckets before it are finer than what is kept.
    horizon: i64,
}

impl Frame {
    fn of(query: &HistoryQuery, terms: &Terms) -> Result<Self, QueryError> {
        remotes::check(query)?;
        if query.to_unix_s < query.from_unix_s {
            return Err(QueryError::Backwards);
        }
        let billing_day = query.billing_day.unwrap_or(terms.home.billing_day());
        if !BILLING_DAYS.contains(&billing_day) {
            return Err(QueryError::BillingDay { found: billing_day });
        }
        let asked = match &query.time_zone {
            None => terms.home.with_billing_day(billing_day),
            Some(name) => {
                let zone = TimeZone::get(name).map_err(|_| QueryError::UnknownZone { name: name.clone() })?;
                Calendar::new(zone, billing_day)
            }
        };
        let same_zone = query.time_zone.as_ref().is_none_or(|name| name == terms.home.zone_name());
        let (from, to) = match (query.per, query.bucket) {
            (Per::Remote, Bucket::Whole) => remotes::whole_hours(terms, query.from_unix_s, query.to_unix_s),
            _ => (query.from_unix_s, query.to_unix_s),
        };
        let borders = asked.cut(query.bucket, from, to, MAX_BUCKETS)?;
        let [minutes, hours, _] =
            terms.retention.horizons(terms.now).map(|horizon| horizon.unwrap_or(i64::MIN));
        let minutes = if query.per == Per::Remote { i64::MAX } else { minutes };
        let horizons = Horizons { minutes, hours };
        let calendars = Calendars { home: &terms.home, asked: &asked, same_zone };
        let pieces = plan::pieces(query.bucket, calendars, borders[0], borders[borders.len() - 1], horizons);
        let horizon = match query.bucket {
            Bucket::Minute | Bucket::Hour => horizons.of(query.bucket),
            _ => i64::MIN,
        };
        Ok(Self { borders, pieces, asked, same_zone, horizon })
    }

    fn starts(&self) -> impl Iterator<Item = i64> {
        self.borders[..self.buckets()].iter().copied()
    }

    /// Where the first bucket begins, and where the last one ends.
    fn range(&self) -> (i64, i64) {
        (self.borders[0], self.borders[self.buckets()])
    }

    pub(super) fn buckets(&self) -> usize {
        self.borders.len() - 1
    }

    /// The bucket of `at`. What is just outside belongs to the nearest one: it was asked for by its middle.
    pub(super) fn bucket(&self, at: i64) -> usize {
        let after = self.borders.partition_point(|&border| border <= at);
        after.saturating_sub(1).min(self.buckets().saturating_sub(1))
    }

    fn head(
        self,
        query: &HistoryQuery,
        covered: &[i64],
        known: &[Known],
        oldest_unix_s: Option<i64>,
    ) -> HistoryHead {
        let span = |(start_unix_s, &covered_s): (i64, &i64)| BucketSpan {
            start_unix_s,
            covered_s: u32::try_from(covered_s).unwrap_or(u32::MAX),
        };
        let mut notes = Vec::new();
        if known.contains(&Known::Forgotten) {
            notes.push(format!(
                "a {} is kept for a while only; ask for larger buckets further back",
                query.bucket.name()
            ));
        }
        HistoryHead {
            bucket: query.bucket,
            per: query.per,
            buckets: self.starts().zip(covered).map(span).collect(),
            end_unix_s: self.borders[self.buckets()],
            time_zone: self.asked.zone_name().into(),
            billing_day: self.asked.billing_day(),
            resolution: self.pieces.iter().map(|piece| CUTS[piece.tier]).max().unwrap_or(query.bucket),
            meaning: match query.per {
                Per::Interface | Per::Host => Meaning::Link,
                _ => Meaning::Wire,
            },
            oldest_unix_s,
            notes,
        }
    }
}

/// The first second of which the database knows anything.
fn oldest(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let oldest = "SELECT begins FROM covered ORDER BY begins LIMIT 1";
    connection.query_row(oldest, [], |row| row.get(0)).optional()
}

/// So many series are told apart.
fn top(query: &HistoryQuery, buckets: usize) -> usize {
    let top = match query.top.min(MAX_SERIES) {
        0 => MAX_SERIES as usize,
        top => top as usize,
    };
    top.min(MAX_POINTS / buckets.max(1))
}

/// The sum of what is not among the largest.
const REST: SeriesKey = SeriesKey::Other(0);

/// The largest applications.
struct Chosen {
    keys: HashSet<SeriesKey>,
    /// How many there are beside them.
    others: usize,
}

/// One question while it is answered.
struct Reading<'a> {
    connection: &'a Connection,
    query: &'a HistoryQuery,
    asker: &'a Asker,
    terms: &'a Terms,
    frame: &'a Frame,
}

impl Reading<'_> {
    fn series(&self, known: &[Known]) -> Result<Vec<Series>, QueryError> {
        let members = dimension::members(self.connection, self.query, self.asker)?;
        let top = top(self.query, self.frame.buckets());
        let mut lanes = Lanes::new(self.frame.buckets());
        let chosen = self.choose(&members, top)?;
        let mut lane_of = HashMap::new();
        for member in members.processes.iter().chain(&members.plain) {
            let is_kept = match &chosen {
                Some(chosen) => member.kind != Kind::Process || chosen.keys.contains(&member.key),
                None => true,
            };
            let is_kept = is_kept || member.key == SeriesKey::OtherUsers;
            lane_of.insert(member.id, lanes.of(if is_kept { member.key.clone() } else { REST }));
        }
        for member in &members.plain {
            self.read(member.id, lane_of[&member.id], &mut lanes)?;
        }
        match chosen {
            None if dimension::by_process(self.query) => {
                for member in &members.processes {
                    self.read(member.id, lane_of[&member.id], &mut lanes)?;
                }
            }
            None => {
                for group in &members.groups {
                    let lane = lanes.of(group.key.clone());
                    self.read(group.id, lane, &mut lanes)?;
                }
            }
            Some(chosen) => self.read_chosen(&members, &chosen, &lane_of, &mut lanes)?,
        }
        // Only now: the sums of the groups do not have it.
        self.read_recent(&lane_of, &mut lanes)?;
        if self.query.per == Per::Remote {
            self.read_remotes(top, &mut lanes)?;
        }
        Ok(lanes.finish(top, known))
    }

    /// The groups have everything; what is left when the chosen ones are taken from it is the rest.
    fn read_chosen(
        &self,
        members: &Members,
        chosen: &Chosen,
        lane_of: &HashMap<i64, usize>,
        lanes: &mut Lanes,
    ) -> rusqlite::Result<()> {
        let rest = lanes.of(REST);
        for group in &members.groups {
            let lane = lanes.of(group.key.clone());
            self.read(group.id, lane, lanes)?;
        }
        let mut parts = HashSet::new();
        for member in members.processes.iter().filter(|member| chosen.keys.contains(&member.key)) {
            self.read(member.id, lane_of[&member.id], lanes)?;
            parts.insert(lane_of[&member.id]);
        }
        for part in parts {
            lanes.subtract(rest, part);
        }
        lanes.count_rest(chosen.others);
        Ok(())
    }

    /// The largest applications, where it is worth choosing.
    fn choose(&self, members: &Members, top: usize) -> Result<Option<Chosen>, QueryError> {
        // Not the buckets that are asked for: months from the 17th on are put together from days.
        let amounts: i64 = self.frame.pieces.iter().map(Piece::amounts).sum();
        let is_small = members.processes.len().saturating_mul(amounts.unsigned_abs() as usize) <= READ_ALL;
        if self.query.per != Per::App || members.groups.is_empty() || is_small {
            return Ok(None);
        }
        let (from, to) = self.frame.range();
        let pieces = plan::coarse(&self.terms.home, from, to);
        let recent = self.recent_totals(from, to)?;
        let mut totals: HashMap<&SeriesKey, i64> = HashMap::new();
        for member in members.processes.iter().filter(|member| member.key != SeriesKey::OtherUsers) {
            let total = self.total(member.id, &pieces)? + recent.get(&member.id).copied().unwrap_or(0);
            let known = totals.entry(&member.key).or_insert(0);
            *known = known.saturating_add(total);
        }
        let mut totals: Vec<_> = totals.into_iter().filter(|&(_, total)| total > 0).collect();
        totals.sort_unstable_by(|(a_key, a), (b_key, b)| b.cmp(a).then_with(|| a_key.cmp(b_key)));
        let others = totals.len().saturating_sub(top);
        totals.truncate(top);
        Ok(Some(Chosen { keys: totals.into_iter().map(|(key, _)| key.clone()).collect(), others }))
    }

    fn recent_totals(&self, from: i64, to: i64) -> rusqlite::Result<HashMap<i64, i64>> {
        let mut read = self.connection.prepare_cached(
            "SELECT series, sum(rx_bytes + tx_bytes) FROM recent WHERE start >= ?1 AND start < ?2 GROUP BY series",
        )?;
        read.query_map([from, to], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn total(&self, series: i64, pieces: &[Piece]) -> rusqlite::Result<i64> {
        let mut total = 0_i64;
        for piece in pieces {
            let mut sum = self.connection.prepare_cached(&format!(
                "SELECT coalesce(sum(rx_bytes + tx_bytes), 0) FROM {} WHERE series = ?1 AND scope IN (0, 1, 2) \
                 AND start >= ?2 AND start < ?3",
                TIERS[piece.tier]
            ))?;
            total = total.saturating_add(sum.query_row([series, piece.from, piece.to], |row| row.get(0))?);
        }
        Ok(total)
    }

    fn read(&self, series: i64, lane: usize, lanes: &mut Lanes) -> rusqlite::Result<()> {
        for piece in &self.frame.pieces {
            let mut read = self.connection.prepare_cached(&format!(
                "SELECT scope, start, {AMOUNTS} FROM {} WHERE series = ?1 AND scope IN (0, 1, 2, 3) \
                 AND start >= ?2 AND start < ?3",
                TIERS[piece.tier]
            ))?;
            let mut rows = read.query([series, piece.from, piece.to])?;
            while let Some(row) = rows.next()? {
                let scope: i64 = row.get(0)?;
                let at: i64 = row.get(1)?;
                self.take(scope, at + piece.shift, amount(row, 2)?, lane, lanes);
            }
        }
        Ok(())
    }

    fn read_recent(&self, lane_of: &HashMap<i64, usize>, lanes: &mut Lanes) -> rusqlite::Result<()> {
        let mut read = self.connection.prepare_cached(&format!(
            "SELECT series, scope, start, {AMOUNTS} FROM recent WHERE start >= ?1 AND start < ?2"
        ))?;
        let (from, to) = self.frame.range();
        // A minute belongs to a range that begins within it, as in the tiers.
        let mut rows = read.query([from, to])?;
        while let Some(row) = rows.next()? {
            let series: i64 = row.get(0)?;
            let Some(&lane) = lane_of.get(&series) else { continue };
            let at = self.moment_of(row.get(2)?);
            self.take(row.get(1)?, at, amount(row, 3)?, lane, lanes);
        }
        Ok(())
    }

    fn take(&self, scope: i64, at: i64, amount: Amount, lane: usize, lanes: &mut Lanes) {
        let scopes = &self.query.filter.scopes;
        let fits =
            scope == NO_SCOPE || scopes.is_empty() || scopes.iter().any(|&asked| asked as i64 == scope);
        if !fits {
            return;
        }
        let lane = match self.query.per {
            Per::Scope => match Scope::ALL.get(usize::try_from(scope).unwrap_or(usize::MAX)) {
                Some(&scope) => lanes.of(SeriesKey::Scope(scope)),
                None => return,
            },
            _ => lane,
        };
        lanes.add(lane, self.frame.bucket(at), amount);
    }
}

fn amount(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Amount> {
    let count = |at: usize| {
        row.get::<_, Option<i64>>(at).map(|count| count.map(|count| u64::try_from(count).unwrap_or(0)))
    };
    Ok(Amount {
        rx_bytes: count(at)?.unwrap_or(0),
        tx_bytes: count(at + 1)?.unwrap_or(0),
        rx_packets: count(at + 2)?,
        tx_packets: count(at + 3)?,
    })
}
