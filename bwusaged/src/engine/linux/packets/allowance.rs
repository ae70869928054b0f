//! How much processor time looking for sockets and processes may take: a tenth of a processor in the long run, and more for a
//! moment, since what is not found while its socket is open is never found. Pure.

use std::time::Duration;

use super::watch::BREATH;

/// The long run: one part in so many.
const SHARE: u32 = 10;
/// Most that is saved up: a crowd of some thousand connections is looked at as often as it can be while it comes.
const SAVED: Duration = Duration::from_secs(1);

/// Processor time that is saved up, or owed.
#[derive(Debug)]
pub(super) struct Allowance {
    saved: Duration,
    owed: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { saved: SAVED, owed: Duration::ZERO }
    }
}

impl Allowance {
    /// How long to rest after a look that kept the processor for `worked` and ended `since` the one before.
    pub(super) fn pause_after(&mut self, worked: Duration, since: Duration) -> Duration {
        let has = self.saved + since / SHARE;
        let spent = self.owed + worked;
        self.saved = has.saturating_sub(spent).min(SAVED);
        self.owed = spent.saturating_sub(has);
        BREATH.max(self.owed * SHARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Duration = Duration::from_millis(20);

    /// The pauses between looks of this length that begin as soon as they may.
    fn pauses(look: Duration, looks: usize) -> Vec<Duration> {
        let (mut allowance, mut since) = (Allowance::default(), Duration::ZERO);
        let pause = |_| {
            let pause = allowance.pause_after(look, since + look);
            since = pause;
            pause
        };
        (0..looks).map(pause).collect()
    }

    #[test]
    fn a_crowd_is_looked_at_without_rest_for_a_while() {
        let (free, looks) = (SAVED.as_millis() / LOOK.as_millis(), 40);
        assert!(free >= looks as u128);
        assert!(pauses(LOOK, looks).iter().all(|&pause| pause == BREATH));
    }

    #[test]
    fn in_the_long_run_it_is_a_tenth_of_a_processor() {
        for look in [LOOK, Duration::from_micros(1500), Duration::from_millis(300)] {
            let looks = 10_000;
            let (worked, paused) = (look * looks, pauses(look, looks as usize).iter().sum::<Duration>());
            let share = worked.saturating_sub(SAVED).as_secs_f64() / (worked + paused).as_secs_f64();
            assert!((0.08..0.101).contains(&share), "{look:?}: {share}");
        }
    }

    #[test]
    fn what_was_saved_up_is_never_more_than_a_second() {
        let mut allowance = Allowance::default();
        allowance.pause_after(Duration::ZERO, Duration::from_hours(1));
        assert_eq!(allowance.pause_after(SAVED, Duration::ZERO), BREATH);
        assert_eq!(allowance.pause_after(LOOK, Duration::ZERO), LOOK * SHARE);
    }
}
