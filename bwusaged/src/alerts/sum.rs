//! How much there was within a period. The time is an argument, and a clock that jumps makes neither too much nor too little
//! without saying so: a sum tells from when on it is known.

use std::collections::VecDeque;

use bwusage_proto::alert::Period;
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use crate::calendar::Calendar;

/// In how many steps a trailing sum moves on.
const STEPS: u64 = 60;
/// Looks that are further apart than this leave a hole.
const NEXT_LOOK_MS: u64 = 5 * 60 * 1000;

/// A sum over one [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sum {
    /// Over the last so many seconds.
    Trailing(Trailing),
    /// Since a day, week or month began.
    Calendar(Pages),
}

/// Steps of time in which there was something, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailing {
    span_ms: u64,
    /// Number of the step since 1970, and bytes.
    steps: VecDeque<(u64, u64)>,
    known_from_unix_ms: u64,
}

/// The present period, and the one before: a clock that jumps away and back finds its sum again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    page: Page,
    before: Option<Page>,
    looked_at_unix_ms: u64,
}

/// One day, week or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    from_unix_ms: u64,
    to_unix_ms: u64,
    bytes: u64,
    known_from_unix_ms: u64,
    /// How many thresholds were told.
    reached: usize,
}

impl Sum {
    /// Nothing yet, and nothing known of before. `None` at times that no calendar holds.
    #[must_use]
    pub fn begin(period: Period, now_unix_ms: u64, calendar: &Calendar) -> Option<Self> {
        Some(match period {
            Period::Trailing { seconds } => Self::Trailing(Trailing {
                span_ms: u64::from(seconds) * 1000,
                steps: VecDeque::new(),
                known_from_unix_ms: now_unix_ms,
            }),
            Period::Day | Period::Week | Period::Month => {
                let page = Page::begin(Bounds::of(period, now_unix_ms, calendar)?, now_unix_ms);
                Self::Calendar(Pages { page, before: None, looked_at_unix_ms: now_unix_ms })
            }
        })
    }

    /// Adds what there was since the look before. Of a calendar period: `reached` is how many thresholds were told, and comes
    /// back as how many of the period that it is now; `true` when that is another one.
    pub fn add(
        &mut self,
        bytes: u64,
        reached: &mut usize,
        period: Period,
        now_unix_ms: u64,
        calendar: &Calendar,
    ) -> bool {
        match self {
            Self::Trailing(trailing) => {
                trailing.add(bytes, now_unix_ms);
                false
            }
            Self::Calendar(pages) => {
                let turned = pages.turn(reached, period, now_unix_ms, calendar);
                pages.page.bytes = pages.page.bytes.saturating_add(bytes);
                turned
            }
        }
    }

    /// Adds what there was at `unix_ms`, before the sum was begun, and knows everything from `known_from_unix_ms` on.
    pub fn add_past(&mut self, bytes: u64, unix_ms: u64, known_from_unix_ms: u64) {
        match self {
            Self::Trailing(trailing) => {
                trailing.insert(unix_ms / trailing.step_ms(), bytes);
                trailing.known_from_unix_ms = trailing.known_from_unix_ms.min(known_from_unix_ms);
            }
            Self::Calendar(Pages { page, .. }) => {
                if (page.from_unix_ms..page.to_unix_ms).contains(&unix_ms) {
                    page.bytes = page.bytes.saturating_add(bytes);
                }
                page.known_from_unix_ms = page.known_from_unix_ms.min(known_from_unix_ms);
            }
        }
    }

    /// How much there was in the period that ends at the last look.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Trailing(trailing) => {
                trailing.steps.iter().fold(0, |sum: u64, step| sum.saturating_add(step.1))
            }
            Self::Calendar(pages) => pages.page.bytes,
        }
    }

    /// From when on it is known, where that is later than it begins.
    #[must_use]
    pub fn known_from(&self, now_unix_ms: u64) -> Option<u64> {
        let (known, begins) = match self {
            Self::Trailing(trailing) => {
                (trailing.known_from_unix_ms, now_unix_ms.saturating_sub(trailing.span_ms))
            }
            Self::Calendar(Pages { page, .. }) => (page.known_from_unix_ms, page.from_unix_ms),
        };
        (known > begins).then_some(known)
    }

    /// The calendar period.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Trailing(_) => None,
            Self::Calendar(Pages { page, .. }) => {
                Some(Bounds { from_unix_ms: page.from_unix_ms, to_unix_ms: page.to_unix_ms })
            }
        }
    }

    /// When a calendar sum comes to `cap` at the pace so far; `None` when that is not in its period, too early to say, or over.
    #[must_use]
    pub fn forecast(&self, cap: u64, now_unix_ms: u64) -> Option<u64> {
        let Self::Calendar(Pages { page, .. }) = self else { return None };
        let left = cap.checked_sub(page.bytes).filter(|left| *left > 0)?;
        let begin = page.from_unix_ms.max(page.known_from_unix_ms);
        let elapsed = now_unix_ms.checked_sub(begin)?;
        // A pace that was measured over less than a hundredth says nothing.
        if elapsed < (page.to_unix_ms - page.from_unix_ms) / 100 {
            return None;
        }
        let wait = (u128::from(elapsed) * u128::from(left)).checked_div(u128::from(page.bytes))?;
        let at = now_unix_ms.checked_add(u64::try_from(wait).ok()?)?;
        (at < page.to_unix_ms).then_some(at)
    }
}

