//! What a route asks of whoever calls it, and who has it. Pure.

use super::{
    Asker,
    role::{Role, Scope},
};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: the login itself, and what a browser needs to show it.
    Nothing,
    /// Nothing, and what is sent is a form: how a browser without scripts logs in and out.
    Form,
    /// A person who may look; anyone else is sent to the login.
    Page,
    /// Anyone who may read the metrics.
    Metrics,
    /// Anyone who may look: a viewer, or a token to read with.
    Read,
    /// A person with at least this role; no token.
    Role(Role),
}

/// Why somebody is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nobody knows who it is.
    WhoIsIt,
    /// It is a person, who has to log in.
    ToLogin,
    /// It is known, and may not.
    MayNot,
}

impl Needs {
    /// Whether `asker` is let through.
    pub(crate) fn admit(self, asker: Option<&Asker>) -> Result<(), Refused> {
        let Some(asker) = asker else {
            return match self {
                Self::Nothing | Self::Form => Ok(()),
                Self::Page => Err(Refused::ToLogin),
                Self::Metrics | Self::Read | Self::Role(_) => Err(Refused::WhoIsIt),
            };
        };
        let may = match (self, asker) {
            (Self::Nothing | Self::Form | Self::Metrics, _)
            | (Self::Page | Self::Read, Asker::Local { .. } | Asker::Person { .. }) => true,
            (Self::Read, Asker::Token { scope, .. }) => *scope >= Scope::Read,
            (Self::Role(needed), Asker::Local { .. } | Asker::Person { .. }) => asker.role() >= needed,
            (Self::Page | Self::Role(_), Asker::Token { .. })
            | (Self::Page | Self::Read | Self::Role(_), Asker::Scraper) => false,
        };
        if may { Ok(()) } else { Err(Refused::MayNot) }
    }
}
