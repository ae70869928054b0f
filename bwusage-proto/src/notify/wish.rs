//! What somebody wants to be told of, and how long it may take.

use std::{fmt, ops::RangeInclusive, time::Duration};

use crate::alert::{EventKind, Severity};

use super::Notice;

/// Seconds that a delivery may take.
const TIMEOUTS_S: RangeInclusive<u64> = 1..=300;

/// Which events somebody wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    states: Vec<EventKind>,
    least: Severity,
    /// Numbers of rules; none is every rule.
    rules: Vec<u64>,
}

/// What was written of a [`Wish`] and makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWish {
    /// No state was named.
    #[error("states must name firing, resolved or both")]
    States,
    /// Too short or too long a wait.
    #[error("timeout_s must be from {} to {}", TIMEOUTS_S.start(), TIMEOUTS_S.end())]
    Timeout,
}

impl Wish {
    /// Of what a configuration says: the states, the least severity, and the numbers of the rules. Where it says nothing, it is
    /// everything.
    ///
    /// # Errors
    ///
    /// There is a list of states, and nothing in it.
    pub fn new(
        states: Option<Vec<EventKind>>,
        least: Option<Severity>,
        rules: Vec<u64>,
    ) -> Result<Self, NoWish> {
        let states = states.unwrap_or_else(|| vec![EventKind::Firing, EventKind::Resolved]);
        if states.is_empty() {
            return Err(NoWish::States);
        }
        Ok(Self { states, least: least.unwrap_or(Severity::Info), rules })
    }

    /// To be told of everything.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            states: vec![EventKind::Firing, EventKind::Resolved],
            least: Severity::Info,
            rules: Vec::new(),
        }
    }

    /// Whether `notice` is one of them.
    #[must_use]
    pub fn includes(&self, notice: &Notice) -> bool {
        self.states.contains(&notice.kind)
            && notice.severity >= self.least
            && (self.rules.is_empty() || self.rules.contains(&notice.rule))
    }
}

/// `when every rule of info or more is firing or resolved`
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("when ")?;
        match &*self.rules {
            [] => f.write_str("every rule")?,
            rules => write!(f, "rules {rules:?}")?,
        }
        let states: Vec<&str> = self.states.iter().map(|state| state.name()).collect();
        write!(f, " of {} or more is {}", self.least.name(), states.join(" or "))
    }
}

/// How long a delivery may take: so many seconds as were `written`, or as are `usual`.
///
/// # Errors
///
/// It is not from 1 to 300.
pub fn timeout(written: Option<u64>, usual: u64) -> Result<Duration, NoWish> {
    let seconds = written.unwrap_or(usual);
    if TIMEOUTS_S.contains(&seconds) { Ok(Duration::from_secs(seconds)) } else { Err(NoWish::Timeout) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::notice::tests::notice;

    #[test]
    fn who_says_nothing_is_told_of_everything() {
        let wish = Wish::new(None, None, vec![]).unwrap();
        assert_eq!(wish, Wish::everything());
        assert!(wish.includes(&notice(1)));
        assert_eq!(wish.to_string(), "when every rule of info or more is firing or resolved");
    }

    #[test]
    fn a_wish_is_for_states_severities_and_rules() {
        let notice = Notice { kind: EventKind::Firing, severity: Severity::Warning, rule: 3, ..notice(1) };
        let includes = |states: &[EventKind], least, rules: &[u64]| {
            Wish::new(Some(states.to_vec()), Some(least), rules.to_vec()).unwrap().includes(&notice)
        };
        assert!(includes(&[EventKind::Firing], Severity::Warning, &[2, 3]));
        assert!(!includes(&[EventKind::Resolved], Severity::Warning, &[]));
        assert!(!includes(&[EventKind::Firing], Severity::Critical, &[]));
        assert!(!includes(&[EventKind::Firing], Severity::Info, &[2]));
        assert_eq!(Wish::new(Some(vec![]), None, vec![]), Err(NoWish::States));
    }

    #[test]
    fn a_delivery_takes_from_a_second_to_five_minutes() {
        assert_eq!(timeout(None, 10), Ok(Duration::from_secs(10)));
        assert_eq!(timeout(Some(300), 10), Ok(Duration::from_mins(5)));
        for wrong in [0, 301] {
            assert_eq!(timeout(Some(wrong), 10), Err(NoWish::Timeout));
        }
    }
}
