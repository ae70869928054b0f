//! What is known about the connection to the daemon.

use std::time::Duration;

/// The connection as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet, and nothing went wrong so far.
    Connecting,
    /// Ticks arrive.
    Live,
    /// The connection failed or was lost.
    Lost(Lost),
}

/// A connection that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// When it went, as [`super::App`] counts time.
    pub since: Duration,
    /// When the next try is made.
    pub retry_at: Duration,
    /// What went wrong at the last try.
    pub trouble: Trouble,
}

/// Why there is no connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trouble {
    /// In three words, for the header line.
    pub headline: String,
    /// In a sentence.
    pub sentence: String,
    /// What to type next, a line each.
    pub hints: Vec<String>,
    /// True when waiting alone will not help, so that it deserves the whole screen.
    pub needs_user: bool,
    /// How long until the next try.
    pub retry_in: Duration,
}

impl Link {
    /// Notes a failed try. The moment of the loss stays that of the first one.
    pub fn down(&mut self, trouble: Trouble, now: Duration) {
        let since = match self {
            Self::Lost(lost) => lost.since,
            Self::Connecting | Self::Live => now,
        };
        *self = Self::Lost(Lost { since, retry_at: now + trouble.retry_in, trouble });
    }

    /// The trouble, when there is one.
    #[must_use]
    pub fn lost(&self) -> Option<&Lost> {
        match self {
            Self::Lost(lost) => Some(lost),
            Self::Connecting | Self::Live => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_failed_tries_do_not_move_the_moment_of_the_loss() {
        let mut link = Link::Live;
        for second in [10, 11, 13] {
            let trouble = Trouble { retry_in: Duration::from_secs(2), ..Trouble::default() };
            link.down(trouble, Duration::from_secs(second));
        }
        let lost = link.lost().unwrap();
        assert_eq!((lost.since, lost.retry_at), (Duration::from_secs(10), Duration::from_secs(15)));
    }
}