impl Trailing {
    fn step_ms(&self) -> u64 {
        (self.span_ms / STEPS).max(1000)
    }

    fn add(&mut self, bytes: u64, now_unix_ms: u64) {
        let step_ms = self.step_ms();
        let step = now_unix_ms / step_ms;
        let many = self.span_ms.div_ceil(step_ms);
        while self.steps.front().is_some_and(|(number, _)| number + many <= step) {
            self.steps.pop_front();
        }
        // Steps that lie ahead were made before the clock was set back; the next one may be a matter of a second.
        while self.steps.back().is_some_and(|(number, _)| *number > step + 1) {
            self.steps.pop_back();
            self.known_from_unix_ms = now_unix_ms;
        }
        self.known_from_unix_ms = self.known_from_unix_ms.min(now_unix_ms);
        if bytes > 0 {
            self.insert(step, bytes);
        }
    }

    fn insert(&mut self, step: u64, bytes: u64) {
        let at = self.steps.partition_point(|(number, _)| *number < step);
        match self.steps.get_mut(at) {
            Some((number, sum)) if *number == step => *sum = sum.saturating_add(bytes),
            _ => self.steps.insert(at, (step, bytes)),
        }
    }
}

impl Pages {
    fn turn(&mut self, reached: &mut usize, period: Period, now_unix_ms: u64, calendar: &Calendar) -> bool {
        let looked_at = std::mem::replace(&mut self.looked_at_unix_ms, now_unix_ms);
        if (self.page.from_unix_ms..self.page.to_unix_ms).contains(&now_unix_ms) {
            return false;
        }
        let Some(bounds) = Bounds::of(period, now_unix_ms, calendar) else { return false };
        let next = match self.before.take() {
            Some(before) if before.from_unix_ms == bounds.from_unix_ms => before,
            _ => {
                let whole = looked_at <= bounds.from_unix_ms && now_unix_ms - looked_at <= NEXT_LOOK_MS;
                Page::begin(bounds, if whole { bounds.from_unix_ms } else { now_unix_ms })
            }
        };
        let mut over = std::mem::replace(&mut self.page, next);
        over.reached = std::mem::replace(reached, self.page.reached);
        self.before = Some(over);
        true
    }
}

