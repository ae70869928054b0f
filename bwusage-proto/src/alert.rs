//! Alerts: rules in a small language, what became of them, and the events that they make.
//!
//! A rule is one line: `app firefox: rx > 1GiB / 1d`. Before the colon stands whose use it watches; without that, the whole
//! machine's.
//!
//! | scope | whose |
//! |---|---|
//! | `host:` | the machine's; may be left out |
//! | `app firefox:` | all processes of an application, by the name in the table |
//! | `user alice:` `user 1000:` | all processes of a user |
//! | `unit nginx.service:` | all processes of a systemd unit |
//! | `container web:` `container docker:web:` | all processes of a container, by its name or id |
//! | `interface eth0:` | a network interface's |
//!
//! A name with a space, or one that begins with a quotation mark, is put in quotation marks; inside, `\"`, `\\` and `\u{1b}` are
//! characters.
//!
//! | condition | holds when |
//! |---|---|
//! | `rx > 1GiB / 1d` | more than 1 GiB were received in the last 24 hours; `30s` `15m` `6h` `1d` `2w` |
//! | `total > 50GB / month` | more than 50 GB were moved since the month began; `day` (midnight), `week` (Monday), `month` (billing day) |
//! | `total > 80%, 90%, 100% of 50GB / month` | as before, and it fires once at each of these shares of a cap |
//! | `rate.tx > 5MB/s for 30s` | more than 5 MB/s were sent, for 30 s without a break; also `kbit/s`, `Mbit/s`, `Gbit/s` |
//! | `cpu > 90% for 60s` | of the machine: of all processors; of everything else: of one processor, as in the table |
//! | `mem > 90%` `mem > 4GiB` | of the installed memory; resident memory |
//! | `new application` | an application moves data that did not before; until it was quiet for a minute |
//! | `background application moves data` | one that has no window and no terminal, and is no service; until it was quiet for a minute |
//! | `ledger.lost > 0` | bytes could not be attributed within the last 10 minutes, or `/ 1d`, `/ month`; of the machine or an interface |
//!
//! `rx`, `tx` and `total` are bytes on the wire, as data plans count them: of an application, user, unit or container those that
//! left the machine or entered it (not over the loopback interface), of the machine and of interfaces what the interfaces count.
//! `1M` and `1MiB` are 1024², `1MB` is 1000².
//!
//! A sum over the last so many hours is kept in steps of a sixtieth. A condition ends when the value is at nine tenths of the
//! threshold or below, unless `until < 4MB/s` says otherwise; a sum of a calendar period ends with the period. `until quiet for 5m`
//! says when news end; they are of the machine, an application or a user.
//!
//! What is told of a rule is told in the units that it is written in.
//!
//! Rules travel as text, so that the language can grow without a change of the wire; the daemon checks what it is sent.

use std::{fmt, str::FromStr};

mod dry_run;
mod error;
mod message;
mod number;
mod parse;
mod rule;
mod words;
pub use dry_run::{DRY_RUN_S, DryRun, Firing, MAX_FIRINGS};
pub use error::{RuleError, RuleProblem};
pub use message::{
    AlertEvent, AlertLog, AlertRule, AlertState, Alerts, AlertsRequest, EventKind, Events, EventsQuery,
    LogQuery, Measured, NewRule, RuleId, RuleList, RuleStatus, Severity, Trial, Unit,
};
pub use rule::{Condition, Gauge, Limit, News, Period, Rule, Scope, Summed};
pub use words::units_of;

/// The longest rule, in bytes of text.
pub const MAX_RULE_BYTES: usize = 1024;
/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 512;
/// Time after an alert fired in which it does not fire again, unless its rule says otherwise.
pub const DEFAULT_COOLDOWN_S: u32 = 300;
/// The longest cooldown: 31 days.
pub const MAX_COOLDOWN_S: u32 = 31 * 86_400;

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// Says what is wrong, at which character, and what to type.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        parse::parse(text)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::parse(text)
    }
}

/// The rule as [`Rule::parse`] reads it, with one way to write each. Holds no character that would act on a terminal.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope != Scope::Host {
            write!(f, "{}: ", self.scope)?;
        }
        write!(f, "{}", self.condition)
    }
}

#[cfg(test)]
mod tests;
