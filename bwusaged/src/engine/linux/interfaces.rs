//! What passed each interface, from what the kernel side counted and what the interfaces say of themselves. Pure.

use std::collections::HashMap;

use super::{
    layout::{Interface, Passage, Passed},
    links::Link,
};
use crate::engine::{DirectionSample, InterfaceKind, InterfaceSample};

/// An Ethernet header (IEEE 802.3): two addresses and a type.
const ETHERNET_HEADER: u64 = 14;

/// Puts it together. `counted` gives the totals of an interface over all processors, if it has any.
pub(super) fn samples(
    links: &[Link],
    counted: impl Fn(u32) -> Option<Interface>,
    passages: &[(Passage, Passed)],
) -> Vec<InterfaceSample> {
    let known: HashMap<u32, &Link> = links.iter().map(|link| (link.index, link)).collect();
    let kind = |index: u32| known.get(&index).map(|link| link.kind);
    let leads_to_namespaces = |passage: &Passage| {
        [passage.from, passage.to].into_iter().any(|end| kind(end) == Some(InterfaceKind::Namespace))
    };
    // A packet that goes to an interface standing on others goes to one of those too: it was received once.
    let stands_on_others = |index: u32| {
        kind(index) == Some(InterfaceKind::Stacked) || known.get(&index).is_some_and(|link| link.bridge)
    };
    links
        .iter()
        .filter_map(|link| {
            let counted = counted(link.index)?;
            let header = if link.ethernet { ETHERNET_HEADER } else { 0 };
            let mut received = [Passed::default(); 2];
            let mut sent = [Passed::default(); 2];
            for (passage, passed) in passages {
                let way = usize::from(leads_to_namespaces(passage));
                if passage.from == link.index && !stands_on_others(passage.to) {
                    add(&mut received[way], *passed);
                }
                if passage.to == link.index {
                    add(&mut sent[way], *passed);
                }
            }
            // A bridge counts what it received without link headers, and what it sent with them.
            let uncounted = if link.bridge { counted.link_headers_rx } else { 0 };
            let rx = DirectionSample {
                processes: counted.processes_rx,
                kernel: counted.kernel_rx,
                lost: counted.lost_rx,
                charged_segmentation: counted.charged_segmentation_rx,
                frames: counted.frames_rx.saturating_sub(uncounted),
                non_ip: counted.non_ip_rx,
                link_headers: counted.link_headers_rx.saturating_sub(uncounted),
                frame_segmentation: counted.frame_segmentation_rx,
                packets: counted.packets_rx,
                ..DirectionSample::default()
            };
            let tx = DirectionSample {
                processes: counted.processes_tx,
                kernel: counted.kernel_tx,
                lost: counted.lost_tx,
                charged_segmentation: counted.charged_segmentation_tx,
                frames: counted.frames_tx,
                non_ip: counted.non_ip_tx,
                link_headers: counted.link_headers_tx,
                frame_segmentation: counted.frame_segmentation_tx,
                packet_sockets: counted.packet_sockets_tx,
                packets: counted.packets_tx,
                ..DirectionSample::default()
            };
            Some(InterfaceSample {
                index: link.index,
                name: link.name.clone(),
                kind: link.kind,
                rx: forwarded(rx, received, header),
                tx: forwarded(tx, sent, header),
                counters: Some(link.moved),
                packets: Some(link.packets),
                lower: link.lower,
                master: link.master,
            })
        })
        .collect()
}

fn add(to: &mut Passed, more: Passed) {
    to.bytes += more.bytes;
    to.packets += more.packets;
}

/// Adds what was passed on: to anybody, and to other namespaces. Its link headers are part of it.
fn forwarded(direction: DirectionSample, [others, namespaces]: [Passed; 2], header: u64) -> DirectionSample {
    let frames = |passed: Passed| passed.bytes + passed.packets * header;
    let headers = (others.packets + namespaces.packets) * header;
    DirectionSample {
        forwarded: frames(others) + frames(namespaces),
        namespaces: frames(namespaces),
        link_headers: direction.link_headers.saturating_sub(headers),
        ..direction
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::connection::Moved;

    use super::*;

    fn link(index: u32, kind: InterfaceKind) -> Link {
        Link {
            index,
            name: format!("if{index}"),
            kind,
            bridge: false,
            ethernet: true,
            moved: Moved::default(),
            packets: [0; 2],
            lower: None,
            master: None,
        }
    }

    fn passed(from: u32, to: u32, bytes: u64, packets: u64) -> (Passage, Passed) {
        (Passage { from, to }, Passed { bytes, packets })
    }

    /// Every interface received and sent 100 frames with an Ethernet header, and has no other figures.
    fn hundred_frames() -> Interface {
        Interface {
            frames_rx: 10_000,
            frames_tx: 10_000,
            link_headers_rx: 1400,
            link_headers_tx: 1400,
            ..Interface::default()
        }
    }

    #[test]
    fn what_is_routed_is_forwarded_at_both_ends_with_its_link_headers() {
        let links = [link(2, InterfaceKind::Device), link(3, InterfaceKind::Device)];
        let samples = samples(&links, |_| Some(hundred_frames()), &[passed(2, 3, 1000, 10)]);
        assert_eq!((samples[0].rx.forwarded, samples[0].rx.link_headers), (1140, 1260));
        assert_eq!((samples[1].tx.forwarded, samples[1].tx.link_headers), (1140, 1260));
        assert_eq!((samples[0].tx.forwarded, samples[1].rx.forwarded, samples[0].rx.namespaces), (0, 0, 0));
    }

    #[test]
    fn what_goes_to_a_container_through_a_bridge_was_received_once() {
        let bridge = Link { bridge: true, ..link(4, InterfaceKind::Namespace) };
        let port = Link { master: Some(4), ..link(5, InterfaceKind::Namespace) };
        let links = [link(2, InterfaceKind::Device), bridge, port];
        // In: to the bridge, and from there to its port. Out: the bridge is where it came in.
        let passages = [passed(2, 4, 1000, 10), passed(2, 5, 1000, 10), passed(4, 2, 300, 5)];
        let samples = samples(&links, |_| Some(hundred_frames()), &passages);
        assert_eq!((samples[0].rx.forwarded, samples[0].rx.namespaces), (1140, 1140));
        assert_eq!((samples[0].tx.forwarded, samples[0].tx.namespaces), (370, 370));
        assert_eq!(samples[2].tx.namespaces, 1140);
        assert_eq!(
            (samples[1].rx.frames, samples[1].rx.link_headers),
            (8600, 0),
            "a bridge counts no link headers"
        );
    }

    #[test]
    fn an_interface_without_an_entry_has_no_ledger() {
        assert!(samples(&[link(2, InterfaceKind::Device)], |_| None, &[]).is_empty());
    }
}