impl Page {
    fn begin(bounds: Bounds, known_from_unix_ms: u64) -> Self {
        let Bounds { from_unix_ms, to_unix_ms } = bounds;
        Self { from_unix_ms, to_unix_ms, bytes: 0, known_from_unix_ms, reached: 0 }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const DAY_MS: u64 = 86_400_000;
    /// 2026-11-01 00:00 UTC.
    const NOVEMBER: u64 = 1_793_491_200_000;

    fn calendar() -> Calendar {
        Calendar::new(TimeZone::UTC, 1)
    }

    struct Counted {
        sum: Sum,
        period: Period,
        reached: usize,
    }

    impl Counted {
        fn new(period: Period, now: u64) -> Self {
            Self { sum: Sum::begin(period, now, &calendar()).unwrap(), period, reached: 0 }
        }

        fn add(&mut self, bytes: u64, now: u64) -> bool {
            self.sum.add(bytes, &mut self.reached, self.period, now, &calendar())
        }
    }

    #[test]
    fn a_trailing_sum_forgets_what_is_older_than_its_span() {
        let mut counted = Counted::new(Period::Trailing { seconds: 60 }, 0);
        counted.add(5, 1000);
        counted.add(7, 31_000);
        assert_eq!(counted.sum.bytes(), 12);
        counted.add(0, 60_999);
        assert_eq!(counted.sum.bytes(), 12);
        counted.add(0, 61_000);
        assert_eq!(counted.sum.bytes(), 7);
        counted.add(0, 10 * DAY_MS);
        assert_eq!(counted.sum.bytes(), 0);
    }

    #[test]
    fn a_long_trailing_sum_takes_no_more_than_sixty_steps() {
        let mut counted = Counted::new(Period::Trailing { seconds: 86_400 }, 0);
        for second in 0..2 * 86_400 {
            counted.add(1, second * 1000);
        }
        let Sum::Trailing(trailing) = &counted.sum else { panic!("not trailing") };
        assert!(trailing.steps.len() <= 60, "{}", trailing.steps.len());
        let (bytes, day) = (counted.sum.bytes(), 86_400);
        assert!(bytes <= day && bytes > day - day / 60 - 1, "never more than the span holds: {bytes}");
    }

    #[test]
    fn a_trailing_sum_says_from_when_on_it_is_known() {
        let mut counted = Counted::new(Period::Trailing { seconds: 60 }, 100_000);
        counted.add(0, 159_000);
        assert_eq!(counted.sum.known_from(159_000), Some(100_000));
        assert_eq!(counted.sum.known_from(160_000), None);
    }

    #[test]
    fn a_clock_set_back_a_year_leaves_no_bytes_in_the_future() {
        let mut counted = Counted::new(Period::Trailing { seconds: 3600 }, 400 * DAY_MS);
        counted.add(9, 400 * DAY_MS);
        counted.add(1, 35 * DAY_MS);
        assert_eq!((counted.sum.bytes(), counted.sum.known_from(35 * DAY_MS)), (1, Some(35 * DAY_MS)));
    }

    #[test]
    fn a_month_begins_anew_and_is_whole_where_somebody_looked_on() {
        let december = NOVEMBER + 30 * DAY_MS;
        let mut counted = Counted::new(Period::Month, NOVEMBER + DAY_MS);
        counted.add(5, december - 1000);
        counted.reached = 2;
        assert_eq!((counted.sum.bytes(), counted.sum.known_from(december)), (5, Some(NOVEMBER + DAY_MS)));
        assert!(counted.add(3, december), "it is another month");
        assert_eq!((counted.sum.bytes(), counted.reached, counted.sum.known_from(december)), (3, 0, None));
        assert!(!counted.add(1, december + 1000));
    }

    #[test]
    fn a_month_that_began_unseen_is_known_from_the_first_look_on() {
        let december = NOVEMBER + 30 * DAY_MS;
        let mut counted = Counted::new(Period::Month, NOVEMBER);
        counted.add(5, NOVEMBER);
        counted.add(3, december + DAY_MS);
        assert_eq!((counted.sum.bytes(), counted.sum.known_from(0)), (3, Some(december + DAY_MS)));
    }

    #[test]
    fn a_clock_that_jumps_away_and_back_finds_its_sum_and_what_was_told() {
        let mut counted = Counted::new(Period::Month, NOVEMBER);
        counted.add(5, NOVEMBER + DAY_MS);
        counted.reached = 1;
        assert!(counted.add(1, NOVEMBER - 365 * DAY_MS));
        assert_eq!((counted.sum.bytes(), counted.reached), (1, 0));
        assert!(counted.add(2, NOVEMBER + DAY_MS));
        assert_eq!((counted.sum.bytes(), counted.reached), (7, 1));
    }

    #[test]
    fn a_forecast_goes_by_the_pace_so_far() {
        let mut counted = Counted::new(Period::Month, NOVEMBER);
        let tenth = NOVEMBER + 10 * DAY_MS;
        counted.add(40, tenth);
        assert_eq!(counted.sum.forecast(80, tenth), Some(NOVEMBER + 20 * DAY_MS));
        assert_eq!(counted.sum.forecast(100, tenth), Some(NOVEMBER + 25 * DAY_MS));
        assert_eq!(counted.sum.forecast(121, tenth), None, "not in this month");
        assert_eq!(counted.sum.forecast(40, tenth), None, "it is reached");
        let mut early = Counted::new(Period::Month, NOVEMBER);
        early.add(40, NOVEMBER + 3_600_000);
        assert_eq!(early.sum.forecast(80, NOVEMBER + 3_600_000), None, "an hour of a month says nothing");
        let mut late = Counted::new(Period::Month, NOVEMBER + 9 * DAY_MS);
        late.add(40, tenth);
        assert_eq!(late.sum.forecast(80, tenth), Some(tenth + DAY_MS), "the pace is that of what was seen");
    }

    #[test]
    fn what_was_before_is_added_where_it_belongs() {
        let mut month = Counted::new(Period::Month, NOVEMBER + DAY_MS);
        month.add(1, NOVEMBER + DAY_MS);
        month.sum.add_past(7, NOVEMBER - 1, NOVEMBER);
        month.sum.add_past(5, NOVEMBER, NOVEMBER);
        assert_eq!((month.sum.bytes(), month.sum.known_from(NOVEMBER + DAY_MS)), (6, None));
        let mut hour = Counted::new(Period::Trailing { seconds: 3600 }, 7_200_000);
        hour.add(1, 7_200_000);
        hour.sum.add_past(5, 3_700_000, 3_600_000);
        assert_eq!((hour.sum.bytes(), hour.sum.known_from(7_200_000)), (6, None));
        hour.add(0, 7_320_000);
        assert_eq!(hour.sum.bytes(), 1);
    }
}
