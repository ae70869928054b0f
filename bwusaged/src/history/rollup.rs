//! Moves minutes whose hour is over from `recent` to where they are read, adds them to hours, days and months, and forgets what
//! is older than it must be kept. An hour at a time, each in one transaction.

use std::collections::HashMap;

use bwusage_proto::history::Bucket;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{
    Retention,
    book::{ADD, ADD_HOST, AMOUNTS, Numbers},
    names::{NO_SCOPE, Name},
    remotes,
    schema::{HOST_TIERS, Kind, TIERS},
};
use crate::calendar::Calendar;

/// Minutes so far ahead were booked before the clock was set back, and are due too.
const AHEAD_S: i64 = 2 * 3600;
/// Runs of the daemon are remembered for so long: a flush is never tried again later.
const KEEP_RUNS_S: i64 = 30 * 86_400;

/// Rolls up every hour that is over at `now`. How many those were.
///
/// # Errors
///
/// The hours before the failure are rolled up, the others are as they were.
pub fn roll_up(
    connection: &mut Connection,
    numbers: &mut Numbers,
    calendar: &Calendar,
    now: i64,
) -> rusqlite::Result<u32> {
    let current = calendar.start(Bucket::Hour, now);
    let mut hours = 0;
    loop {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let due: Option<i64> = transaction
            .prepare_cached(
                "SELECT start FROM (SELECT start FROM recent UNION ALL SELECT start FROM host_recent
                     UNION ALL SELECT start FROM remote_recent)
                 WHERE start < ?1 OR start >= ?2 ORDER BY start LIMIT 1",
            )?
            .query_row([current, current + AHEAD_S], |row| row.get(0))
            .optional()?;
        let Some(due) = due else { return Ok(hours) };
        let hour = calendar.start(Bucket::Hour, due);
        // A minute that two hours share belongs to the one that it begins in.
        let to = calendar.next(Bucket::Hour, hour).max(due + 1);
        move_hour(&transaction, numbers, calendar, hour, to)?;
        transaction.commit()?;
        hours += 1;
    }
}

type Amount = [Option<i64>; 4];
/// By series and scope.
type Sums = HashMap<(i64, i64), Amount>;

fn move_hour(
    transaction: &Transaction<'_>,
    numbers: &mut Numbers,
    calendar: &Calendar,
    from: i64,
    to: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "INSERT INTO minutes(series, scope, start, {AMOUNTS})
             SELECT series, scope, start, {AMOUNTS} FROM recent WHERE start >= ?1 AND start < ?2 {ADD}"
        ))?
        .execute([from, to])?;
    let mut hour = Sums::new();
    {
        let groups = groups(transaction, numbers, from, to)?;
        let mut read = transaction.prepare_cached(&format!(
            "SELECT series, scope, start, {AMOUNTS} FROM recent WHERE start >= ?1 AND start < ?2 ORDER BY start"
        ))?;
        let mut rows = read.query([from, to])?;
        let (mut minute, mut start) = (Sums::new(), from);
        while let Some(row) = rows.next()? {
            let (series, scope, at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let amount = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
            if at != start {
                add(transaction, "minutes", start, minute.drain())?;
                start = at;
            }
            sum(&mut hour, (series, scope), amount);
            if let Some(&group) = groups.get(&series) {
                sum(&mut minute, (group, scope), amount);
                sum(&mut hour, (group, scope), amount);
            }
        }
        add(transaction, "minutes", start, minute.drain())?;
    }
    let of_calendar = calendar.with_billing_day(1);
    let starts = [from, calendar.start(Bucket::Day, from), of_calendar.start(Bucket::Month, from)];
    for (tier, start) in TIERS[1..].iter().zip(starts) {
        add(transaction, tier, start, hour.iter().map(|(&key, &amount)| (key, amount)))?;
    }
    transaction.prepare_cached("DELETE FROM recent WHERE start >= ?1 AND start < ?2")?.execute([from, to])?;
    remotes::stored::move_hour(transaction, starts, [from, to])?;
    move_host(transaction, [from, starts[1]], to)
}

