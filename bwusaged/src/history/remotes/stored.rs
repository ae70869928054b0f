//! Remote hosts in the database: by minute until their hour is over, then by hour, day and month.
//!
//! The largest hosts of each user are kept. What others moved is not stored at all: an answer takes it from what the user's
//! processes moved, so that sums stay whole.
//!
//! What this takes, measured with names of 42 bytes: 50 hosts in every hour of 90 days are 2.3 MiB when they are always the same ones,
//! 4.5 MiB when a fifth of them is new in each hour, and 13.7 MiB when all are; a year of days and months is 0.5, 0.9 and 2.5 MiB.
//! That is for one user who is busy all day; users share what [`MOST`] and [`MOST_NAMES`] leave.

use std::collections::HashMap;

use bwusage_proto::connection::Moved;
use rusqlite::{Transaction, params};

use super::{Ends, MOST_NAMES};
use crate::history::{book::storable, names::user_text};

/// In which hosts are, beside `remote_recent`: as [`crate::history::schema::TIERS`] without minutes.
pub(in crate::history) const TIERS: [&str; 3] = ["remote_hours", "remote_days", "remote_months"];
/// So many hosts of each user are kept of an hour, a day and a month, beside the unknown one.
const KEEP: [u32; 3] = [50, 50, 100];
/// And so many of all users together.
const MOST: u32 = 300;

/// Books the hosts of one minute.
pub(in crate::history) fn book(
    transaction: &Transaction<'_>,
    start: i64,
    hosts: &HashMap<Ends, Moved>,
) -> rusqlite::Result<()> {
    if hosts.is_empty() {
        return Ok(());
    }
    let names = "SELECT count(*) FROM remote_host";
    let mut room =
        MOST_NAMES - transaction.prepare_cached(names)?.query_row([], |row| row.get::<_, i64>(0))?;
    let mut name = transaction
        .prepare_cached("INSERT INTO remote_host(user, name) VALUES(?1, ?2) ON CONFLICT DO NOTHING")?;
    let mut add = transaction.prepare_cached(
        "INSERT INTO remote_recent(start, host, rx_bytes, tx_bytes)
         SELECT ?1, id, ?4, ?5 FROM remote_host WHERE user = ?2 AND name = ?3
         ON CONFLICT DO UPDATE SET rx_bytes = rx_bytes + excluded.rx_bytes, tx_bytes = tx_bytes + excluded.tx_bytes",
    )?;
    for (Ends { user, host }, moved) in hosts {
        let (user, host) = (user_text(user.as_ref()), host.as_deref().unwrap_or_default());
        if room > 0 {
            room -= i64::try_from(name.execute([&user, host])?).unwrap_or(0);
        }
        add.execute(params![start, user, host, storable(moved.rx_bytes), storable(moved.tx_bytes)])?;
    }
    Ok(())
}

/// Adds the minutes from `from` to `to` to the hour, day and month that begin at `starts`, and keeps the largest of each.
pub(in crate::history) fn move_hour(
    transaction: &Transaction<'_>,
    starts: [i64; 3],
    [from, to]: [i64; 2],
) -> rusqlite::Result<()> {
    for ((tier, start), keep) in TIERS.into_iter().zip(starts).zip(KEEP) {
        let added = transaction
            .prepare_cached(&format!(
                "INSERT INTO {tier}(start, host, rx_bytes, tx_bytes)
                 SELECT ?1, host, sum(rx_bytes), sum(tx_bytes) FROM remote_recent
                 WHERE start >= ?2 AND start < ?3 GROUP BY host
                 ON CONFLICT DO UPDATE SET rx_bytes = rx_bytes + excluded.rx_bytes, tx_bytes = tx_bytes + excluded.tx_bytes"
            ))?
            .execute([start, from, to])?;
        if added > 0 {
            keep_largest(transaction, tier, start, keep)?;
        }
    }
    transaction
        .prepare_cached("DELETE FROM remote_recent WHERE start >= ?1 AND start < ?2")?
        .execute([from, to])
        .map(drop)
}

fn keep_largest(transaction: &Transaction<'_>, tier: &str, start: i64, keep: u32) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "DELETE FROM {tier} WHERE start = ?1 AND host NOT IN (
                 SELECT host FROM (
                     SELECT host, rx_bytes + tx_bytes AS bytes, row_number() OVER (
                         PARTITION BY user, name = '' ORDER BY rx_bytes + tx_bytes DESC, host) AS place
                     FROM {tier} JOIN remote_host ON id = host WHERE start = ?1)
                 WHERE place <= ?2 ORDER BY bytes DESC, host LIMIT ?3)"
        ))?
        .execute(params![start, keep, MOST])
        .map(drop)
}

/// Forgets hours, and days with their months, that begin before these moments, and the names that are nowhere any more.
pub(in crate::history) fn forget(
    transaction: &Transaction<'_>,
    [hours, days]: [Option<i64>; 2],
) -> rusqlite::Result<()> {
    for (tier, horizon) in TIERS.into_iter().zip([hours, days, days]) {
        let Some(horizon) = horizon else { continue };
        transaction.execute(&format!("DELETE FROM {tier} WHERE start < ?1"), [horizon])?;
    }
    transaction
        .execute(
            "DELETE FROM remote_host WHERE id NOT IN (SELECT host FROM remote_recent
             UNION SELECT host FROM remote_hours UNION SELECT host FROM remote_days UNION SELECT host FROM remote_months)",
            [],
        )
        .map(drop)
}
