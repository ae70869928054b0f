//! For how long somebody counted.

use rusqlite::Connection;

use crate::history::lanes::Known;

/// For how many seconds of each bucket somebody counted, by what the database has.
pub(super) fn stored(connection: &Connection, borders: &[i64]) -> rusqlite::Result<Vec<i64>> {
    let mut read = connection
        .prepare_cached("SELECT begins, ends FROM covered WHERE begins < ?2 AND ends > ?1 ORDER BY begins")?;
    let mut rows = read.query([borders[0], borders[borders.len() - 1]])?;
    let mut covered = Covered::new(borders);
    while let Some(row) = rows.next()? {
        covered.add(row.get(0)?, row.get(1)?);
    }
    Ok(covered.seconds)
}

/// Adds up spans of time, which come in the order of their beginnings.
pub(super) struct Covered<'a> {
    borders: &'a [i64],
    /// Where what is covered already ends.
    until: i64,
    /// The sum for each bucket.
    pub(super) seconds: Vec<i64>,
}

impl<'a> Covered<'a> {
    pub(super) fn new(borders: &'a [i64]) -> Self {
        Self { borders, until: borders[0], seconds: vec![0; borders.len() - 1] }
    }

    /// Spans overlap where the clock was set back; what two of them cover is covered once.
    pub(super) fn add(&mut self, begins: i64, ends: i64) {
        let (borders, buckets) = (self.borders, self.seconds.len());
        let (from, to) = (begins.max(self.until), ends.min(borders[buckets]));
        let mut at = borders.partition_point(|&border| border <= from).saturating_sub(1);
        while at < buckets && borders[at] < to {
            self.seconds[at] += (to.min(borders[at + 1]) - from.max(borders[at])).max(0);
            at += 1;
        }
        self.until = self.until.max(to);
    }
}

/// What is known about each bucket; before `horizon` there is nothing so fine.
pub(super) fn known(borders: &[i64], covered: &[i64], horizon: i64) -> Vec<Known> {
    let known = |(&start, &covered_s): (&i64, &i64)| match covered_s {
        _ if start < horizon => Known::Forgotten,
        0 => Known::Gap,
        _ => Known::Counted,
    };
    borders.iter().zip(covered).map(known).collect()
}
