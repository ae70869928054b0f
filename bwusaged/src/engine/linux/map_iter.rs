//! Reading a whole table of the kernel at once: a program that is run on each of its elements and writes records.
//!
//! aya attaches iterators without saying which table they walk, so the two system calls are made here.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
};

use aya::Pod;

// From <linux/bpf.h>.
const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ITER_CREATE: libc::c_long = 33;
const BPF_TRACE_ITER: u32 = 28;

/// The part of `union bpf_attr` that `BPF_LINK_CREATE` reads.
#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_len: u32,
    pad: u32,
}

/// The part that `BPF_ITER_CREATE` reads.
#[repr(C)]
struct IterCreate {
    link: u32,
    flags: u32,
}

/// A program that can be run on every element of a table. Closing it leaves nothing behind.
#[derive(Debug)]
pub(super) struct MapIter {
    link: OwnedFd,
    buffer: Vec<u8>,
}

impl MapIter {
    /// Ties the loaded iterator `program` to `map`.
    pub(super) fn new(program: BorrowedFd<'_>, map: BorrowedFd<'_>) -> io::Result<Self> {
        // `union bpf_iter_link_info` with its `map.map_fd`.
        let map = map.as_raw_fd() as u32;
        let create = LinkCreate {
            program: program.as_raw_fd() as u32,
            target: 0,
            attach_type: BPF_TRACE_ITER,
            flags: 0,
            iter_info: (&raw const map) as u64,
            iter_info_len: size_of_val(&map) as u32,
            pad: 0,
        };
        Ok(Self { link: bpf(BPF_LINK_CREATE, &create)?, buffer: Vec::new() })
    }

    /// Runs the program on every element, for what it does rather than for what it writes.
    pub(super) fn run(&mut self) -> io::Result<()> {
        self.read::<u8>().map(drop)
    }

    /// Runs the program on every element; `T` is what it writes for each.
    pub(super) fn read<T: Pod>(&mut self) -> io::Result<impl Iterator<Item = T> + '_> {
        let create = IterCreate { link: self.link.as_raw_fd() as u32, flags: 0 };
        let mut file = File::from(bpf(BPF_ITER_CREATE, &create)?);
        self.buffer.clear();
        file.read_to_end(&mut self.buffer)?;
        Ok(self.buffer.chunks_exact(size_of::<T>()).map(|record| {
            // SAFETY: as many bytes as a `T` has, and any bytes are a `Pod`.
            unsafe { record.as_ptr().cast::<T>().read_unaligned() }
        }))
    }

    /// Gives the memory of a large reading back.
    pub(super) fn forget(&mut self) {
        self.buffer = Vec::new();
    }
}

/// A command of bpf(2) that answers with a descriptor.
fn bpf<T>(command: libc::c_long, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads so many bytes of `attributes`, and what they point to, during the call only.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>() as libc::c_uint)
    };
    let Ok(fd) = i32::try_from(fd) else { return Err(io::ErrorKind::InvalidData.into()) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor that the kernel has just made for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
