//! Times as people type them: `yesterday`, `-7d`, `2026-11`, RFC 3339.
//!
//! What is typed means a span: a day has a beginning and an end, and where the clocks change it has 23 or 25 hours. The
//! time and the time zone are arguments.

use jiff::{
    Span, ToSpan as _, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// A span of seconds of Unix time. A moment has the same beginning and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// Its first second.
    pub start_unix_s: i64,
    /// The first second after it.
    pub end_unix_s: i64,
}

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// Nothing that is known.
    #[error(
        "a time is expected: now, today, yesterday, -7d (also m, h, w, mo, y), 2026, 2026-11, 2026-11-21, 2026-11-21T20:00, or with an offset 2026-11-21T20:00:00+01:00"
    )]
    Unknown,
    /// A 30th of February.
    #[error("there is no such day")]
    NoSuchDay,
    /// Beyond what can be computed.
    #[error("this is too far away")]
    TooFar,
}

impl When {
    /// Reads what `text` means at `now`, in the time zone of `now`.
    ///
    /// # Errors
    ///
    /// Says what can be written.
    pub fn parse(text: &str, now: &Zoned) -> Result<Self, WhenError> {
        let text = text.trim();
        if let Some(ago) = text.strip_prefix('-') {
            return Ok(Self::moment(&now.checked_sub(span(ago)?).map_err(|_| WhenError::TooFar)?));
        }
        match text {
            "now" => return Ok(Self::moment(now)),
            "today" => return Self::dates(now.date(), 1.day(), now.time_zone()),
            "yesterday" => {
                let yesterday = now.date().yesterday().map_err(|_| WhenError::TooFar)?;
                return Self::dates(yesterday, 1.day(), now.time_zone());
            }
            _ => {}
        }
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            let second = timestamp.as_second();
            return Ok(Self { start_unix_s: second, end_unix_s: second });
        }
        Self::calendar(text, now.time_zone())
    }

    /// The last `text` before `now`, such as `7d`.
    ///
    /// # Errors
    ///
    /// Says what can be written.
    pub fn last(text: &str, now: &Zoned) -> Result<Self, WhenError> {
        let start = now.checked_sub(span(text.trim())?).map_err(|_| WhenError::TooFar)?;
        Ok(Self { start_unix_s: start.timestamp().as_second(), end_unix_s: after(now) })
    }

    /// `2026`, `2026-11`, `2026-11-21`, `2026-11-21T20:00`.
    fn calendar(text: &str, zone: &TimeZone) -> Result<Self, WhenError> {
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let date = |text: &str| text.parse::<Date>().map_err(|_| WhenError::NoSuchDay);
        match shape.as_str() {
            "0000" => Self::dates(date(&format!("{text}-01-01"))?, 1.year(), zone),
            "0000-00" => Self::dates(date(&format!("{text}-01"))?, 1.month(), zone),
            "0000-00-00" => Self::dates(date(text)?, 1.day(), zone),
            "0000-00-00T00:00" | "0000-00-00 00:00" | "0000-00-00T00:00:00" | "0000-00-00 00:00:00" => {
                let moment: DateTime = text.replace(' ', "T").parse().map_err(|_| WhenError::NoSuchDay)?;
                Ok(Self::moment(&moment.to_zoned(zone.clone()).map_err(|_| WhenError::TooFar)?))
            }
            _ => Err(WhenError::Unknown),
        }
    }

    fn moment(at: &Zoned) -> Self {
        let second = at.timestamp().as_second();
        Self { start_unix_s: second, end_unix_s: second }
    }

    /// From the beginning of `first`, for as long as the calendar says.
    fn dates(first: Date, length: Span, zone: &TimeZone) -> Result<Self, WhenError> {
        let midnight = |date: Date| {
            let start = date.to_zoned(zone.clone()).map_err(|_| WhenError::TooFar)?;
            Ok(start.timestamp().as_second())
        };
        let next = first.checked_add(length).map_err(|_| WhenError::TooFar)?;
        Ok(Self { start_unix_s: midnight(first)?, end_unix_s: midnight(next)? })
    }
}

