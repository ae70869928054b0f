//! Books what was counted in the database: one transaction a flush, so that all of it is there or nothing.
//!
//! Each flush of a daemon has a number, which is stored with it. One whose outcome is not known, because the system failed while it was
//! being stored, is tried again under the same number and booked once.

use std::collections::HashMap;

use bwusage_proto::units::{Scope, Wire};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Transaction, params};

use super::{
    collect::others_of,
    minute::{HostSums, Minute, Pending},
    names::{NO_SCOPE, Name, user_of},
    remotes,
    schema::Kind,
};

/// Most series of processes that are ever told apart: programs choose their names. New ones beyond it are booked as other
/// programs of their user.
pub const MOST_SERIES: i64 = 20_000;
/// The most that is booked at once: sums of it stay far below what SQLite can hold.
const MOST: u64 = 1 << 51;

/// The columns of an amount, in the order in which they are always bound.
pub const AMOUNTS: &str = "rx_bytes, tx_bytes, rx_packets, tx_packets";
/// Adds to an amount that is there already. An unknown part makes the sum unknown.
pub const ADD: &str = "ON CONFLICT DO UPDATE SET rx_bytes = rx_bytes + excluded.rx_bytes, \
    tx_bytes = tx_bytes + excluded.tx_bytes, rx_packets = rx_packets + excluded.rx_packets, \
    tx_packets = tx_packets + excluded.tx_packets";

/// One daemon's run, as [`crate::server::About::instance`].
pub type Instance = [u8; 16];

/// Numbers of series that are known already. To be emptied after a transaction that failed.
#[derive(Debug, Default)]
pub struct Numbers(HashMap<Name, i64>);

impl Numbers {
    /// The number of `name`, which gets one now if it has none.
    pub(super) fn of(&mut self, transaction: &Transaction<'_>, name: Name) -> rusqlite::Result<i64> {
        if let Some(&number) = self.0.get(&name) {
            return Ok(number);
        }
        let mut find = transaction.prepare_cached(
            "SELECT id FROM series WHERE kind = ?1 AND name = ?2 AND user = ?3 AND category = ?4",
        )?;
        let values = params![name.kind as i64, name.name, name.user, name.category];
        let number = match find.query_row(values, |row| row.get(0)).optional()? {
            Some(number) => number,
            None if name.kind == Kind::Process && is_full(transaction, &name)? => {
                let others = Name::of_mover(&others_of(user_of(&name.user).as_ref()));
                return self.of(transaction, others);
            }
            None => {
                let mut add = transaction.prepare_cached(
                    "INSERT INTO series(kind, name, user, category) VALUES(?1, ?2, ?3, ?4)",
                )?;
                add.insert(values)?
            }
        };
        // As many as may be told apart: more would be names that are never asked for again.
        if self.0.len() >= MOST_SERIES as usize {
            self.0.clear();
        }
        self.0.insert(name, number);
        Ok(number)
    }
}

fn is_full(transaction: &Transaction<'_>, name: &Name) -> rusqlite::Result<bool> {
    if name.name == crate::usage::store::OTHER_PROGRAMS {
        return Ok(false);
    }
    let mut count = transaction.prepare_cached("SELECT count(*) FROM series")?;
    count.query_row([], |row| row.get::<_, i64>(0)).map(|count| count >= MOST_SERIES)
}

/// Books `pending` as flush `number` of `instance`. False when that flush was booked already.
///
/// # Errors
///
/// Nothing is booked then, or all of it: the same flush may be tried again.
pub fn book(
    connection: &mut Connection,
    numbers: &mut Numbers,
    instance: Instance,
    number: u64,
    pending: &Pending,
) -> rusqlite::Result<bool> {
    let booked = try_book(connection, numbers, instance, number, pending);
    if booked.is_err() {
        numbers.0.clear();
    }
    booked
}

