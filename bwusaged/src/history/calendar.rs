//! Where minutes, hours, days and months begin, in a time zone. Pure.
//!
//! Hours, days and months are those of the clock on the wall: a day has 23 or 25 hours where the clocks change, and in India
//! an hour begins at half past by UTC. Moments are seconds of Unix time.

use bwusage_proto::history::Bucket;
use jiff::{
    Timestamp, Zoned,
    civil::{Date, date},
    tz::TimeZone,
};

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3600;
/// Moments that have a date, with room for a month on either side.
const DATED_S: std::ops::RangeInclusive<i64> = 0..=200_000_000_000;

/// A time zone, and the day on which its months begin.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    billing_day: i8,
}

/// Too many buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range has more than {limit} of these buckets")]
pub struct TooMany {
    /// The most that there may be.
    pub limit: usize,
}

impl Calendar {
    /// Months begin on `billing_day`, which is brought to 1 to 28.
    #[must_use]
    pub fn new(zone: TimeZone, billing_day: u8) -> Self {
        Self { zone, billing_day: billing_day.clamp(1, 28).cast_signed() }
    }

    /// The same one, with months that begin on another day.
    #[must_use]
    pub fn with_billing_day(&self, billing_day: u8) -> Self {
        Self::new(self.zone.clone(), billing_day)
    }

    /// The name of the time zone; `UTC` for one that has none.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The day on which months begin.
    #[must_use]
    pub fn billing_day(&self) -> u8 {
        self.billing_day.unsigned_abs()
    }

    /// The beginning of the bucket that `at` is in. [`Bucket::Whole`] begins wherever it is asked for.
    #[must_use]
    pub fn start(&self, bucket: Bucket, at: i64) -> i64 {
        let at = at.clamp(*DATED_S.start(), *DATED_S.end());
        match bucket {
            Bucket::Second | Bucket::Whole => at,
            Bucket::Minute => at - at.rem_euclid(MINUTE_S),
            Bucket::Hour => self.hour(at),
            Bucket::Day => self.begin(self.local(at).date()),
            Bucket::Month => self.begin(self.month(self.local(at).date())),
        }
    }

    /// The beginning of the bucket after the one that begins at `start`.
    #[must_use]
    pub fn next(&self, bucket: Bucket, start: i64) -> i64 {
        let start = start.clamp(*DATED_S.start(), *DATED_S.end());
        match bucket {
            Bucket::Second | Bucket::Whole => start + 1,
            Bucket::Minute => start + MINUTE_S,
            // Where the clocks go by half an hour, the next one may begin within less than an hour, or this one last longer.
            Bucket::Hour => match self.hour(start + HOUR_S) {
                next if next > start => next,
                _ => self.hour(start + 2 * HOUR_S),
            },
            Bucket::Day => self.local(start).date().tomorrow().map_or(i64::MAX, |date| self.begin(date)),
            Bucket::Month => {
                let first = self.month(self.local(start).date());
                let next = first.checked_add(jiff::Span::new().months(1));
                next.map_or(i64::MAX, |date| self.begin(date))
            }
        }
    }

    /// The beginnings of all buckets that `from..to` touches, and where the last one ends.
    ///
    /// # Errors
    ///
    /// Refuses a range of more than `limit` buckets.
    pub fn cut(&self, bucket: Bucket, from: i64, to: i64, limit: usize) -> Result<Vec<i64>, TooMany> {
        if bucket == Bucket::Whole {
            return Ok(vec![from, to.max(from)]);
        }
        let mut borders = vec![self.start(bucket, from)];
        let mut last = borders[0];
        let to = to.min(*DATED_S.end());
        while last < to {
            if borders.len() > limit {
                return Err(TooMany { limit });
            }
            last = self.next(bucket, last);
            borders.push(last);
        }
        Ok(borders)
    }

    fn local(&self, at: i64) -> Zoned {
        Timestamp::from_second(at).unwrap_or_default().to_zoned(self.zone.clone())
    }

    /// The day that `at` is in.
    #[must_use]
    pub fn date(&self, at: i64) -> Date {
        self.local(at).date()
    }

    /// Where a day begins.
    #[must_use]
    pub fn begin(&self, date: Date) -> i64 {
        date.to_zoned(self.zone.clone()).map_or(0, |zoned| zoned.timestamp().as_second())
    }

    /// The first day of the billing month that `day` is in.
    fn month(&self, day: Date) -> Date {
        let first = date(day.year(), day.month(), self.billing_day);
        if first <= day { first } else { first.checked_sub(jiff::Span::new().months(1)).unwrap_or(first) }
    }

