//! What can be wrong with a rule.

use crate::format::AmountError;

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at {at}")]
pub struct RuleError {
    /// What is wrong, and what to type instead.
    pub problem: RuleProblem,
    /// The character at which it is, counted from 1.
    pub at: usize,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// Neither a scope nor a condition.
    #[error(
        "a condition is expected: rx, tx, total, rate.rx, rate.tx, rate.total, cpu, mem, ledger.lost, 'new application' or 'background application moves data'"
    )]
    Condition,
    /// A scope without a name.
    #[error("a name is expected, such as 'app firefox:'; put one with spaces in quotation marks")]
    Name,
    /// A scope that does not end.
    #[error("':' is expected after the name, and then the condition, such as 'app firefox: rx > 1GiB / 1d'")]
    Colon,
    /// Another comparison, or none.
    #[error("'>' is expected")]
    Greater,
    /// Not an amount.
    #[error("{0}")]
    Amount(AmountError),
    /// Not a speed.
    #[error("a speed is expected, such as 5MB/s or 40Mbit/s")]
    Rate,
    /// Not a percentage.
    #[error("a percentage is expected, such as 90%")]
    Percent,
    /// A share of a cap that is no whole number, or too many, or not in order.
    #[error(
        "up to 8 shares of a cap are expected, smallest first, each from 1% to 1000%, such as '80%, 90%, 100% of 50GB'"
    )]
    Shares,
    /// Percentages without an amount.
    #[error("'of' and an amount are expected, such as '80% of 50GB / month'")]
    OfAmount,
    /// A sum without a time.
    #[error("say over which time: '/ 1d' for the last 24 hours, or '/ day', '/ week', '/ month'")]
    Period,
    /// A sum per second.
    #[error(
        "an amount a second is a speed: write 'rate.rx > 5MB/s', 'rate.tx > 5MB/s' or 'rate.total > 5MB/s'"
    )]
    PeriodIsRate,
    /// Not a span.
    #[error("a time is expected, such as 30s, 15m, 6h, 1d or 2w")]
    Span,
    /// A span that is too short or too long.
    #[error("the time must be from {least} to {most}")]
    SpanRange {
        /// The shortest.
        least: &'static str,
        /// The longest.
        most: &'static str,
    },
    /// More than there is.
    #[error("this can never be: 100% is everything")]
    Never,
    /// An end that does not fit.
    #[error("'until < VALUE' is expected, with a value that is not 0 and not above the threshold")]
    Until,
    /// An end of a sum that ends by itself.
    #[error(
        "a sum since a day, week or month began ends with it, and shares of a cap have their own ends: leave 'until' out"
    )]
    UntilNotHere,
    /// An end of news that does not fit.
    #[error("'until quiet for TIME' is expected, such as 'until quiet for 5m'")]
    UntilQuiet,
    /// A quotation mark that is never closed.
    #[error("unclosed '\"'")]
    Unclosed,
    /// A backslash before something that needs none.
    #[error(r#"\", \\ or \u{{1b}} is expected after the backslash"#)]
    Escape,
    /// A name that nothing has.
    #[error("the name is longer than 255 bytes")]
    NameTooLong,
    /// An interface has traffic only.
    #[error("an interface has only rx, tx, total, rate.rx, rate.tx, rate.total and ledger.lost")]
    NotOfInterface,
    /// News are not told apart by everything.
    #[error(
        "news are of the whole machine, of an app or of a user: write 'new application' or 'user alice: new application'"
    )]
    NewsScope,
    /// A process loses no bytes.
    #[error(
        "ledger.lost is of the whole machine or of an interface: write 'ledger.lost > 0' or 'interface eth0: ledger.lost > 0'"
    )]
    NotOfProcesses,
    /// Something after the end.
    #[error("the rule is over; nothing more is expected")]
    Rest,
    /// A paste.
    #[error("the rule is longer than 1024 bytes")]
    TooLong,
}
