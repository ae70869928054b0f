//! What [`Coverage::quality`] means for whoever reads the numbers.

use serde::Serialize;

use crate::snapshot::Coverage;

/// What a replay of a recording puts before the name of the engine that was recorded.
pub const REPLAY_OF: &str = "replay of ";

/// Wire bytes that are not the count of every packet: what to call them, and how they come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Estimate<'a> {
    /// In a word: `computed`, `sampled`. The daemon says it: escape it before showing it.
    pub word: &'a str,
    /// A sentence without its end.
    pub how: &'static str,
    /// What it would take to have a ledger of interfaces, where there is none.
    pub without_ledger: &'static str,
}

impl<'a> Estimate<'a> {
    /// What `quality` says of wire bytes; `None` where each packet was counted, now or when it was recorded.
    #[must_use]
    pub fn of(quality: &'a str) -> Option<Self> {
        let (how, without_ledger) = match quality {
            "exact" | "recorded" | "" => return None,
            "computed" => (
                "wire bytes are computed from the sockets' own counters; payload bytes are exact",
                "no packet is looked at in light mode, so none is counted at an interface: a ledger takes bwusaged --counting exact",
            ),
            "sampled" => (
                "wire bytes are those of copies of packets; whose they are tells the kernel's list of sockets",
                "copies of packets keep no books of interfaces: a ledger takes a kernel on which BPF counts (see bwusage-ctl doctor)",
            ),
            _ => (
                "wire bytes are not the count of each packet",
                "see bwusage-ctl doctor for what would keep one",
            ),
        };
        Some(Self { word: quality, how, without_ledger })
    }
}

impl Coverage {
    /// What its wire bytes are, where they are not the count of every packet.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate<'_>> {
        Estimate::of(&self.quality)
    }

    /// Whether a recording is played: nothing of it happens now.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.quality == "recorded" || self.engine.starts_with(REPLAY_OF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_counted_packet_by_packet_is_an_estimate() {
        for counted in ["exact", "recorded", ""] {
            assert_eq!(Estimate::of(counted), None, "{counted}");
        }
        for word in ["computed", "sampled", "divined"] {
            assert_eq!(Estimate::of(word).map(|estimate| estimate.word), Some(word));
        }
    }

    #[test]
    fn a_recording_is_known_by_its_quality_or_by_who_plays_it() {
        let coverage = |engine: &str, quality: &str| Coverage {
            engine: engine.into(),
            quality: quality.into(),
            ..Coverage::default()
        };
        assert!(coverage("x", "recorded").is_recorded());
        assert!(coverage("replay of x", "computed").is_recorded());
        assert!(!coverage("x", "computed").is_recorded());
    }
}
