//! What a case came to: its figures, and what is wrong with them.

use std::fmt;

use super::limits::Limits;

/// The figures of one case, in bytes, both directions added.
pub(in crate::suite) struct Outcome {
    /// Payload by the processes' own account.
    pub(super) truth: u64,
    /// Payload of the same processes in the table.
    pub(super) counted: u64,
    /// Difference between the two, each process and direction by itself.
    pub(super) payload_off: u64,
    /// Bytes that do not stand under the process that moved them.
    pub(super) misnamed: u64,
    /// The wire, where the cable can tell.
    pub(super) wire: Option<Wire>,
    /// What else is worth knowing.
    pub(super) note: Option<String>,
}

pub(super) struct Wire {
    pub(super) carried: u64,
    pub(super) counted: u64,
    /// Difference between the two, each end and direction by itself.
    pub(super) off: u64,
}

impl Outcome {
    pub(super) const HEADER: &str = concat!(
        "case                                                truth      counted    error   right name",
        "        cable      counted    error"
    );

    /// Fails when a share is above its limit.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), String> {
        let within = |what: &str, off: u64, of: u64, limit: f64| match share(off, of) {
            part if part <= limit => Ok(()),
            part => {
                Err(format!("{what}: {off} of {of} bytes, {:.3} %; allowed {:.1} %", part * 1e2, limit * 1e2))
            }
        };
        if self.whole() == 0 {
            return Err("nothing was moved".into());
        }
        within("payload that is off", self.payload_off, self.truth, limits.payload)?;
        within("under another name", self.misnamed, self.whole(), limits.misnamed)?;
        self.wire
            .as_ref()
            .map_or(Ok(()), |seen| within("wire that is off", seen.off, seen.carried, limits.wire))
    }

    /// What must stand under the right name: payload, or the wire of a case that moves none.
    fn whole(&self) -> u64 {
        match &self.wire {
            Some(wire) if self.truth == 0 => wire.carried,
            _ => self.truth,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { truth, counted, payload_off, misnamed, wire, note } = self;
        let percent = |off: u64, of: u64| share(off, of) * 1e2;
        let right = (100.0 - percent(*misnamed, self.whole())).max(0.0);
        write!(f, "{truth:>12} {counted:>12} {:>7.3}% {right:>11.3}%", percent(*payload_off, *truth))?;
        match wire {
            Some(Wire { carried, counted, off }) => {
                write!(f, " {carried:>12} {counted:>12} {:>7.3}%", percent(*off, *carried))?;
            }
            None => write!(f, " {:>12}", "-")?,
        }
        note.as_ref().map_or(Ok(()), |note| write!(f, "\n    {note}"))
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
