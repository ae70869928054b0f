//! The last ten minutes, second by second: in memory only. Pure.

use std::{collections::VecDeque, sync::Arc};

use bwusage_proto::{
    history::Amount,
    units::{Counters, Scope, Wire},
};

use super::{
    collect::others_of,
    minute::{HostSums, Span},
};
use crate::usage::store::Mover;

/// So long a second is kept.
pub const KEEP_S: i64 = 600;
/// Most movers that are told apart in one second; beyond it they are other programs of their user.
const MOST_MOVERS: usize = 64;
/// Most amounts in all, some 400 KiB. When there are more, the oldest seconds are given up.
const MOST_AMOUNTS: usize = 8192;
/// Spans of time in which somebody counted.
const MOST_SPANS: usize = 64;

/// The seconds.
#[derive(Debug, Default)]
pub struct Seconds {
    all: VecDeque<Second>,
    spans: VecDeque<Span>,
    amounts: usize,
}

/// One second.
#[derive(Debug)]
pub struct Second {
    /// Seconds of Unix time.
    pub at: i64,
    /// The machine.
    pub host: HostSums,
    moved: Vec<(Arc<Mover>, Scope, Wire)>,
}

impl Seconds {
    /// Takes in one tick of the second `at`, which is in `span`.
    pub fn tick(&mut self, at: i64, span: Span, grown: &[(Mover, Counters)], host: &HostSums) {
        match self.spans.back_mut().filter(|last| last.number == span.number) {
            Some(last) => *last = span,
            None => self.spans.push_back(span),
        }
        if self.all.back().is_some_and(|last| last.at > at) {
            // The clock was set back: what is later than now is not the past.
            self.all.retain(|second| second.at <= at);
            self.spans.retain(|other| other.number == span.number || other.from < at);
            for other in &mut self.spans {
                other.to = other.to.min(at);
            }
            self.amounts = self.all.iter().map(|second| second.moved.len()).sum();
        }
        if self.all.back().is_none_or(|last| last.at != at) {
            self.all.push_back(Second { at, host: HostSums::default(), moved: Vec::new() });
        }
        let Some(mut second) = self.all.pop_back() else { return };
        let before = second.moved.len();
        second.host.add(host);
        for (mover, counters) in grown {
            for scope in Scope::ALL.into_iter().filter(|&scope| counters[scope].wire != Wire::default()) {
                second.add(self.all.back(), mover, scope, counters[scope].wire);
            }
        }
        self.amounts += second.moved.len() - before;
        self.all.push_back(second);
        self.bound(at);
    }

    fn bound(&mut self, now: i64) {
        while self.all.len() > 1
            && (self.amounts > MOST_AMOUNTS
                || self.all.front().is_some_and(|second| second.at <= now - KEEP_S))
        {
            self.amounts -= self.all.pop_front().map_or(0, |second| second.moved.len());
        }
        while self.spans.len() > MOST_SPANS || self.spans.front().is_some_and(|span| span.to <= now - KEEP_S)
        {
            self.spans.pop_front();
        }
    }

    /// The first second of which anything is known.
    #[must_use]
    pub fn oldest(&self) -> Option<i64> {
        self.all.front().map(|second| second.at)
    }

    /// Every second in which there was a tick, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Second> {
        self.all.iter()
    }

    /// The second of the last tick.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.all.back().map(|second| second.at)
    }

    /// When somebody counted, oldest first, the seconds of the ticks at the ends included.
    pub fn covered(&self) -> impl Iterator<Item = (i64, i64)> {
        self.spans.iter().map(|span| (span.from, span.to + 1))
    }
}

impl Second {
    /// Who moved how much, and how far.
    pub fn amounts(&self) -> impl Iterator<Item = (&Mover, Scope, Amount)> {
        self.moved.iter().map(|(mover, scope, wire)| {
            let &Wire { rx_bytes, tx_bytes, rx_packets, tx_packets } = wire;
            let amount =
                Amount { rx_bytes, tx_bytes, rx_packets: Some(rx_packets), tx_packets: Some(tx_packets) };
            (&**mover, *scope, amount)
        })
    }

    fn add(&mut self, before: Option<&Self>, mover: &Mover, scope: Scope, wire: Wire) {
        if self.add_to(mover, scope, wire) {
            return;
        }
        if let Mover::Process { user, .. } = mover
            && self.moved.len() >= MOST_MOVERS
        {
            let others = others_of(user.as_ref());
            if !self.add_to(&others, scope, wire) {
                self.moved.push((Arc::new(others), scope, wire));
            }
            return;
        }
        // Whoever moves in this second moved in the one before, as a rule: its name is there already.
        let known = before.into_iter().flat_map(|before| &before.moved).chain(&self.moved);
        let known = known.map(|(known, ..)| known).find(|known| ***known == *mover).map(Arc::clone);
        self.moved.push((known.unwrap_or_else(|| Arc::new(mover.clone())), scope, wire));
    }

    fn add_to(&mut self, mover: &Mover, scope: Scope, wire: Wire) -> bool {
        let known = self.moved.iter_mut().find(|(known, at, _)| *at == scope && **known == *mover);
        known.is_some_and(|(.., sum)| {
            *sum += wire;
            true
        })
    }
}

#[cfg(test)]
mod tests;
