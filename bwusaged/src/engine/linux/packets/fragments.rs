//! The ports of packets that came in parts: only the first part names them. Pure.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use bwusage_proto::connection::Protocol;

use super::decode::{Fragment, Packet};

/// Most packets of which parts are expected. Anybody can begin one and never end it: then all are forgotten.
const MAX_BEGUN: usize = 4096;

/// What the first parts said.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    begun: HashMap<Key, (u16, u16)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    protocol: Protocol,
    source: IpAddr,
    destination: IpAddr,
    number: u32,
    /// The loopback shows each packet twice.
    sent: bool,
}

impl Fragments {
    /// Gives `packet` its ports if it is a later part. One that overtook the first part stays without.
    pub(super) fn complete(&mut self, packet: &mut Packet, sent: bool) {
        let Some(Fragment { number, first, last }) = packet.fragment else { return };
        let key = Key {
            protocol: packet.protocol,
            source: packet.source.ip(),
            destination: packet.destination.ip(),
            number,
            sent,
        };
        if first {
            if self.begun.len() >= MAX_BEGUN {
                self.begun.clear();
            }
            self.begun.insert(key, (packet.source.port(), packet.destination.port()));
            return;
        }
        let begun = if last { self.begun.remove(&key) } else { self.begun.get(&key).copied() };
        if let Some((from, to)) = begun {
            packet.source = SocketAddr::new(packet.source.ip(), from);
            packet.destination = SocketAddr::new(packet.destination.ip(), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::linux::packets::flow::Size;

    fn part(number: u32, first: bool, last: bool) -> Packet {
        let port = if first { 53 } else { 0 };
        Packet {
            protocol: Protocol::UDP,
            source: SocketAddr::new([192, 0, 2, 1].into(), port),
            destination: SocketAddr::new([192, 0, 2, 2].into(), port),
            size: Size::default(),
            opens: false,
            sequence: None,
            fragment: Some(Fragment { number, first, last }),
        }
    }

    fn ports(fragments: &mut Fragments, mut packet: Packet) -> (u16, u16) {
        fragments.complete(&mut packet, false);
        (packet.source.port(), packet.destination.port())
    }

    #[test]
    fn later_parts_have_the_ports_of_the_first() {
        let mut fragments = Fragments::default();
        assert_eq!(ports(&mut fragments, part(7, true, false)), (53, 53));
        assert_eq!(ports(&mut fragments, part(7, false, false)), (53, 53));
        assert_eq!(ports(&mut fragments, part(8, false, false)), (0, 0), "of another packet");
        assert_eq!(ports(&mut fragments, part(7, false, true)), (53, 53));
        assert_eq!(ports(&mut fragments, part(7, false, true)), (0, 0), "that packet was complete");
    }

    #[test]
    fn parts_without_an_end_do_not_fill_the_memory() {
        let mut fragments = Fragments::default();
        for number in 0..3 * MAX_BEGUN as u32 {
            fragments.complete(&mut part(number, true, false), false);
            assert!(fragments.begun.len() <= MAX_BEGUN);
        }
    }
}
