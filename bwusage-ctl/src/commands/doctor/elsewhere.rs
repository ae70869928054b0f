//! Machines without Linux: nothing is decided by settings that we could look up.

use super::check::Check;

pub(super) fn checks(_daemon_answers: bool) -> Vec<Check> {
    vec![Check::unknown("machine", format!("there are no checks of {} itself yet", std::env::consts::OS))]
}

/// Ways of counting: none is known here.
pub(super) const fn rungs() -> Vec<Check> {
    Vec::new()
}
