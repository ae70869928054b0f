//! One interface as it is remembered.

use bwusage_proto::connection::Moved;

use super::{
    DirectionSample,
    side::{Direction, Measured},
};
use crate::engine::{InterfaceKind, InterfaceSample};

/// One interface, from its first sight on.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) kind: InterfaceKind,
    /// Names of the interfaces that it stands on.
    pub(super) stands_on: Vec<String>,
    pub(super) gone: bool,
    /// What the engine said last, received and sent.
    said: [DirectionSample; 2],
    measured: [Measured; 2],
}

impl Account {
    /// Opens the account of an interface that is seen for the first time, after it moved `growth`.
    pub(super) fn open(sample: &InterfaceSample, growth: [DirectionSample; 2], counters: Moved) -> Self {
        let [rx, tx] = growth;
        let measured =
            |classes, counter| Measured { classes, counter, before_start: unseen(counter, &classes) };
        Self {
            name: sample.name.clone(),
            kind: sample.kind,
            stands_on: Vec::new(),
            gone: false,
            said: [sample.rx, sample.tx],
            measured: [measured(rx, counters.rx_bytes), measured(tx, counters.tx_bytes)],
        }
    }

    /// False when the interface counts anew: its account must, too.
    pub(super) fn continues(&self, counters: Moved) -> bool {
        let [rx, tx] = &self.measured;
        counters.rx_bytes >= rx.counter && counters.tx_bytes >= tx.counter
    }

    /// What passed since the sample before, and whether the engine began anew in between.
    pub(super) fn growth(&self, sample: &InterfaceSample) -> ([DirectionSample; 2], bool) {
        let [rx, tx] = &self.said;
        match (since(&sample.rx, rx), since(&sample.tx, tx)) {
            (Some(rx), Some(tx)) => ([rx, tx], false),
            _ => ([sample.rx, sample.tx], true),
        }
    }

    pub(super) fn grow(&mut self, sample: &InterfaceSample, counters: Moved) {
        let (growth, began_anew) = self.growth(sample);
        let counters = [counters.rx_bytes, counters.tx_bytes];
        for ((measured, growth), counter) in self.measured.iter_mut().zip(&growth).zip(counters) {
            if began_anew {
                let unseen = unseen(counter.saturating_sub(measured.counter), growth);
                measured.before_start = measured.before_start.saturating_add(unseen);
            }
            measured.classes = plus(&measured.classes, growth);
            measured.counter = counter;
        }
        self.said = [sample.rx, sample.tx];
        self.name.clone_from(&sample.name);
        (self.kind, self.gone) = (sample.kind, false);
    }

    pub(super) fn measured(&self, direction: Direction) -> Measured {
        let [rx, tx] = self.measured;
        match direction {
            Direction::Rx => rx,
            Direction::Tx => tx,
        }
    }
}

/// The part of `counted` that was counted before the engine saw frames: nothing when the frames explain all of it.
fn unseen(counted: u64, seen: &DirectionSample) -> u64 {
    let most =
        seen.frames.saturating_add(seen.frame_segmentation.saturating_add(seen.frame_segmentation / 2));
    if counted > most { counted - seen.frames } else { 0 }
}

/// Growth since `earlier`; `None` when anything shrank, because the engine began anew.
fn since(now: &DirectionSample, earlier: &DirectionSample) -> Option<DirectionSample> {
    let mut growth = list(now);
    for (growth, earlier) in growth.iter_mut().zip(list(earlier)) {
        *growth = growth.checked_sub(earlier)?;
    }
    Some(sample(growth))
}

fn plus(a: &DirectionSample, b: &DirectionSample) -> DirectionSample {
    let mut sum = list(a);
    for (sum, b) in sum.iter_mut().zip(list(b)) {
        *sum = sum.saturating_add(b);
    }
    sample(sum)
}

const fn list(of: &DirectionSample) -> [u64; 11] {
    let &DirectionSample {
        processes,
        kernel,
        lost,
        charged_segmentation,
        frames,
        non_ip,
        forwarded,
        namespaces,
        link_headers,
        frame_segmentation,
        packet_sockets,
    } = of;
    [
        processes,
        kernel,
        lost,
        charged_segmentation,
        frames,
        non_ip,
        forwarded,
        namespaces,
        link_headers,
        frame_segmentation,
        packet_sockets,
    ]
}

const fn sample(list: [u64; 11]) -> DirectionSample {
    let [
        processes,
        kernel,
        lost,
        charged_segmentation,
        frames,
        non_ip,
        forwarded,
        namespaces,
        link_headers,
        frame_segmentation,
        packet_sockets,
    ] = list;
    DirectionSample {
        processes,
        kernel,
        lost,
        charged_segmentation,
        frames,
        non_ip,
        forwarded,
        namespaces,
        link_headers,
        frame_segmentation,
        packet_sockets,
    }
}
