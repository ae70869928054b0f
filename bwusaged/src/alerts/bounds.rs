//! Where the day, week or month of a rule begins and ends.

use bwusage_proto::{alert::Period, history::Bucket};
use jiff::ToSpan as _;

use crate::calendar::Calendar;

/// From the first millisecond on, to before the last; Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The beginning.
    pub from_unix_ms: u64,
    /// The beginning of the next one.
    pub to_unix_ms: u64,
}

impl Bounds {
    /// Of the day, week or month that holds `unix_ms`; `None` for a trailing period, and at times that no calendar holds.
    #[must_use]
    pub fn of(period: Period, unix_ms: u64, calendar: &Calendar) -> Option<Self> {
        let at = i64::try_from(unix_ms / 1000).ok().filter(|at| Calendar::holds(*at))?;
        let cut = |bucket| {
            let from = calendar.start(bucket, at);
            (from, calendar.next(bucket, from))
        };
        let (from, to) = match period {
            Period::Trailing { .. } => return None,
            Period::Day => cut(Bucket::Day),
            Period::Week => {
                let today = calendar.date(at);
                let monday = today.checked_sub(today.weekday().to_monday_zero_offset().days()).ok()?;
                (calendar.begin(monday), calendar.begin(monday.checked_add(1.week()).ok()?))
            }
            Period::Month => cut(Bucket::Month),
        };
        let ms = |at: i64| u64::try_from(at).ok()?.checked_mul(1000);
        Some(Self { from_unix_ms: ms(from)?, to_unix_ms: ms(to)? })
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Zoned, tz::TimeZone};

    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn berlin(billing_day: u8) -> Calendar {
        Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), billing_day)
    }

    fn ms(text: &str) -> u64 {
        text.parse::<Zoned>().unwrap().timestamp().as_millisecond().try_into().unwrap()
    }

    fn bounds(calendar: &Calendar, period: Period, at: &str) -> (u64, u64) {
        let Bounds { from_unix_ms, to_unix_ms } = Bounds::of(period, ms(at), calendar).unwrap();
        (from_unix_ms, to_unix_ms)
    }

    #[test]
    fn a_day_is_as_long_as_the_clock_makes_it() {
        let (from, to) = bounds(&berlin(1), Period::Day, "2026-03-29T12:00[Europe/Berlin]");
        assert_eq!((from, to - from), (ms("2026-03-29T00:00[Europe/Berlin]"), 23 * HOUR_MS));
        let (from, to) = bounds(&berlin(1), Period::Day, "2026-10-25T12:00[Europe/Berlin]");
        assert_eq!((from, to - from), (ms("2026-10-25T00:00[Europe/Berlin]"), 25 * HOUR_MS));
    }

    #[test]
    fn a_week_begins_on_monday() {
        let expected = (ms("2026-11-16T00:00[Europe/Berlin]"), ms("2026-11-23T00:00[Europe/Berlin]"));
        for at in ["2026-11-16T00:00[Europe/Berlin]", "2026-11-22T23:59:59[Europe/Berlin]"] {
            assert_eq!(bounds(&berlin(1), Period::Week, at), expected, "{at}");
        }
    }

    #[test]
    fn a_month_begins_on_the_billing_day() {
        let from = |at: &str| bounds(&berlin(15), Period::Month, at).0;
        assert_eq!(from("2026-03-14T23:59[Europe/Berlin]"), ms("2026-02-15T00:00[Europe/Berlin]"));
        assert_eq!(from("2026-03-15T00:00[Europe/Berlin]"), ms("2026-03-15T00:00[Europe/Berlin]"));
        assert_eq!(from("2026-01-01T00:00[Europe/Berlin]"), ms("2025-12-15T00:00[Europe/Berlin]"));
        let (from, to) = bounds(&berlin(1), Period::Month, "2026-11-22T09:00[Europe/Berlin]");
        assert_eq!(
            (from, to),
            (ms("2026-11-01T00:00[Europe/Berlin]"), ms("2026-12-01T00:00[Europe/Berlin]"))
        );
    }

    #[test]
    fn a_time_that_no_calendar_holds_has_no_bounds() {
        assert_eq!(Bounds::of(Period::Month, u64::MAX, &berlin(1)), None);
        assert_eq!(Bounds::of(Period::Trailing { seconds: 60 }, 0, &berlin(1)), None);
    }
}
