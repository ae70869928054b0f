//! Light mode: no program runs for a packet. What TCP sockets count themselves is added to their owners when they change hands,
//! when they are closed, and at each tick by a walk over all of them; datagrams are computed call by call. `bpf/light.h` is the
//! other half.

use std::io;

use bwusage_proto::snapshot::ResidualReason;

use super::{layout::Light, links::Link, loader::Tracepoint, map_iter::MapIter, mapping::Mapping};
use crate::engine::{InterfaceSample, Sample};

/// What is attached instead of the programs of the exact mode.
pub(super) const TRACEPOINTS: [Tracepoint; 6] = [
    ("on_exit", "sched_process_exit", "when a process ends", "5.5"),
    ("on_exec", "sched_process_exec", "the name of a process", "5.5"),
    ("light_destroy", "tcp_destroy_sock", "what a connection moved in all", "5.5"),
    ("light_state", "inet_sock_set_state", "who connects and who listens; what a connection moved", "5.5"),
    ("light_send", "sock_send_length", "who sends, and how much", "6.3"),
    ("light_receive", "sock_recv_length", "who receives, and how much", "6.3"),
];

/// The same, where it can be: the tracepoint has said whose socket it was for so long.
pub(super) const DROPS: Tracepoint = ("light_drop", "kfree_skb", "what came twice, or found no room", "6.11");

/// What it does not see with [`DROPS`]. Measured: the conformance suite prints the figures.
pub(super) const WITH_DROPS: &[&str] = &[
    "wire bytes are computed from what the sockets count, and fragments as of a link with an MTU of 1500 bytes: mostly within 0.02 %, with TCP Fast Open 0.5 %; counting = \"exact\" would count each packet",
];
/// And without. Those with losses are of a cable that drops one packet in a hundred, or five.
pub(super) const WITHOUT_DROPS: &[&str] = &[
    "wire bytes are computed from what the sockets count: mostly within 0.3 % where nothing is lost, 1 % at worst; what is received falls short by 0.2 % where the link loses one packet in a hundred, by 1.3 % where it loses five; counting = \"exact\" would count each packet",
    "datagrams are computed from the calls: fragments as of a link with an MTU of 1500 bytes, and those that found no room in the socket as long as the last one",
];
/// What it does not see anywhere.
pub(super) const BLIND_SPOTS: [&str; 3] = [
    "what no process's socket moves is nowhere: answers of the kernel to pings and to calls at closed ports, and handshakes that come to nothing",
    "interfaces have no ledger, remote hosts no names from DNS answers, and datagrams of a socket without a peer no remote host",
    "a call that is still running counts for the process that used the socket before",
];

/// A walk over so many sockets takes milliseconds: it is made rarely then, and sockets that are used fold themselves.
const MANY_SOCKETS: u64 = 10_000;
/// Fewer than these are not many any more.
const FEW_SOCKETS: u64 = 8_000;
/// Time between two walks over many sockets.
const RARELY_MS: u64 = 10_000;

/// The walk that adds what sockets counted to their owners.
pub(super) struct Folding {
    walk: MapIter,
    control: Mapping<Light>,
    pace: Pace,
}

impl Folding {
    pub(super) fn new(walk: MapIter, control: Mapping<Light>) -> Self {
        Self { walk, control, pace: Pace::default() }
    }

    /// Whether it is known what the kernel throws away at a socket.
    pub(super) fn see_drops(&mut self, sees: bool) {
        self.control.write(0, Light { sees_drops: sees.into(), ..self.control.read(0) });
    }

    /// Walks if it is time to.
    pub(super) fn tick(&mut self, now_ms: u64) -> io::Result<()> {
        if !self.pace.is_due(now_ms) {
            return Ok(());
        }
        let sockets = self.walk()?;
        self.pace.walked(now_ms, sockets);
        let fold_when_used = self.pace.rarely.into();
        self.control.write(0, Light { sockets, fold_when_used, ..self.control.read(0) });
        Ok(())
    }

    /// Walks now. Returns over how many sockets.
    pub(super) fn walk(&mut self) -> io::Result<u64> {
        self.control.write(0, Light { sockets: 0, ..self.control.read(0) });
        self.walk.run()?;
        Ok(self.control.read(0).sockets)
    }
}

/// How often to walk.
#[derive(Debug, Default)]
struct Pace {
    rarely: bool,
    walked_ms: u64,
}

impl Pace {
    const fn is_due(&self, now_ms: u64) -> bool {
        !self.rarely || now_ms.saturating_sub(self.walked_ms) >= RARELY_MS
    }

    const fn walked(&mut self, now_ms: u64, sockets: u64) {
        self.walked_ms = now_ms;
        self.rarely = sockets > if self.rarely { FEW_SOCKETS } else { MANY_SOCKETS };
    }
}

/// What no socket of a process moves is not seen in this mode, nor what passes an interface: unknown is not zero. Of interfaces
/// only the names are known, for the connections over them.
pub(super) fn without_packets(mut sample: Sample, links: &[Link]) -> Sample {
    sample
        .residuals
        .retain(|(reason, _)| matches!(reason, ResidualReason::TableFull | ResidualReason::Stale));
    let named = |link: &Link| InterfaceSample {
        index: link.index,
        name: link.name.clone(),
        kind: link.kind,
        ..InterfaceSample::default()
    };
    sample.interfaces = links.iter().map(named).collect();
    sample
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{connection::Moved, units::Counters};

    use super::*;
    use crate::engine::InterfaceKind;

    #[test]
    fn few_sockets_are_walked_over_at_each_tick() {
        let mut pace = Pace::default();
        for now_ms in [0, 100, 200] {
            assert!(pace.is_due(now_ms));
            pace.walked(now_ms, MANY_SOCKETS);
        }
    }

    #[test]
    fn many_sockets_are_walked_over_every_ten_seconds_until_they_are_clearly_fewer() {
        let mut pace = Pace::default();
        pace.walked(1_000, MANY_SOCKETS + 1);
        assert!(pace.rarely && !pace.is_due(10_999) && pace.is_due(11_000));
        pace.walked(11_000, FEW_SOCKETS + 1);
        assert!(pace.rarely && !pace.is_due(12_000));
        pace.walked(21_000, FEW_SOCKETS);
        assert!(!pace.rarely && pace.is_due(21_001));
    }

    #[test]
    fn the_kernels_rows_are_absent_rather_than_empty() {
        let residuals = ResidualReason::ALL.map(|reason| (reason, Counters::default())).to_vec();
        let sample = without_packets(Sample { residuals, ..Sample::default() }, &[]);
        let reasons: Vec<_> = sample.residuals.into_iter().map(|(reason, _)| reason).collect();
        assert_eq!(reasons, [ResidualReason::TableFull, ResidualReason::Stale]);
    }

    #[test]
    fn an_interface_has_its_name_and_no_counters() {
        let link = Link {
            index: 7,
            name: "eth0".into(),
            kind: InterfaceKind::Device,
            bridge: false,
            ethernet: true,
            moved: Moved { rx_bytes: 5, tx_bytes: 6 },
            packets: [1, 2],
            lower: None,
            master: None,
        };
        let sample = without_packets(Sample::default(), &[link]);
        let [interface] = &sample.interfaces[..] else { panic!("{:?}", sample.interfaces) };
        assert_eq!((interface.index, interface.name.as_str()), (7, "eth0"));
        assert_eq!((interface.counters, interface.packets), (None, None));
    }
}
