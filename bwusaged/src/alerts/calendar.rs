//! Days, weeks and months as people here count them: local time, right across changes of the clock.

use bwusage_proto::alert::Period;
use jiff::{Timestamp, ToSpan as _, Zoned, civil::Date, tz::TimeZone};

/// Local time, and the day on which a month begins.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    billing_day: i8,
}

/// From the first millisecond on, to before the last; Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The beginning.
    pub from_unix_ms: u64,
    /// The beginning of the next one.
    pub to_unix_ms: u64,
}

impl Calendar {
    /// Months begin on `billing_day`, from 1 to 28.
    #[must_use]
    pub fn new(zone: TimeZone, billing_day: u8) -> Self {
        Self { zone, billing_day: i8::try_from(billing_day.clamp(1, 28)).unwrap_or(1) }
    }

    /// The day, week or month that holds `unix_ms`; `None` for a trailing period, and at times that no calendar holds.
    #[must_use]
    pub fn bounds(&self, period: Period, unix_ms: u64) -> Option<Bounds> {
        let at = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
        let today = at.to_zoned(self.zone.clone()).date();
        let (from, to) = self.dates(period, today).ok()??;
        Some(Bounds { from_unix_ms: self.midnight(from)?, to_unix_ms: self.midnight(to)? })
    }

    fn dates(&self, period: Period, today: Date) -> Result<Option<(Date, Date)>, jiff::Error> {
        Ok(Some(match period {
            Period::Trailing { .. } => return Ok(None),
            Period::Day => (today, today.checked_add(1.day())?),
            Period::Week => {
                let monday = today.checked_sub(i32::from(today.weekday().to_monday_zero_offset()).days())?;
                (monday, monday.checked_add(1.week())?)
            }
            Period::Month => {
                let billing_day = Date::new(today.year(), today.month(), self.billing_day)?;
                if billing_day <= today {
                    (billing_day, billing_day.checked_add(1.month())?)
                } else {
                    (billing_day.checked_sub(1.month())?, billing_day)
                }
            }
        }))
    }

    /// The first moment of a day: not always midnight.
    fn midnight(&self, date: Date) -> Option<u64> {
        let first: Zoned = date.to_zoned(self.zone.clone()).ok()?;
        u64::try_from(first.timestamp().as_millisecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn berlin(billing_day: u8) -> Calendar {
        Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), billing_day)
    }

    fn ms(text: &str) -> u64 {
        text.parse::<Zoned>().unwrap().timestamp().as_millisecond().try_into().unwrap()
    }

    fn bounds(calendar: &Calendar, period: Period, at: &str) -> (u64, u64) {
        let Bounds { from_unix_ms, to_unix_ms } = calendar.bounds(period, ms(at)).unwrap();
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
        assert_eq!(berlin(1).bounds(Period::Month, u64::MAX), None);
        assert_eq!(berlin(1).bounds(Period::Trailing { seconds: 60 }, 0), None);
    }
}
