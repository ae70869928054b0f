//! The link with which the first admin is made: printed once where only the machine's administrator reads it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    secret::{Digest, Secret},
    time::UnixMs,
};

/// Random bytes in it.
const BYTES: usize = 24;
/// How long it is good.
pub(crate) const LIFE: Duration = Duration::from_mins(15);

/// The token of the link, if there is one.
#[derive(Debug, Default)]
pub(crate) struct SetUp(Mutex<Option<(Digest, UnixMs)>>);

impl SetUp {
    /// A new token, which is good for [`LIFE`]; one made before is not any more.
    pub(crate) fn issue(&self, now: UnixMs) -> Secret {
        let secret = Secret::random::<BYTES>("");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((secret.digest(), now.after(LIFE)));
        secret
    }

    /// Whether `token` is the one, and still good.
    pub(crate) fn accepts(&self, token: &str, now: UnixMs) -> bool {
        let issued = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        issued.is_some_and(|(digest, until)| now < until && digest == Digest::of(token))
    }

    /// It has been used.
    pub(crate) fn used(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_000_000_000);

    #[test]
    fn only_the_newest_token_is_good_and_only_once() {
        let set_up = SetUp::default();
        assert!(!set_up.accepts("", NOW));
        let (first, second) = (set_up.issue(NOW), set_up.issue(NOW));
        assert!(!set_up.accepts(first.reveal(), NOW) && set_up.accepts(second.reveal(), NOW));
        set_up.used();
        assert!(!set_up.accepts(second.reveal(), NOW));
    }

    #[test]
    fn a_token_is_good_for_15_minutes() {
        let set_up = SetUp::default();
        let token = set_up.issue(NOW);
        assert!(set_up.accepts(token.reveal(), UnixMs(NOW.0 + 15 * 60 * 1000 - 1)));
        assert!(!set_up.accepts(token.reveal(), UnixMs(NOW.0 + 15 * 60 * 1000)));
    }
}