fn try_book(
    connection: &mut Connection,
    numbers: &mut Numbers,
    instance: Instance,
    number: u64,
    pending: &Pending,
) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let last: Option<i64> = transaction
        .prepare_cached("SELECT flush FROM instance WHERE id = ?1")?
        .query_row([instance], |row| row.get(0))
        .optional()?;
    if last.is_some_and(|last| last >= number) {
        return Ok(false);
    }
    let at = pending.covered.iter().map(|span| span.to).max().unwrap_or(0);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO instance(id, flush, at) VALUES(?1, ?2, ?3)")?
        .execute(params![instance, number, at])?;
    for span in &pending.covered {
        let number = i64::try_from(span.number).unwrap_or(i64::MAX);
        transaction
            .prepare_cached(
                "INSERT INTO covered(instance, number, begins, ends) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET ends = max(ends, excluded.ends)",
            )?
            .execute(params![instance, number, span.from, span.to])?;
    }
    for (&start, minute) in &pending.minutes {
        book_minute(&transaction, numbers, start, minute)?;
    }
    transaction.commit()?;
    Ok(true)
}

fn book_minute(
    transaction: &Transaction<'_>,
    numbers: &mut Numbers,
    start: i64,
    minute: &Minute,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(&format!(
        "INSERT INTO recent(start, series, scope, {AMOUNTS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) {ADD}"
    ))?;
    for (mover, sums) in &minute.moved {
        let series = numbers.of(transaction, Name::of_mover(mover))?;
        for scope in Scope::ALL.into_iter().filter(|&scope| sums[scope as usize] != Wire::default()) {
            insert(&mut add, start, series, scope as i64, sums[scope as usize])?;
        }
    }
    for (interface, &wire) in &minute.interfaces {
        let series = numbers.of(transaction, Name::plain(Kind::Interface, interface))?;
        insert(&mut add, start, series, NO_SCOPE, wire)?;
    }
    remotes::stored::book(transaction, start, &minute.remotes)?;
    add_host(transaction, "host_recent", start, &minute.host)
}

fn insert(
    add: &mut CachedStatement<'_>,
    start: i64,
    series: i64,
    scope: i64,
    wire: Wire,
) -> rusqlite::Result<()> {
    let Wire { rx_bytes, tx_bytes, rx_packets, tx_packets } = wire;
    let [rx_bytes, tx_bytes, rx_packets, tx_packets] =
        [rx_bytes, tx_bytes, rx_packets, tx_packets].map(storable);
    add.execute(params![start, series, scope, rx_bytes, tx_bytes, rx_packets, tx_packets]).map(drop)
}

/// A count as SQLite holds it.
pub(super) fn storable(count: u64) -> i64 {
    count.min(MOST).cast_signed()
}

/// Adds to the machine's own figures of the span that begins at `start`.
pub(super) fn add_host(
    transaction: &Transaction<'_>,
    table: &str,
    start: i64,
    host: &HostSums,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(&format!(
        "INSERT INTO {table} VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) {ADD_HOST}"
    ))?;
    let pair =
        |pair: Option<[u64; 2]>| pair.map_or([None, None], |pair| pair.map(|count| Some(storable(count))));
    let ([read, written], [rx, tx]) = (pair(host.disk), pair(host.network));
    add.execute(params![
        start,
        storable(host.cpu_ticks),
        storable(host.cpu_centipercent),
        storable(host.cpu_peak),
        storable(host.memory_ticks),
        storable(host.memory_mib),
        storable(host.memory_peak),
        read,
        written,
        rx,
        tx,
    ])
    .map(drop)
}

/// As [`ADD`], for the machine's own figures. What one part does not know is what the other part knows.
pub(super) const ADD_HOST: &str = "ON CONFLICT DO UPDATE SET cpu_ticks = cpu_ticks + excluded.cpu_ticks, \
    cpu_centipercent = cpu_centipercent + excluded.cpu_centipercent, cpu_peak = max(cpu_peak, excluded.cpu_peak), \
    memory_ticks = memory_ticks + excluded.memory_ticks, memory_mib = memory_mib + excluded.memory_mib, \
    memory_peak = max(memory_peak, excluded.memory_peak), \
    disk_read = coalesce(disk_read + excluded.disk_read, disk_read, excluded.disk_read), \
    disk_write = coalesce(disk_write + excluded.disk_write, disk_write, excluded.disk_write), \
    rx_bytes = coalesce(rx_bytes + excluded.rx_bytes, rx_bytes, excluded.rx_bytes), \
    tx_bytes = coalesce(tx_bytes + excluded.tx_bytes, tx_bytes, excluded.tx_bytes)";
