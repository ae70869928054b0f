//! Mirrors of what the kernel side writes: `bpf/layout.h`, with the same sizes asserted.

use bwusage_proto::snapshot::ResidualReason;

/// `struct traffic`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) wire_rx_bytes: u64,
    pub(super) wire_tx_bytes: u64,
    pub(super) wire_rx_packets: u64,
    pub(super) wire_tx_packets: u64,
    pub(super) payload_rx_bytes: u64,
    pub(super) payload_tx_bytes: u64,
}

/// `struct counters`: one slot on one processor.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) generation: u32,
    pub(super) pad: u32,
    pub(super) scopes: [Traffic; 3],
    pub(super) reserved: [u64; 5],
}

/// `struct slot`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) process: u64,
    pub(super) generation: u32,
    pub(super) flags: u32,
    pub(super) identity_version: u32,
    pub(super) pad: [u32; 3],
}

pub(super) const SLOT_USED: u32 = 1;
pub(super) const SLOT_ENDED: u32 = 2;

/// `struct identity`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawIdentity {
    pub(super) cgroup: u64,
    pub(super) parent: u32,
    pub(super) uid: u32,
    pub(super) netns: u32,
    pub(super) flags: u32,
    pub(super) exe_at: u16,
    pub(super) args_len: u16,
    pub(super) pad: u32,
    pub(super) comm: [u8; 16],
    pub(super) exe: [u8; 512],
    pub(super) guard: [u8; 128],
    pub(super) args: [u8; 256],
}

pub(super) const IDENTITY_EXE_CUT: u32 = 1;
pub(super) const IDENTITY_ARGS_CUT: u32 = 2;

/// `struct interface`: one interface on one processor.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) processes_rx: u64,
    pub(super) processes_tx: u64,
    pub(super) kernel_rx: u64,
    pub(super) kernel_tx: u64,
    pub(super) lost_rx: u64,
    pub(super) lost_tx: u64,
    pub(super) charged_segmentation_rx: u64,
    pub(super) charged_segmentation_tx: u64,
    pub(super) frames_rx: u64,
    pub(super) frames_tx: u64,
    pub(super) non_ip_rx: u64,
    pub(super) non_ip_tx: u64,
    pub(super) link_headers_rx: u64,
    pub(super) link_headers_tx: u64,
    pub(super) frame_segmentation_rx: u64,
    pub(super) frame_segmentation_tx: u64,
    pub(super) packet_sockets_tx: u64,
    pub(super) packets_rx: u64,
    pub(super) packets_tx: u64,
    pub(super) reserved: [u64; 5],
}

impl std::iter::Sum for Interface {
    fn sum<I: Iterator<Item = Self>>(entries: I) -> Self {
        entries.fold(Self::default(), |a, b| Self {
            processes_rx: a.processes_rx + b.processes_rx,
            processes_tx: a.processes_tx + b.processes_tx,
            kernel_rx: a.kernel_rx + b.kernel_rx,
            kernel_tx: a.kernel_tx + b.kernel_tx,
            lost_rx: a.lost_rx + b.lost_rx,
            lost_tx: a.lost_tx + b.lost_tx,
            charged_segmentation_rx: a.charged_segmentation_rx + b.charged_segmentation_rx,
            charged_segmentation_tx: a.charged_segmentation_tx + b.charged_segmentation_tx,
            frames_rx: a.frames_rx + b.frames_rx,
            frames_tx: a.frames_tx + b.frames_tx,
            non_ip_rx: a.non_ip_rx + b.non_ip_rx,
            non_ip_tx: a.non_ip_tx + b.non_ip_tx,
            link_headers_rx: a.link_headers_rx + b.link_headers_rx,
            link_headers_tx: a.link_headers_tx + b.link_headers_tx,
            frame_segmentation_rx: a.frame_segmentation_rx + b.frame_segmentation_rx,
            frame_segmentation_tx: a.frame_segmentation_tx + b.frame_segmentation_tx,
            packet_sockets_tx: a.packet_sockets_tx + b.packet_sockets_tx,
            packets_rx: a.packets_rx + b.packets_rx,
            packets_tx: a.packets_tx + b.packets_tx,
            reserved: [0; 5],
        })
    }
}

