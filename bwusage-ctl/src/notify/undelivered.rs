//! Why a notice did not arrive, and whether another attempt can help.

use std::{io, time::Duration};

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error("this session shows no notifications")]
    Desktop(#[source] notify_rust::error::Error),
    #[error("cannot post to {host}")]
    Post { host: String, source: Box<ureq::Error> },
    #[error("{host} answered with status {status}")]
    Status { host: String, status: u16, retry_after: Option<Duration> },
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
    #[error("{program} ended with status {code}")]
    Exit { program: String, code: i32 },
    #[error("{program} was ended by a signal")]
    Signal { program: String },
    #[error("{what} took longer than {} s", .within.as_secs())]
    TooLong { what: String, within: Duration },
    #[error("the thread that does it is gone")]
    Thread(#[source] tokio::task::JoinError),
}

/// What a command says that wants to be called again later: `EX_TEMPFAIL` of sysexits.h.
pub(crate) const TRY_AGAIN: i32 = 75;

impl Undelivered {
    /// Whether the same attempt can succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Desktop(_) | Self::Post { .. } | Self::TooLong { .. } | Self::Thread(_) => true,
            // Too early, too many, and everything that is the fault of the server.
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Exit { code, .. } => *code == TRY_AGAIN,
            Self::Run { .. } | Self::Signal { .. } => false,
        }
    }

    /// How long the other side wants to be left alone.
    pub(crate) fn wait_at_least(&self) -> Duration {
        match self {
            Self::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }

    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Desktop(_) => {
                Some("without a desktop use a webhook or a command:   bwusage-ctl notify --example")
            }
            Self::Status { status: 300..=399, .. } => {
                Some("redirects are not followed: put the address that it leads to into url")
            }
            Self::Status { status: 401 | 403, .. } => {
                Some("does it want a token? see headers in notify.toml")
            }
            Self::Run { .. } => Some("argv begins with the path of a program that you may execute"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Undelivered {
        Undelivered::Status { host: "h".into(), status, retry_after: None }
    }

    #[test]
    fn what_the_server_may_mend_is_tried_again() {
        for (code, transient) in
            [(500, true), (503, true), (429, true), (408, true), (301, false), (400, false), (404, false)]
        {
            assert_eq!(status(code).is_transient(), transient, "{code}");
        }
    }

    #[test]
    fn a_command_is_called_again_only_when_it_asks_for_it() {
        let exit = |code| Undelivered::Exit { program: "p".into(), code };
        assert!(exit(TRY_AGAIN).is_transient() && !exit(1).is_transient());
        assert!(!Undelivered::Signal { program: "p".into() }.is_transient());
    }

    #[test]
    fn the_commonest_mistakes_have_their_hint() {
        assert!(status(302).hint().unwrap().contains("url"));
        assert!(status(401).hint().unwrap().contains("headers"));
        assert_eq!(status(500).hint(), None);
    }
}
