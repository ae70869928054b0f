//! Why a notice did not arrive, and whether another attempt can help.

use std::{io, time::Duration};

use bwusage_proto::notify::{Obstacle, webhook::Unposted};

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error("this session shows no notifications")]
    Desktop(#[source] notify_rust::error::Error),
    #[error(transparent)]
    Webhook(#[from] Unposted),
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
    #[error("{program} ended with status {code}")]
    Exit { program: String, code: i32 },
    #[error("{program} was ended by a signal")]
    Signal { program: String },
    #[error("{what} took longer than {} s", .within.as_secs())]
    TooLong { what: String, within: Duration },
}

/// What a command says that wants to be called again later: `EX_TEMPFAIL` of sysexits.h.
pub(crate) const TRY_AGAIN: i32 = 75;

impl Obstacle for Undelivered {
    fn is_transient(&self) -> bool {
        match self {
            Self::Desktop(_) | Self::TooLong { .. } => true,
            Self::Webhook(why) => why.is_transient(),
            Self::Exit { code, .. } => *code == TRY_AGAIN,
            Self::Run { .. } | Self::Signal { .. } => false,
        }
    }

    fn wait_at_least(&self) -> Duration {
        match self {
            Self::Webhook(why) => why.wait_at_least(),
            _ => Duration::ZERO,
        }
    }
}

impl Undelivered {
    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Desktop(_) => {
                Some("without a desktop use a webhook or a command:   bwusage-ctl notify --example")
            }
            Self::Webhook(why) => why.hint(),
            Self::Run { .. } => Some("argv begins with the path of a program that you may execute"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_called_again_only_when_it_asks_for_it() {
        let exit = |code| Undelivered::Exit { program: "p".into(), code };
        assert!(exit(TRY_AGAIN).is_transient() && !exit(1).is_transient());
        assert!(!Undelivered::Signal { program: "p".into() }.is_transient());
    }
}