/// `struct passage`: from one interface to another.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// `struct passed`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

/// `struct remote`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) owner: u64,
    pub(super) address: [u8; 16],
    pub(super) interface: u32,
    pub(super) port: u16,
    pub(super) protocol: u8,
    pub(super) flags: u8,
}

pub(super) const REMOTE_INBOUND: u8 = 1;

/// `struct remote_total`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RemoteTotal {
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
    pub(super) connections: u64,
    pub(super) last_ns: u64,
}

/// What `list_remotes` writes.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RemoteRecord {
    pub(super) remote: Remote,
    pub(super) total: RemoteTotal,
}

/// `struct socket_record`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SocketRecord {
    pub(super) owner: u64,
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
    pub(super) opened_ns: u64,
    pub(super) local: [u8; 16],
    pub(super) remote: [u8; 16],
    pub(super) interface: u32,
    pub(super) flags: u32,
    pub(super) local_port: u16,
    pub(super) remote_port: u16,
    pub(super) protocol: u16,
    pub(super) state: u8,
    pub(super) pad: u8,
}

pub(super) const SOCKET_UNCLAIMED: u32 = 1;
pub(super) const SOCKET_INBOUND: u32 = 2;
pub(super) const SOCKET_SEEDED: u32 = 4;
pub(super) const SOCKET_SCOPE_MASK: u32 = 3 << 8;

/// `struct light`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Light {
    pub(super) sockets: u64,
    pub(super) fold_when_used: u64,
    pub(super) sees_drops: u64,
}

/// `struct dns_record`: a length, and room for this many bytes after it.
pub(super) const DNS_RECORD_HEADER: usize = 8;

/// Slots that stand for traffic without a process.
pub(super) const RESIDUAL_SLOTS: [(u32, ResidualReason); 6] = [
    (1, ResidualReason::KernelTcp),
    (2, ResidualReason::KernelUdp),
    (3, ResidualReason::KernelIcmp),
    (4, ResidualReason::KernelOther),
    (5, ResidualReason::TableFull),
    (6, ResidualReason::Stale),
];
/// The first slot that a process can have.
pub(super) const FIRST_SLOT: u32 = 8;

/// What each entry of `losses` counts, for people.
pub(super) const LOSSES: [&str; 3] = [
    "a process found no free slot: its bytes are under table_full",
    "the kernel had no memory to remember a socket's process",
    "a process could not be described: it is shown without a name",
];

/// `PROCESS_PID_SHIFT`: a process is its number above its start in clock ticks.
pub(super) const PID_SHIFT: u32 = 42;

const _: () = {
    assert!(size_of::<Traffic>() == 48);
    assert!(size_of::<Counters>() == 192);
    assert!(size_of::<Slot>() == 32);
    assert!(size_of::<RawIdentity>() == 944);
    assert!(size_of::<Interface>() == 192);
    assert!(size_of::<Remote>() == 32);
    assert!(size_of::<RemoteTotal>() == 32);
    assert!(size_of::<RemoteRecord>() == 64);
    assert!(size_of::<SocketRecord>() == 80);
    assert!(size_of::<Light>() == 24);
};

// SAFETY: plain integers and byte arrays without padding (asserted above), so any bytes are a value.
unsafe impl aya::Pod for RawIdentity {}
// SAFETY: as above.
unsafe impl aya::Pod for Passage {}
// SAFETY: as above.
unsafe impl aya::Pod for Passed {}
// SAFETY: as above.
unsafe impl aya::Pod for Remote {}
// SAFETY: as above.
unsafe impl aya::Pod for RemoteTotal {}
// SAFETY: as above.
unsafe impl aya::Pod for RemoteRecord {}
// SAFETY: as above.
unsafe impl aya::Pod for SocketRecord {}
