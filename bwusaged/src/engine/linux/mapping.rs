//! A BPF array, mapped into this process: read and written without a system call.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _},
    ptr::NonNull,
};

use aya::maps::MapData;

/// The elements of a `BPF_F_MMAPABLE` array, shared with the kernel for as long as this lives.
#[derive(Debug)]
pub(super) struct Mapping<T> {
    at: NonNull<T>,
    len: usize,
    /// Programs that are loaded later refer to the descriptor.
    _map: MapData,
}

impl<T: Copy> Mapping<T> {
    /// Maps the `len` elements of the array `map`, whose value type is `T`.
    pub(super) fn new(map: MapData, len: usize) -> io::Result<Self> {
        // The kernel rounds each value up to 8 bytes; with this the elements are where Rust expects them.
        const { assert!(size_of::<T>().is_multiple_of(8) && align_of::<T>() <= 8) };
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes > 0).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new shared mapping of a descriptor; it touches no memory that Rust knows of.
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.fd().as_fd().as_raw_fd(),
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let at = NonNull::new(at.cast()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { at, len, _map: map })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Reads element `index`. The kernel may write it meanwhile: each 8-byte word is whole, the element need not be.
    pub(super) fn read(&self, index: usize) -> T {
        assert!(index < self.len, "element {index} of {}", self.len);
        // SAFETY: inside the mapping (checked), aligned (the mapping begins on a page), and any bytes are a `T`: only the
        // plain types of `layout` are mapped.
        unsafe { self.at.as_ptr().add(index).read_volatile() }
    }

    /// Writes element `index`. The caller knows that the kernel does not count there now.
    pub(super) fn write(&mut self, index: usize, value: T) {
        assert!(index < self.len, "element {index} of {}", self.len);
        // SAFETY: as in `read`; the mapping is writable.
        unsafe { self.at.as_ptr().add(index).write_volatile(value) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `new` made, and nothing refers into it: `read` hands out copies.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.len * size_of::<T>()) };
    }
}
