//! How packets lie in a block of the ring (`<linux/if_packet.h>`): each with a header of its own, the address that it was seen at,
//! and what is left to cut. Pure.

use std::mem::offset_of;

use crate::engine::linux::packets::flow::Way;

/// Where a block says whose it is.
pub(in crate::engine::linux::packets) const STATUS: usize =
    HEADER + offset_of!(libc::tpacket_hdr_v1, block_status);
const HEADER: usize = offset_of!(libc::tpacket_block_desc, hdr);
/// `struct sockaddr_ll` follows the header of a packet, at a multiple of 16.
const ADDRESS: usize = size_of::<libc::tpacket3_hdr>().next_multiple_of(16);
/// `struct virtio_net_hdr` ends where the packet begins. The size of a segment is in its bytes 4 and 5, whatever the machine's
/// byte order: little endian.
const SEGMENT_BEFORE: usize = 10 - 4;

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::linux::packets) struct Frame<'a> {
    pub(in crate::engine::linux::packets) way: Way,
    /// For several machines, or all.
    pub(in crate::engine::linux::packets) to_group: bool,
    pub(in crate::engine::linux::packets) loopback: bool,
    /// The interface that it passed.
    pub(in crate::engine::linux::packets) interface: u32,
    /// Bytes from the IP header on.
    pub(in crate::engine::linux::packets) length: u64,
    /// Payload of each packet that this one is to be cut into, or was put together from; 0 for an ordinary one.
    pub(in crate::engine::linux::packets) segment: u16,
    /// From the IP header on, as far as it was kept.
    pub(in crate::engine::linux::packets) bytes: &'a [u8],
}

/// The packets of a block.
pub(in crate::engine::linux::packets) fn frames(block: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let field = |at| u32_at(block, HEADER + at).unwrap_or(0);
    let mut left = field(offset_of!(libc::tpacket_hdr_v1, num_pkts));
    let mut at = field(offset_of!(libc::tpacket_hdr_v1, offset_to_first_pkt)) as usize;
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let packet = block.get(at..)?;
        at = at.saturating_add(u32_at(packet, offset_of!(libc::tpacket3_hdr, tp_next_offset))? as usize);
        frame(packet)
    })
}

fn frame(packet: &[u8]) -> Option<Frame<'_>> {
    let kept = u32_at(packet, offset_of!(libc::tpacket3_hdr, tp_snaplen))? as usize;
    let length = u32_at(packet, offset_of!(libc::tpacket3_hdr, tp_len))?;
    let link = usize::from(u16_at(packet, offset_of!(libc::tpacket3_hdr, tp_mac))?);
    let network = usize::from(u16_at(packet, offset_of!(libc::tpacket3_hdr, tp_net))?);
    let header = network.checked_sub(link)?;
    let address = packet.get(ADDRESS..)?;
    let kind = *address.get(offset_of!(libc::sockaddr_ll, sll_pkttype))?;
    let segment = packet.get(link.checked_sub(SEGMENT_BEFORE)?..)?.first_chunk()?;
    Some(Frame {
        way: if kind == libc::PACKET_OUTGOING { Way::Sent } else { Way::Received },
        to_group: [libc::PACKET_BROADCAST, libc::PACKET_MULTICAST].contains(&kind),
        loopback: u16_at(address, offset_of!(libc::sockaddr_ll, sll_hatype))? == libc::ARPHRD_LOOPBACK,
        interface: u32_at(address, offset_of!(libc::sockaddr_ll, sll_ifindex))?,
        length: u64::from(length).saturating_sub(header as u64),
        segment: u16::from_le_bytes(*segment),
        bytes: packet.get(network..link.checked_add(kept)?.max(network))?,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
        block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// A block as the kernel fills it: two packets of 14 + 20 kept bytes.
    fn block() -> Vec<u8> {
        let mut block = vec![0; 512];
        put(&mut block, HEADER + offset_of!(libc::tpacket_hdr_v1, num_pkts), &2_u32.to_ne_bytes());
        put(
            &mut block,
            HEADER + offset_of!(libc::tpacket_hdr_v1, offset_to_first_pkt),
            &48_u32.to_ne_bytes(),
        );
        for (at, kind, length) in [(48, libc::PACKET_OUTGOING, 1514_u32), (248, libc::PACKET_MULTICAST, 60)] {
            put(&mut block, at, &200_u32.to_ne_bytes());
            put(&mut block, at + 12, &34_u32.to_ne_bytes());
            put(&mut block, at + 16, &length.to_ne_bytes());
            put(&mut block, at + 24, &94_u16.to_ne_bytes());
            put(&mut block, at + 26, &108_u16.to_ne_bytes());
            put(&mut block, at + ADDRESS + 4, &3_u32.to_ne_bytes());
            put(&mut block, at + ADDRESS + 8, &1_u16.to_ne_bytes());
            block[at + ADDRESS + 10] = kind;
            put(&mut block, at + 94 - SEGMENT_BEFORE, &1448_u16.to_le_bytes());
            block[at + 108] = 0x45;
        }
        block
    }

    #[test]
    fn packets_are_read_as_the_kernel_lays_them() {
        let block = block();
        let frames: Vec<Frame> = frames(&block).collect();
        assert_eq!(frames.len(), 2);
        let Frame { way, to_group, loopback, interface, length, segment, bytes } = frames[0];
        assert_eq!((way, to_group, loopback, interface), (Way::Sent, false, false, 3));
        assert_eq!((length, segment, bytes.len(), bytes[0]), (1500, 1448, 20, 0x45));
        assert_eq!((frames[1].way, frames[1].to_group, frames[1].length), (Way::Received, true, 46));
    }

    proptest! {
        #[test]
        fn a_damaged_block_gives_fewer_packets_and_no_harm(damage in prop::collection::vec((0_usize..512, any::<u8>()), 0..40)) {
            let mut block = block();
            for (at, byte) in damage {
                block[at] = byte;
            }
            prop_assert!(frames(&block).take(1000).all(|frame| frame.bytes.len() <= block.len()));
        }
    }
}
