//! What people type to ask for a part of the past, understood: the same on the command line and in a query string.

use jiff::Zoned;

use super::{Bucket, Per};
use crate::when::{self, When, WhenError};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A range of time as it is typed, in one word or in two.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypedRange<'a> {
    /// The whole of a time: `today`, `2026-11`; or the last `24h`, `7d`.
    pub whole: Option<&'a str>,
    /// From the beginning of this.
    pub from: Option<&'a str>,
    /// To the end of this; now where nothing is typed.
    pub to: Option<&'a str>,
}

/// Why what was typed is no range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// What should be the whole range.
    #[error("{0}")]
    Whole(WhenError),
    /// What should be its beginning.
    #[error("{0}")]
    From(WhenError),
    /// What should be its end.
    #[error("{0}")]
    To(WhenError),
    /// It has no second.
    #[error("the range ends before it begins")]
    Empty,
}

impl TypedRange<'_> {
    /// What is meant at `now`, not beyond it; `None` where nothing was typed.
    ///
    /// # Errors
    ///
    /// Says which part is no time, or that the range is empty.
    pub fn read(&self, now: &Zoned) -> Result<Option<When>, RangeError> {
        let When { start_unix_s, end_unix_s } = match (self.whole, self.from, self.to) {
            (None, None, None) => return Ok(None),
            (Some(whole), ..) => {
                let is_length = whole.ends_with(|c: char| c.is_ascii_lowercase())
                    && whole.starts_with(|c: char| c.is_ascii_digit());
                let when = if is_length { When::last(whole, now) } else { When::parse(whole, now) };
                when.map_err(RangeError::Whole)?
            }
            (None, from, to) => {
                let parse = |text| When::parse(text, now);
                let from = from.map(parse).transpose().map_err(RangeError::From)?;
                let to = to.map(parse).transpose().map_err(RangeError::To)?;
                When {
                    start_unix_s: from.map_or(0, |from| from.start_unix_s),
                    end_unix_s: to.map_or(i64::MAX, |to| to.end_unix_s),
                }
            }
        };
        let end_unix_s = end_unix_s.min(when::after(now));
        if start_unix_s >= end_unix_s {
            return Err(RangeError::Empty);
        }
        Ok(Some(When { start_unix_s, end_unix_s }))
    }
}

impl Bucket {
    /// How `range` is cut where nobody says: so that there are some dozens of them.
    #[must_use]
    pub fn usual(range: When, per: Per) -> Self {
        let longest: &[(i64, Self)] = match per {
            // Remote hosts are kept by the hour.
            Per::Remote => &[(3 * DAY, Self::Hour), (93 * DAY, Self::Day)],
            _ => &[(2 * HOUR, Self::Minute), (3 * DAY, Self::Hour), (93 * DAY, Self::Day)],
        };
        let seconds = range.end_unix_s.saturating_sub(range.start_unix_s);
        // The second that is not over yet is one more.
        let fits = longest.iter().find(|(longest, _)| seconds <= longest + 1);
        fits.map_or(Self::Month, |(_, bucket)| *bucket)
    }

    /// The range that is asked for in such buckets where nobody says.
    ///
    /// # Errors
    ///
    /// Fails where `now` is at the end of what can be computed.
    pub fn usual_range(self, now: &Zoned) -> Result<When, WhenError> {
        let length = match self {
            Self::Second => "10m",
            Self::Minute => "1h",
            Self::Hour => "24h",
            Self::Day | Self::Whole => "30d",
            Self::Month => "12mo",
        };
        When::last(length, now)
    }
}

/// The range and how it is cut, where either may be left to us.
///
/// # Errors
///
/// Fails where `now` is at the end of what can be computed.
pub fn complete(
    range: Option<When>,
    bucket: Option<Bucket>,
    per: Per,
    now: &Zoned,
) -> Result<(When, Bucket), WhenError> {
    let bucket = bucket.unwrap_or_else(|| range.map_or(Bucket::Day, |range| Bucket::usual(range, per)));
    Ok((range.map_or_else(|| bucket.usual_range(now), Ok)?, bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-22T20:00:00[Europe/Berlin]".parse().unwrap()
    }

    fn last(text: &str) -> When {
        TypedRange { whole: Some(text), ..TypedRange::default() }.read(&now()).unwrap().unwrap()
    }

    #[test]
    fn nothing_typed_is_nothing_meant() {
        assert_eq!(TypedRange::default().read(&now()), Ok(None));
    }

    #[test]
    fn a_range_ends_now_at_the_latest() {
        let from = TypedRange { from: Some("2026-11-22"), to: Some("2027"), whole: None };
        assert_eq!(from.read(&now()).unwrap().unwrap().end_unix_s, when::after(&now()));
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let typed = |from, to| TypedRange { whole: None, from: Some(from), to: Some(to) }.read(&now());
        assert_eq!(typed("noon", "now"), Err(RangeError::From(WhenError::Unknown)));
        assert_eq!(typed("now", "noon"), Err(RangeError::To(WhenError::Unknown)));
        assert_eq!(typed("today", "yesterday"), Err(RangeError::Empty));
    }

    #[test]
    fn a_range_is_cut_into_some_dozens() {
        for (range, bucket) in
            [("10m", Bucket::Minute), ("24h", Bucket::Hour), ("30d", Bucket::Day), ("1y", Bucket::Month)]
        {
            assert_eq!(Bucket::usual(last(range), Per::App), bucket, "{range}");
        }
        assert_eq!(Bucket::usual(last("10m"), Per::Remote), Bucket::Hour, "they are kept by the hour");
    }

    #[test]
    fn what_is_left_open_is_the_last_thirty_days_by_day() {
        assert_eq!(complete(None, None, Per::Total, &now()), Ok((last("30d"), Bucket::Day)));
        assert_eq!(
            complete(None, Some(Bucket::Second), Per::Total, &now()),
            Ok((last("10m"), Bucket::Second))
        );
    }
}
