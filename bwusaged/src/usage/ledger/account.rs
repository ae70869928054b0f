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
    pub(super) index: u32,
    /// The interface that it stands on.
    lower: Option<u32>,
    /// The interface that it is a port of: that one stands on it.
    master: Option<u32>,
    pub(super) gone: bool,
    /// What the engine said last, received and sent.
    said: [DirectionSample; 2],
    /// The packets that the interface had counted then.
    packets: Option<[u64; 2]>,
    measured: [Measured; 2],
}

impl Account {
    /// Opens the account of an interface that is seen for the first time, after it moved `growth`.
    pub(super) fn open(sample: &InterfaceSample, growth: [DirectionSample; 2], counters: Moved) -> Self {
        let [rx, tx] = growth;
        let counted = sample.packets.unwrap_or([rx.packets, tx.packets]);
        let measured = |classes: DirectionSample, seen: &DirectionSample, counter, packets: u64| {
            let before_start = unseen(counter, packets, seen);
            let unseen_packets = if before_start == 0 { difference(packets, classes.packets) } else { 0 };
            Measured { classes, counter, before_start, unseen_packets }
        };
        let (rx_bytes, tx_bytes) = (counters.rx_bytes, counters.tx_bytes);
        Self {
            name: sample.name.clone(),
            kind: sample.kind,
            index: sample.index,
            lower: sample.lower,
            master: sample.master,
            gone: false,
            said: [sample.rx, sample.tx],
            packets: sample.packets,
            measured: [
                measured(rx, &taken(sample.kind, &rx), rx_bytes, counted[0]),
                measured(tx, &tx, tx_bytes, counted[1]),
            ],
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
        let packets = self.packets_since(sample, &growth);
        for (way, measured) in self.measured.iter_mut().enumerate() {
            let (growth, counter, packets) = (&growth[way], counters[way], packets[way]);
            if began_anew {
                let passed = counter.saturating_sub(measured.counter);
                let unseen = unseen(passed, packets, &taken(sample.kind, growth));
                measured.before_start = measured.before_start.saturating_add(unseen);
            } else {
                let unseen = difference(packets, growth.packets);
                measured.unseen_packets = measured.unseen_packets.saturating_add(unseen);
            }
            measured.classes = plus(&measured.classes, growth);
            measured.counter = counter;
        }
        self.packets = sample.packets;
        self.said = [sample.rx, sample.tx];
        self.name.clone_from(&sample.name);
        (self.kind, self.gone) = (sample.kind, false);
        (self.lower, self.master) = (sample.lower, sample.master);
    }

    /// The packets that the interface counted since the sample before: those that were seen where it was not asked.
    fn packets_since(&self, sample: &InterfaceSample, growth: &[DirectionSample; 2]) -> [u64; 2] {
        match (sample.packets, self.packets) {
            (Some([rx, tx]), Some([earlier_rx, earlier_tx])) => {
                [rx.saturating_sub(earlier_rx), tx.saturating_sub(earlier_tx)]
            }
            _ => growth.map(|growth| growth.packets),
        }
    }

    pub(super) fn is_on(&self, lower: &Self) -> bool {
        self.lower == Some(lower.index) || self.has_port(lower)
    }

    /// Whether `port` has nothing of its own any more, but passes everything on to this one.
    pub(super) fn has_port(&self, port: &Self) -> bool {
        port.master == Some(self.index)
    }

    /// As it was measured at this interface alone.
    pub(super) fn measured(&self, direction: Direction) -> Measured {
        let [rx, tx] = self.measured;
        match direction {
            Direction::Rx => rx,
            Direction::Tx => tx,
        }
    }
}

/// What an interface received. One that stands on others need not have seen frames: then it is what was charged.
fn taken(kind: InterfaceKind, rx: &DirectionSample) -> DirectionSample {
    let mut taken = *rx;
    if kind == InterfaceKind::Stacked && rx.frames == 0 {
        let charged = rx.processes.saturating_add(rx.kernel).saturating_add(rx.lost);
        taken.frames = charged.saturating_sub(rx.charged_segmentation);
        taken.frame_segmentation = rx.charged_segmentation;
    }
    taken
}

/// The part of `counted` that was counted before the engine saw frames: nothing when the frames explain all of it, or when what was
/// charged does, and frames were missed. An Ethernet header has 14 bytes (IEEE 802.3).
fn unseen(counted: u64, packets: u64, seen: &DirectionSample) -> u64 {
    let most =
        seen.frames.saturating_add(seen.frame_segmentation.saturating_add(seen.frame_segmentation / 2));
    let charged = seen.processes.saturating_add(seen.kernel).saturating_add(seen.lost);
    let explained = most.max(charged.saturating_add(packets.saturating_mul(14)));
    if counted > explained { counted - seen.frames } else { 0 }
}

/// No interface moves 2^63 packets.
const fn difference(a: u64, b: u64) -> i64 {
    a.wrapping_sub(b).cast_signed()
}

/// Growth since `earlier`; `None` when a total shrank, because the engine began anew. The others are parts that are worked out
/// of several readings: one may shrink for a moment, or for good when an interface turns out to be of another kind. Their
/// growth may so be negative, and wraps around.
fn since(now: &DirectionSample, earlier: &DirectionSample) -> Option<DirectionSample> {
    let began_anew = now.frames < earlier.frames
        || now.processes < earlier.processes
        || now.kernel < earlier.kernel
        || now.lost < earlier.lost;
    (!began_anew).then(|| each(now, earlier, u64::wrapping_sub))
}

pub(super) fn plus(a: &DirectionSample, b: &DirectionSample) -> DirectionSample {
    each(a, b, u64::wrapping_add)
}

/// Does `what` to each class of both; `None` when it cannot be done to one.
fn each(a: &DirectionSample, b: &DirectionSample, what: fn(u64, u64) -> u64) -> DirectionSample {
    DirectionSample {
        processes: what(a.processes, b.processes),
        kernel: what(a.kernel, b.kernel),
        lost: what(a.lost, b.lost),
        charged_segmentation: what(a.charged_segmentation, b.charged_segmentation),
        frames: what(a.frames, b.frames),
        non_ip: what(a.non_ip, b.non_ip),
        forwarded: what(a.forwarded, b.forwarded),
        namespaces: what(a.namespaces, b.namespaces),
        link_headers: what(a.link_headers, b.link_headers),
        frame_segmentation: what(a.frame_segmentation, b.frame_segmentation),
        packet_sockets: what(a.packet_sockets, b.packet_sockets),
        packets: what(a.packets, b.packets),
    }
}
