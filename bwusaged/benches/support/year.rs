//! A year of 300 applications of two users, as a daemon would have booked it: each of them moves something every day, most of them
//! every hour, and some of them every minute. Amounts are spread as they are on real machines: a few move nearly all.

use std::path::Path;

use bwusage_proto::{
    connection::Moved,
    process::{Category, UserId},
    units::{Scope, Wire},
};
use bwusaged::{
    history::{
        Retention, Settings,
        book::{self, Numbers},
        fault,
        minute::{Minute, Pending, Span},
        remotes::Ends,
        rollup,
    },
    usage::store::Mover,
};
use jiff::tz::TimeZone;
use rusqlite::Connection;

/// Applications.
pub(crate) const APPLICATIONS: u64 = 300;
/// Remote hosts that each of the two users talks to in an hour.
const HOSTS: u64 = 60;
/// The time zone of the machine.
pub(crate) const ZONE: &str = "Europe/Berlin";
const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;

/// Where and how.
#[must_use]
pub(crate) fn settings(file: &Path) -> Settings {
    Settings {
        file: file.to_owned(),
        retention: Retention::default(),
        billing_day: 1,
        time_zone: TimeZone::get(ZONE).ok(),
    }
}

/// An hour of all applications in every minute, as it waits to be rolled up.
#[must_use]
pub(crate) fn full_hour(start: i64) -> Pending {
    let mut pending = Pending::default();
    for minute in 0..60 {
        pending.minutes.insert(start + minute * 60, moved(start + minute * 60, 1));
    }
    pending
}

/// Fills `file` with the year before `now`.
///
/// # Errors
///
/// Fails when the file cannot be written.
pub(crate) fn load(file: &Path, now: i64) -> anyhow::Result<Connection> {
    let settings = settings(file);
    let mut connection = fault::open(file)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let (mut numbers, mut flush) = (Numbers::default(), 0);
    let begin = now - 365 * DAY_S;
    let mut at = begin;
    while at < now {
        let mut pending = Pending::default();
        // One flush a day: what happens within one does not matter to those who read.
        let until = (at + DAY_S).min(now);
        while at < until {
            let (step, every) = match now - at {
                age if age > 90 * DAY_S => (DAY_S, 1),
                age if age > 2 * DAY_S => (HOUR_S, 2),
                _ => (60, 6),
            };
            pending.minutes.insert(at - at.rem_euclid(60), moved(at, every));
            at += step;
        }
        flush += 1;
        pending.covered.push(Span { number: 1, from: begin, to: until });
        book::book(&mut connection, &mut numbers, [7; 16], flush, &pending)?;
        rollup::roll_up(&mut connection, &mut numbers, &settings.home(), until)?;
    }
    rollup::forget(&mut connection, &settings.retention, now)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").or_else(|error| match error {
        // It answers with a row.
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        error => Err(error),
    })?;
    Ok(connection)
}

/// What every application of which the number fits moves in one minute.
fn moved(at: i64, every: u64) -> Minute {
    let mut minute = Minute::default();
    let turn = at.unsigned_abs() / 60 % every;
    for number in (0..APPLICATIONS).filter(|number| number % every == turn) {
        let bytes = 40_000_000 / (1 + number * number) + at.unsigned_abs() % 977;
        let wire =
            Wire { rx_bytes: bytes, tx_bytes: bytes / 9, rx_packets: bytes / 1200, tx_packets: bytes / 2400 };
        let mut sums = [Wire::default(); 3];
        sums[Scope::Internet as usize] = wire;
        if number % 3 == 0 {
            sums[Scope::Lan as usize] = wire;
        }
        let mover = Mover::Process {
            app: format!("application-{number}"),
            user: Some(UserId::Uid(1000 + (number % 2) as u32)),
            category: Category::ALL.get((number % 4) as usize).copied(),
        };
        minute.moved.insert(mover, sums);
    }
    // Each user talks to some hosts all the year, and to others today only.
    for number in 0..HOSTS {
        let name =
            if number < 10 { format!("host-{number}") } else { format!("host-{}-{number}", at / DAY_S) };
        for uid in [1000, 1001] {
            let ends = Ends { user: Some(UserId::Uid(uid)), host: Some(name.clone()) };
            minute
                .remotes
                .insert(ends, Moved { rx_bytes: 20_000_000 / (1 + number * number), tx_bytes: 900 });
        }
    }
    minute.interfaces.insert("eth0".into(), Wire { rx_bytes: 90_000_000, ..Wire::default() });
    minute.host.cpu_ticks = 60;
    minute.host.cpu_centipercent = 60 * 700;
    minute
}
