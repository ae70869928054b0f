//! Several interfaces added up.

use std::collections::BTreeMap;

use bwusage_proto::ledger::{Line, Reason, Side, Summary};

use super::side::{Direction, clamp};

/// What an interface charged itself of the packets that it passed to or from the one that it stands on.
const OWN: [Reason; 7] = [
    Reason::Processes,
    Reason::Kernel,
    Reason::NoSocket,
    Reason::Tunnel,
    Reason::NotSent,
    Reason::Copies,
    Reason::Lost,
];

/// Both directions of several interfaces.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    rx: Lines,
    tx: Lines,
}

#[derive(Debug, Clone, Default)]
struct Lines {
    counter: u64,
    bytes: BTreeMap<Reason, i128>,
}

impl Sum {
    pub(super) fn add(&mut self, direction: Direction, side: &Side) {
        let lines = match direction {
            Direction::Rx => &mut self.rx,
            Direction::Tx => &mut self.tx,
        };
        lines.counter = lines.counter.saturating_add(side.counter);
        for line in &side.lines {
            *lines.bytes.entry(line.reason).or_default() += i128::from(line.bytes);
        }
    }

    /// Gives the stacked bytes of these devices the names that they have on the interfaces above.
    pub(super) fn name_stacked(&mut self, above: &Self) {
        self.rx.name_stacked(&above.rx);
        self.tx.name_stacked(&above.tx);
    }

    pub(super) fn into_summary(self) -> Summary {
        Summary { rx: self.rx.into_side(), tx: self.tx.into_side() }
    }
}

impl Lines {
    fn of(&self, reason: Reason) -> i128 {
        self.bytes.get(&reason).copied().unwrap_or(0)
    }

    /// An interface above may lead elsewhere too (a bridge to containers), so it can have more than these devices carried for it.
    /// Then each of its lines counts in proportion.
    fn name_stacked(&mut self, above: &Self) {
        let whole: i128 = OWN.into_iter().map(|reason| above.of(reason)).sum();
        let stacked = self.of(Reason::Stacked);
        if whole > 0 {
            let named = whole.min(stacked).max(0);
            for reason in OWN {
                self.rename(reason, above.of(reason).saturating_mul(named) / whole);
            }
        }
        for reason in [Reason::Namespaces, Reason::Forwarded] {
            self.rename(reason, above.of(reason).min(self.of(Reason::Stacked)).max(0));
        }
    }

    fn rename(&mut self, reason: Reason, bytes: i128) {
        *self.bytes.entry(reason).or_default() += bytes;
        *self.bytes.entry(Reason::Stacked).or_default() -= bytes;
    }

    fn into_side(self) -> Side {
        let lines = self.bytes.into_iter().map(|(reason, bytes)| Line { reason, bytes: clamp(bytes) });
        Side { counter: self.counter, lines: lines.filter(|line| line.bytes != 0).collect() }
    }
}