    fn hour(&self, at: i64) -> i64 {
        let offset = |at: i64| {
            let at = Timestamp::from_second(at).unwrap_or_default();
            i64::from(self.zone.to_offset(at).seconds())
        };
        let now = offset(at);
        let start = at - (at + now).rem_euclid(HOUR_S);
        if offset(start) == now {
            return start;
        }
        // The clocks went within this hour: it is cut in two there.
        let at = Timestamp::from_second(at + 1).unwrap_or_default();
        let change = self.zone.preceding(at).next().map(|change| change.timestamp().as_second());
        change.map_or(start, |change| start.max(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str, billing_day: u8) -> Calendar {
        Calendar::new(TimeZone::get(zone).unwrap(), billing_day)
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn lengths(calendar: &Calendar, bucket: Bucket, from: &str, to: &str) -> Vec<i64> {
        let borders = calendar.cut(bucket, at(from), at(to), 1000).unwrap();
        borders.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    fn a_day_has_23_or_25_hours_where_the_clocks_change() {
        let berlin = calendar("Europe/Berlin", 1);
        let spring = lengths(&berlin, Bucket::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
        assert_eq!(spring, [24 * HOUR_S, 23 * HOUR_S, 24 * HOUR_S]);
        let autumn = lengths(&berlin, Bucket::Day, "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(autumn, [24 * HOUR_S, 25 * HOUR_S, 24 * HOUR_S]);
        let hours = lengths(&berlin, Bucket::Hour, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_eq!(hours, [HOUR_S; 25]);
    }

    #[test]
    fn a_day_that_does_not_begin_at_midnight_begins_when_its_clock_does() {
        let beirut = calendar("Asia/Beirut", 1);
        // In the night to 30 March 2025 the clocks went from 00:00 to 01:00.
        assert_eq!(beirut.start(Bucket::Day, at("2025-03-30T10:00:00Z")), at("2025-03-29T22:00:00Z"));
        let days = lengths(&beirut, Bucket::Day, "2025-03-29T00:00:00Z", "2025-03-31T00:00:00Z");
        assert_eq!(days, [24 * HOUR_S, 23 * HOUR_S, 24 * HOUR_S]);
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall() {
        assert_eq!(
            calendar("Asia/Kolkata", 1).start(Bucket::Hour, at("2026-01-01T10:15:00Z")),
            at("2026-01-01T09:30:00Z")
        );
        // On Lord Howe Island the clocks go by half an hour: back at 15:00 UTC on 4 April 2026.
        let island = calendar("Australia/Lord_Howe", 1);
        let hours = lengths(&island, Bucket::Hour, "2026-04-04T14:00:00Z", "2026-04-04T16:30:00Z");
        assert_eq!(hours, [HOUR_S, HOUR_S / 2, HOUR_S]);
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap_and_every_moment_is_in_its_own() {
        for zone in ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "UTC"] {
            let calendar = calendar(zone, 28);
            for bucket in [Bucket::Minute, Bucket::Hour, Bucket::Day, Bucket::Month] {
                let borders =
                    calendar.cut(bucket, at("2026-03-20T01:02:03Z"), at("2026-04-10T00:00:00Z"), 50_000);
                for pair in borders.unwrap().windows(2) {
                    assert!(pair[0] < pair[1], "{zone} {bucket:?} {pair:?}");
                    for inside in [pair[0], i64::midpoint(pair[0], pair[1]), pair[1] - 1] {
                        assert_eq!(calendar.start(bucket, inside), pair[0], "{zone} {bucket:?} {inside}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_month_goes_from_billing_day_to_billing_day() {
        let berlin = calendar("Europe/Berlin", 17);
        assert_eq!(berlin.start(Bucket::Month, at("2026-01-16T12:00:00Z")), at("2025-12-16T23:00:00Z"));
        assert_eq!(berlin.start(Bucket::Month, at("2026-01-17T12:00:00Z")), at("2026-01-16T23:00:00Z"));
        let months =
            berlin.cut(Bucket::Month, at("2026-01-20T00:00:00Z"), at("2026-03-20T00:00:00Z"), 9).unwrap();
        assert_eq!(
            months,
            ["2026-01-16T23:00:00Z", "2026-02-16T23:00:00Z", "2026-03-16T23:00:00Z", "2026-04-16T22:00:00Z"]
                .map(at)
        );
    }

    #[test]
    fn more_buckets_than_fit_are_refused_before_they_are_made() {
        let all = calendar("UTC", 1).cut(Bucket::Second, i64::MIN, i64::MAX, 100);
        assert_eq!(all, Err(TooMany { limit: 100 }));
    }
}
