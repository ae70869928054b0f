//! Writes the past of the invented machine that screenshots show, up to now:
//! `cargo run -p bwusaged --example demo_history -- DIR/history.sqlite3`, and then a daemon that plays
//! `bwusaged/tests/data/demo.jsonl` with `--state-dir DIR`.

use std::{env, path::PathBuf};

use anyhow::{Context as _, ensure};
use bwusage_proto::{
    process::{Category, UserId},
    units::{Scope, Wire},
};
use bwusaged::{
    history::{
        Retention, Settings,
        book::{self, Numbers},
        fault,
        minute::{Minute, Pending, Span},
        rollup,
    },
    usage::store::Mover,
};
use jiff::{Timestamp, tz::TimeZone};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
const DAYS: i64 = 45;
const MIB: u64 = 1024 * 1024;
/// Hours before now in which the machine was off: a gap is shown as one.
const OFF_HOURS: std::ops::Range<i64> = 200..230;

/// (application, category, user, scope, received and sent MiB in its busiest hour, from which hour of the day to which it works)
type Program = (&'static str, Category, u32, Scope, u64, u64, i64, i64);

const PROGRAMS: &[Program] = &[
    ("firefox", Category::App, 1000, Scope::Internet, 900, 70, 8, 23),
    ("nightly.py", Category::Background, 0, Scope::Lan, 3, 2_600, 2, 4),
    ("server.js", Category::Container, 998, Scope::Internet, 60, 410, 0, 24),
    ("apt-get", Category::Terminal, 0, Scope::Internet, 480, 6, 9, 10),
    ("syncthing", Category::Background, 1000, Scope::Lan, 90, 150, 7, 24),
    ("openvpn", Category::Service, 0, Scope::Internet, 70, 60, 8, 18),
    ("postgres", Category::Service, 114, Scope::Loopback, 40, 40, 0, 24),
    ("sshd", Category::Service, 0, Scope::Lan, 4, 22, 8, 20),
    ("chronyd", Category::Service, 107, Scope::Internet, 1, 1, 0, 24),
];

fn main() -> anyhow::Result<()> {
    let file = PathBuf::from(env::args_os().nth(1).context("say which file to write")?);
    ensure!(!file.exists(), "{} is there already", file.display());
    let now = Timestamp::now().as_second();
    let settings = Settings {
        file,
        retention: Retention::default(),
        billing_day: 1,
        time_zone: Some(TimeZone::system()),
    };
    let mut connection = fault::open(&settings.file)?;
    let (mut numbers, begin) = (Numbers::default(), now - now.rem_euclid(DAY_S) - DAYS * DAY_S);
    for (flush, day) in (0..=DAYS).enumerate() {
        let from = begin + day * DAY_S;
        let until = (from + DAY_S).min(now);
        let mut pending = Pending::default();
        for hour in (from..until).step_by(HOUR_S as usize).filter(|hour| is_on(*hour, now)) {
            pending.minutes.insert(hour, moved(hour));
            pending.covered.push(Span { number: flush as u64, from: hour, to: (hour + HOUR_S).min(until) });
        }
        book::book(&mut connection, &mut numbers, [9; 16], flush as u64 + 1, &pending)?;
        rollup::roll_up(&mut connection, &mut numbers, &settings.home(), until)?;
    }
    Ok(())
}

fn is_on(hour: i64, now: i64) -> bool {
    !OFF_HOURS.contains(&((now - hour) / HOUR_S))
}

/// What was moved in the hour that begins then: the same at every run, for the same hour.
fn moved(hour: i64) -> Minute {
    let mut minute = Minute::default();
    for (number, &(app, category, uid, scope, rx_mib, tx_mib, starts, ends)) in (0_i64..).zip(PROGRAMS) {
        let of_day = hour.rem_euclid(DAY_S) / HOUR_S;
        if !(starts..ends).contains(&of_day) {
            continue;
        }
        let percent = level(hour, number);
        let bytes = |mib: u64| mib * MIB * percent / 100;
        let wire = Wire {
            rx_bytes: bytes(rx_mib),
            tx_bytes: bytes(tx_mib),
            rx_packets: bytes(rx_mib) / 1300,
            tx_packets: bytes(tx_mib) / 1300,
        };
        let mut sums = [Wire::default(); 3];
        sums[scope as usize] = wire;
        let mover =
            Mover::Process { app: app.into(), user: Some(UserId::Uid(uid)), category: Some(category) };
        minute.moved.insert(mover, sums);
    }
    minute
}

/// From 15 to 100: quieter at weekends, and different for each `number`.
fn level(hour: i64, number: i64) -> u64 {
    let day = hour / DAY_S;
    // The first day of 1970 was a Thursday.
    let is_weekend = matches!((day + 4).rem_euclid(7), 0 | 6);
    let noise = (hour / HOUR_S + number * 31).wrapping_mul(2_654_435_761).rem_euclid(86) + 15;
    noise.unsigned_abs() / if is_weekend { 2 } else { 1 }
}
