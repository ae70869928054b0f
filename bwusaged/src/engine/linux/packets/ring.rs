//! A packet socket whose copies of packets lie in memory that the kernel and we share (packet(7), `TPACKET_V3`): no system call
//! and no copy for each. [`block`] knows how they lie there; here is the socket.
//!
//! Only headers are kept. A packet that an interface is not to cut yet, or has put together, says so in a header of its own
//! (`PACKET_VNET_HDR`, which only sockets of the type `SOCK_RAW` can have).

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use self::block::Frame;

pub(super) mod block;

/// The kernel hands over a block when it is full, or has lain for a while; then the rest of it is empty. So it is the number of
/// blocks that decides how long a reader may be kept waiting, 2 s here, and their size how many packets come at once.
const BLOCK_BYTES: usize = 32 * 1024;
pub(super) const BLOCKS: usize = 512;
/// At most so much later than on the wire is a packet seen. The kernel rounds it up to its clock, 1 to 10 ms.
const RETIRE_MS: u32 = 4;
/// Has no meaning in this version of the ring, but is checked.
const FRAME_BYTES: usize = 2048;
/// Bytes that are kept of each packet: Ethernet, IPv6 and TCP with all their options are 114.
const SNAP_BYTES: u32 = 128;

/// The socket and its memory.
#[derive(Debug)]
pub(super) struct Ring {
    socket: OwnedFd,
    memory: NonNull<u8>,
    next: usize,
}

// SAFETY: the memory belongs to this ring alone, and is not tied to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Sees every IP packet of this network namespace from now on.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` without `CAP_NET_RAW`.
    pub(super) fn open() -> io::Result<Self> {
        // Without a protocol it sees nothing until it is bound: no packet escapes the filter.
        // SAFETY: takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        set(&socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        let on: libc::c_int = 1;
        set(&socket, libc::SOL_PACKET, libc::PACKET_VNET_HDR, &on)?;
        let filter = filter();
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        set(&socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)?;
        let layout = libc::tpacket_req3 {
            tp_block_size: BLOCK_BYTES as u32,
            tp_block_nr: BLOCKS as u32,
            tp_frame_size: FRAME_BYTES as u32,
            tp_frame_nr: (BLOCK_BYTES / FRAME_BYTES * BLOCKS) as u32,
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &layout)?;
        let memory = map(&socket)?;
        let ring = Self { socket, memory, next: 0 };
        ring.bind()?;
        Ok(ring)
    }

    /// To all interfaces and protocols: only so are packets seen that are sent.
    fn bind(&self) -> io::Result<()> {
        // SAFETY: a plain structure of numbers, for which zero is valid.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        let length = size_of_val(&address) as libc::socklen_t;
        // SAFETY: `address` has `length` readable bytes.
        let outcome = unsafe { libc::bind(self.socket.as_raw_fd(), (&raw const address).cast(), length) };
        if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits until there is a block, or for so long.
    pub(super) fn wait(&self, timeout: Duration) -> io::Result<()> {
        let mut poll = libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one writable element.
        let outcome = unsafe { libc::poll(&raw mut poll, 1, timeout.as_millis() as libc::c_int) };
        match outcome {
            0.. => Ok(()),
            _ => Err(io::Error::last_os_error()).or_else(|error| match error.kind() {
                io::ErrorKind::Interrupted => Ok(()),
                _ => Err(error),
            }),
        }
    }

    /// Hands the packets of the next block to `take`; `false` when there is none.
    pub(super) fn read(&mut self, take: impl FnOnce(&mut dyn Iterator<Item = Frame<'_>>)) -> bool {
        let start = self.next * BLOCK_BYTES;
        // SAFETY: inside the memory, which begins at a page and has whole blocks; the kernel writes this word atomically.
        let status = unsafe { AtomicU32::from_ptr(self.memory.add(start + block::STATUS).cast().as_ptr()) };
        if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return false;
        }
        // SAFETY: inside the memory, and the kernel writes nothing there until it is given back below.
        let bytes = unsafe { slice::from_raw_parts(self.memory.add(start).as_ptr(), BLOCK_BYTES) };
        take(&mut block::frames(bytes));
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % BLOCKS;
        true
    }

    /// How many packets had no room since this was asked last.
    pub(super) fn dropped(&self) -> io::Result<u64> {
        let mut statistics = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        let mut length = size_of_val(&statistics) as libc::socklen_t;
        // SAFETY: `statistics` has the `length` bytes that the call may write.
        let outcome = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut statistics).cast(),
                &raw mut length,
            )
        };
        if outcome == 0 { Ok(statistics.tp_drops.into()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: mapped in `open` with this length, and nobody holds a part of it.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), BLOCK_BYTES * BLOCKS) };
    }
}

fn map(socket: &OwnedFd) -> io::Result<NonNull<u8>> {
    let (protection, length) = (libc::PROT_READ | libc::PROT_WRITE, BLOCK_BYTES * BLOCKS);
    // SAFETY: anywhere, so nothing is mapped over.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), length, protection, libc::MAP_SHARED, socket.as_raw_fd(), 0) };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(memory.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}

fn set<T>(socket: &OwnedFd, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: `value` has as many readable bytes as its type. What a filter points to outlives the call.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Keeps the headers of IP packets, but not of those for other machines, nor of those with a VLAN's tag: the VLAN's own
/// interface shows them again without it. A classic filter, which every kernel has; it reads what the kernel knows of the packet
/// (`SKF_AD_…` of `<linux/filter.h>`), not its bytes.
fn filter() -> [libc::sock_filter; 10] {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, jt, jf, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let known = |what: libc::c_int| (libc::SKF_AD_OFF + what).cast_unsigned();
    [
        step(LOAD, 0, 0, known(libc::SKF_AD_PROTOCOL)),
        step(EQUAL, 1, 0, libc::ETH_P_IP.cast_unsigned()),
        step(EQUAL, 0, 6, libc::ETH_P_IPV6.cast_unsigned()),
        step(LOAD, 0, 0, known(libc::SKF_AD_PKTTYPE)),
        step(EQUAL, 4, 0, libc::PACKET_OTHERHOST.into()),
        step(LOAD, 0, 0, known(libc::SKF_AD_VLAN_TAG)),
        // The number of the VLAN: a tag with number 0 has a priority only.
        step(AND, 0, 0, 0xfff),
        step(EQUAL, 0, 1, 0),
        step(RETURN, 0, 0, SNAP_BYTES),
        step(RETURN, 0, 0, 0),
    ]
}