fn move_host(transaction: &Transaction<'_>, [hour, day]: [i64; 2], to: i64) -> rusqlite::Result<()> {
    const REST: &str = "cpu_ticks, cpu_centipercent, cpu_peak, memory_ticks, memory_mib, memory_peak, disk_read, \
        disk_write, rx_bytes, tx_bytes";
    for (table, start) in HOST_TIERS.iter().zip([None, Some(hour), Some(day)]) {
        transaction
            .prepare_cached(&format!(
                "INSERT INTO {table} SELECT coalesce(?3, start), {REST} FROM host_recent
                 WHERE start >= ?1 AND start < ?2 {ADD_HOST}"
            ))?
            .execute(params![hour, to, start])?;
    }
    transaction
        .prepare_cached("DELETE FROM host_recent WHERE start >= ?1 AND start < ?2")?
        .execute([hour, to])
        .map(drop)
}

/// The group of each process that moved in this hour.
fn groups(
    transaction: &Transaction<'_>,
    numbers: &mut Numbers,
    from: i64,
    to: i64,
) -> rusqlite::Result<HashMap<i64, i64>> {
    let mut read = transaction.prepare_cached(
        "SELECT id, user, category FROM series WHERE kind = ?3
         AND id IN (SELECT series FROM recent WHERE start >= ?1 AND start < ?2)",
    )?;
    let named: Vec<(i64, String, i64)> = read
        .query_map(params![from, to, Kind::Process as i64], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let group = |(series, user, category)| {
        numbers.of(transaction, Name::group(user, category)).map(|group| (series, group))
    };
    named.into_iter().map(group).collect()
}

fn sum(sums: &mut Sums, key: (i64, i64), amount: Amount) {
    let known = sums.entry(key).or_insert([Some(0); 4]);
    for (known, more) in known.iter_mut().zip(amount) {
        *known = known.zip(more).map(|(known, more)| known.saturating_add(more));
    }
}

fn add(
    transaction: &Transaction<'_>,
    tier: &str,
    start: i64,
    sums: impl Iterator<Item = ((i64, i64), Amount)>,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(&format!(
        "INSERT INTO {tier}(series, scope, start, {AMOUNTS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) {ADD}"
    ))?;
    for ((series, scope), [rx_bytes, tx_bytes, rx_packets, tx_packets]) in sums {
        add.execute(params![series, scope, start, rx_bytes, tx_bytes, rx_packets, tx_packets])?;
    }
    Ok(())
}

/// Forgets what is older than `retention` at `now`.
///
/// # Errors
///
/// Nothing is forgotten then.
pub fn forget(connection: &mut Connection, retention: &Retention, now: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let series: Vec<i64> = transaction
        .prepare_cached("SELECT id FROM series")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let [minutes, hours, days] = retention.horizons(now);
    for (tier, horizon) in TIERS.iter().zip([minutes, hours, days, days]) {
        let Some(horizon) = horizon else { continue };
        let mut delete = transaction
            .prepare_cached(&format!("DELETE FROM {tier} WHERE series = ?1 AND scope = ?2 AND start < ?3"))?;
        for series in &series {
            for scope in 0..=NO_SCOPE {
                delete.execute([*series, scope, horizon])?;
            }
        }
    }
    for (table, horizon) in HOST_TIERS.iter().zip([minutes, hours, days]) {
        let Some(horizon) = horizon else { continue };
        transaction.execute(&format!("DELETE FROM {table} WHERE start < ?1"), [horizon])?;
    }
    remotes::stored::forget(&transaction, [hours, days])?;
    if let Some(horizon) = days {
        transaction.execute("DELETE FROM covered WHERE ends < ?1", [horizon])?;
    }
    transaction.execute("DELETE FROM instance WHERE at < ?1", [now - KEEP_RUNS_S])?;
    transaction.commit()
}
