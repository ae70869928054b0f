//! One direction of one interface, by reason: the algebra that [`super`] describes.

use bwusage_proto::ledger::{Line, Reason, Side};

use crate::engine::DirectionSample;

/// An Ethernet header (IEEE 802.3): two addresses and a type.
const ETHERNET_HEADER: i128 = 14;
/// An IPv4 packet's length has 16 bits (RFC 791).
const LARGEST_PACKET: i128 = 65_535;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Rx,
    Tx,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::Rx, Self::Tx];
}

/// What was measured since the account was opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    pub(super) classes: DirectionSample,
    /// What the interface counted since it exists.
    pub(super) counter: u64,
    /// The part of the counter from before the account was opened.
    pub(super) before_start: u64,
    /// Packets that the interface counted more than passed the device layer, segments counted.
    pub(super) unseen_packets: i64,
}

/// What the uncharged packets of an interface can be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Above {
    /// Bytes of the wire that interfaces on this one passed to or from it.
    pub(super) stacked: i128,
    /// Headers of segments that were charged there.
    pub(super) segmentation: u64,
    /// The most that tunnels of the kernel can have taken.
    pub(super) tunnels: i128,
}

/// Frames of this machine's own IP packets, without their link headers.
fn local(classes: &DirectionSample) -> i128 {
    let elsewhere = [classes.non_ip, classes.forwarded, classes.link_headers, classes.packet_sockets];
    i128::from(classes.frames) - elsewhere.into_iter().map(signed).sum::<i128>()
}

/// A part that is worked out of several readings may have shrunk since the account was opened, and wrapped around.
fn signed(part: u64) -> i128 {
    part.cast_signed().into()
}

/// Adds frames that the interface counted and the device layer did not see. What they have more than was charged are their link
/// headers, as far as an IP packet of 20 bytes has one of 14; from there on, nobody took them.
pub(super) fn add_unseen(classes: &mut DirectionSample, frames: u64) {
    let charged = classes.processes.saturating_add(classes.kernel).saturating_add(classes.lost);
    let packets = charged.saturating_sub(classes.charged_segmentation);
    let taken = i128::from(packets) - local(classes);
    let headers = (i128::from(frames) - taken).clamp(0, i128::from(frames) * 14 / 34);
    classes.frames = classes.frames.saturating_add(frames);
    classes.link_headers = classes.link_headers.saturating_add(u64::try_from(headers).unwrap_or(0));
    classes.frame_segmentation = classes.frame_segmentation.max(classes.charged_segmentation);
}

/// What passed between this interface and the ones it stands on, as it is on the wire, when so many headers of segments were
/// charged. What it forwards came in through it; what is forwarded to it is forwarded at the lower interface too.
pub(super) fn passed_on_wire(direction: Direction, classes: &DirectionSample, charged_headers: u64) -> i128 {
    let forwarded = if direction == Direction::Rx { signed(classes.forwarded) } else { 0 };
    (local(classes) + forwarded + i128::from(classes.frame_segmentation.min(charged_headers))).max(0)
}

/// The headers of segments that the local packets have more on the wire than in their frames: as many as were charged.
///
/// - When fewer were cut here than were charged, some packets were cut above. Then it is all of those cut here, but for the link
///   headers among them: at most a third, since a segment has 28 bytes of other headers at least.
/// - Forwarded packets are measured where they leave, perhaps cut. Where they come in, their headers make up for what they
///   then have too much.
fn own_headers(direction: Direction, classes: &DirectionSample, above: Above, charged: i128) -> i128 {
    let here = signed(classes.frame_segmentation).max(0);
    let wanted = signed(classes.charged_segmentation).max(0) + i128::from(above.segmentation);
    let (least, most) = match wanted {
        wanted if wanted <= here => (wanted, wanted),
        _ if classes.link_headers > 0 => (here - here / 3, here),
        _ => (here, here),
    };
    let forwarded = direction == Direction::Rx && classes.forwarded > 0;
    (charged - local(classes)).clamp(least, if forwarded { here } else { most })
}

/// Frames that passed the device layer unseen: sockets were charged with them, and the interface counted them.
///
/// A kernel does not run a tracing program everywhere: not while it is running already on that processor (`recursion_misses` of
/// `struct bpf_prog_info`), and hardened ones not in a protected process, on top of which the packets of others may be handled
/// (measured on 6.18). The programs at the sockets are no tracing programs, and do run.
pub(super) struct Missed {
    /// As they were charged.
    charged: i128,
    link_headers: i128,
}

impl Missed {
    /// What of the bytes that were charged and not seen, and seen by the interface alone, is the same. Only packets that the
    /// interface counted and the device layer did not can be: without any, the two have different causes.
    fn between(measured: &Measured, uncharged: i128, driver: i128) -> Self {
        let packets = i128::from(measured.unseen_packets.max(0));
        let charged = driver.min(-uncharged).min(packets * LARGEST_PACKET).max(0);
        let header = if measured.classes.link_headers > 0 { ETHERNET_HEADER } else { 0 };
        let link_headers = if charged > 0 { (driver - charged).min(packets * header) } else { 0 };
        Self { charged, link_headers }
    }
}

/// Names every byte.
pub(super) fn side(direction: Direction, measured: &Measured, above: Above) -> Side {
    let classes = &measured.classes;
    let charged = [classes.processes, classes.kernel, classes.lost].into_iter().map(i128::from).sum::<i128>();
    let headers = signed(classes.frame_segmentation).max(0);
    let own_headers = own_headers(direction, classes, above, charged);

    let uncharged = local(classes) + own_headers - charged;
    let stacked = above.stacked.min(uncharged).max(0);
    let tunnel = above.tunnels.min(uncharged - stacked).max(0);
    let rest = uncharged - stacked - tunnel;
    let growth = i128::from(measured.counter) - i128::from(measured.before_start);
    let uncounted = growth - i128::from(classes.frames) - own_headers;
    let segmentation = uncounted.clamp(-own_headers, headers - own_headers);

    let missed = Missed::between(measured, rest, uncounted - segmentation);
    let (no_socket, not_taken) = (rest.max(0), rest.min(0) + missed.charged);
    let driver = uncounted - segmentation - missed.charged - missed.link_headers;
    let (not_sent, copies) = match direction {
        Direction::Rx => (0, not_taken),
        Direction::Tx => (not_taken, 0),
    };

    let bytes = |reason| match reason {
        Reason::Processes => i128::from(classes.processes) + signed(classes.packet_sockets),
        Reason::Namespaces => signed(classes.namespaces),
        Reason::Kernel => classes.kernel.into(),
        Reason::NoSocket => no_socket,
        Reason::Tunnel => tunnel,
        Reason::Stacked => stacked,
        Reason::Forwarded => signed(classes.forwarded) - signed(classes.namespaces),
        Reason::NonIp => signed(classes.non_ip),
        Reason::LinkHeaders => signed(classes.link_headers) + missed.link_headers,
        Reason::Segmentation => segmentation,
        Reason::NotSent => not_sent,
        Reason::Copies => copies,
        Reason::Driver => driver,
        Reason::Lost => classes.lost.into(),
        Reason::BeforeStart => measured.before_start.into(),
    };
    let line = |reason| Line { reason, bytes: clamp(bytes(reason)) };
    Side {
        counter: measured.counter,
        lines: Reason::ALL.into_iter().map(line).filter(|line| line.bytes != 0).collect(),
    }
}

/// No interface moves 2^63 bytes.
pub(super) fn clamp(bytes: i128) -> i64 {
    i64::try_from(bytes).unwrap_or(if bytes < 0 { i64::MIN } else { i64::MAX })
}
