//! Growth and speed of running totals.

/// Speed of a total that grew by `growth` over `span_ms`; `None` for an empty span.
#[must_use]
pub fn per_second(growth: u64, span_ms: u64) -> Option<u64> {
    let scaled = u128::from(growth) * 1000;
    let span = u128::from(span_ms);
    (span > 0).then(|| u64::try_from((scaled + span / 2) / span).unwrap_or(u64::MAX))
}

/// A running total at the moment it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<T> {
    /// The total.
    pub total: T,
    /// When, on the steady clock.
    pub at_ms: u64,
}

/// Speed between two readings of one total; `None` when it restarted in between or no time passed.
#[must_use]
pub fn speed(before: Reading<u64>, now: Reading<u64>) -> Option<u64> {
    per_second(now.total.checked_sub(before.total)?, now.at_ms.checked_sub(before.at_ms)?)
}

/// Processor share between two readings of processor time in milliseconds, in hundredths of a percent of one core.
#[must_use]
pub fn cpu_centipercent(before: Reading<u64>, now: Reading<u64>) -> Option<u32> {
    let used = now.total.checked_sub(before.total)?;
    let span = now.at_ms.checked_sub(before.at_ms).filter(|&span| span > 0)?;
    u32::try_from(used.saturating_mul(10_000) / span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(at_ms: u64, total: u64) -> Reading<u64> {
        Reading { total, at_ms }
    }

    #[test]
    fn speed_is_growth_over_the_true_span() {
        assert_eq!(speed(at(1000, 500), at(3000, 4500)), Some(2000));
        assert_eq!(speed(at(0, 0), at(3, 1)), Some(333));
    }

    #[test]
    fn a_counter_that_ran_backwards_has_no_speed() {
        assert_eq!(speed(at(0, 10), at(1000, 9)), None);
    }

    #[test]
    fn no_time_has_no_speed() {
        assert_eq!(speed(at(5, 1), at(5, 2)), None);
        assert_eq!(per_second(1, 0), None);
    }

    #[test]
    fn a_speed_beyond_u64_stays_at_the_top() {
        assert_eq!(per_second(u64::MAX, 1), Some(u64::MAX));
    }

    #[test]
    fn one_busy_core_is_ten_thousand() {
        assert_eq!(cpu_centipercent(at(0, 100), at(2000, 2100)), Some(10_000));
    }
}