/// The first second that is not over yet, so that what happened until now is before it.
#[must_use]
pub fn after(now: &Zoned) -> i64 {
    now.timestamp().as_second().saturating_add(1)
}

/// `90m`, `24h`, `7d`, `2w`, `3mo`, `1y`.
fn span(text: &str) -> Result<Span, WhenError> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(WhenError::Unknown)?;
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().map_err(|_| WhenError::Unknown)?;
    let span = match unit {
        "m" => Span::new().try_minutes(number),
        "h" => Span::new().try_hours(number),
        "d" => Span::new().try_days(number),
        "w" => Span::new().try_weeks(number),
        "mo" => Span::new().try_months(number),
        "y" => Span::new().try_years(number),
        _ => return Err(WhenError::Unknown),
    };
    span.map_err(|_| WhenError::TooFar)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Sunday evening in a zone that has summer time.
    fn now() -> Zoned {
        "2026-11-22T20:00:00[Europe/Berlin]".parse().unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    fn span_of(text: &str) -> (i64, i64) {
        let when = When::parse(text, &now()).unwrap();
        (when.start_unix_s, when.end_unix_s)
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        let (today, tomorrow) = (at("2026-11-22T00:00:00+01:00"), at("2026-11-23T00:00:00+01:00"));
        assert_eq!(span_of("today"), (today, tomorrow));
        assert_eq!(span_of("2026-11-22"), (today, tomorrow));
        assert_eq!(span_of("yesterday"), (at("2026-11-21T00:00:00+01:00"), today));
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_23_or_25_hours() {
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)] {
            let (start, end) = span_of(day);
            assert_eq!(end - start, hours * 3600, "{day}");
        }
    }

    #[test]
    fn months_and_years_are_of_the_calendar() {
        assert_eq!(span_of("2026-02"), (at("2026-02-01T00:00:00+01:00"), at("2026-03-01T00:00:00+01:00")));
        assert_eq!(span_of("2026"), (at("2026-01-01T00:00:00+01:00"), at("2027-01-01T00:00:00+01:00")));
    }

    #[test]
    fn a_moment_is_no_longer_than_itself() {
        let moment = at("2026-11-21T20:00:00Z");
        for text in
            ["2026-11-21T20:00:00Z", "2026-11-21T21:00:00+01:00", "2026-11-21T21:00", "2026-11-21 21:00:00"]
        {
            assert_eq!(span_of(text), (moment, moment), "{text}");
        }
        assert_eq!(span_of("now"), (at("2026-11-22T19:00:00Z"), at("2026-11-22T19:00:00Z")));
    }

    #[test]
    fn days_ago_are_days_of_the_calendar_and_hours_are_hours() {
        assert_eq!(span_of("-30d").0, at("2026-10-23T20:00:00+02:00"), "the same time of the day, in summer");
        assert_eq!(span_of("-24h").0, at("2026-11-21T20:00:00+01:00"));
        assert_eq!(span_of("-1mo").0, at("2026-10-22T20:00:00+02:00"));
        assert_eq!(span_of("-90m").0, at("2026-11-22T18:30:00+01:00"));
        let last = When::last("2w", &now()).unwrap();
        assert_eq!((last.start_unix_s, last.end_unix_s), (span_of("-2w").0, span_of("now").0 + 1));
    }

    #[test]
    fn what_is_no_time_says_what_is() {
        for wrong in
            ["", "-", "-7", "-7x", "7d", "tomorrow", "2026-1-1", "20261122", "noon", "-9999999999999999999d"]
        {
            assert_eq!(When::parse(wrong, &now()), Err(WhenError::Unknown), "{wrong}");
        }
        assert_eq!(When::parse("2026-02-30", &now()), Err(WhenError::NoSuchDay));
        assert_eq!(When::parse("2026-13", &now()), Err(WhenError::NoSuchDay));
        assert_eq!(When::parse("-99999y", &now()), Err(WhenError::TooFar));
        assert!(WhenError::Unknown.to_string().contains("-7d"));
    }
}
