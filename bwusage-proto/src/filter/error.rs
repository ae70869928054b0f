//! What can be wrong with a filter.

use crate::format::AmountError;

/// Why a text is no filter. `at` counts characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A bracket, quote or slash that is never closed.
    #[error("unclosed '{opener}' at {at}")]
    Unclosed {
        /// What was opened.
        opener: char,
        /// Where.
        at: usize,
    },
    /// Nothing where a word should be.
    #[error("a word is missing at {at}")]
    WordMissing {
        /// Where.
        at: usize,
    },
    /// A closing parenthesis that nothing opened.
    #[error("')' without '(' at {at}")]
    Unopened {
        /// Where.
        at: usize,
    },
    /// A field that does not exist.
    #[error(
        "unknown field '{name}' at {at}: use user, pid, app, title, name, exe, unit, ct, category with ':', of connections port, remote, proto, state, iface too, or rx, tx, rx_total, tx_total, cpu, mem with '>'"
    )]
    UnknownField {
        /// What was asked for.
        name: String,
        /// Where.
        at: usize,
    },
    /// Not a number where one should be.
    #[error("{reason} at {at}")]
    Number {
        /// What is wrong.
        reason: AmountError,
        /// Where.
        at: usize,
    },
    /// Not a process number where one should be.
    #[error("a process number is expected at {at}")]
    Pid {
        /// Where.
        at: usize,
    },
    /// Neither a port nor the name of one.
    #[error("a port number or the name of a service is expected at {at}")]
    Port {
        /// Where.
        at: usize,
    },
    /// Not a regular expression.
    #[error("the regular expression at {at} is not valid: {reason}")]
    Regex {
        /// What the compiler of expressions says.
        reason: String,
        /// Where it begins.
        at: usize,
    },
    /// Too deep.
    #[error("more than 64 levels of '(' and '!' at {at}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// Too long.
    #[error("the filter is longer than 4096 bytes")]
    TooLong,
}

/// A filter that asks of processes what only connections have. Where those are is for each client to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: filters connections, not processes")]
pub struct NotOfProcesses {
    /// The field, without its colon.
    pub field: &'static str,
}
