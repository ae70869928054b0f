//! A BPF array, mapped into this process: read and written without a system call.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _},
    ptr::NonNull,
};

use aya::maps::MapData;

/// The first elements of a `BPF_F_MMAPABLE` array, shared with the kernel for as long as this lives.
///
/// The kernel maps such an array at once, not page by page as it is touched, and all of it would count as this process's
/// memory: so only as much is mapped as is in use, and more when it is.
#[derive(Debug)]
pub(super) struct Mapping<T> {
    at: NonNull<T>,
    mapped: usize,
    /// How many elements there are in the kernel.
    len: usize,
    /// Programs that are loaded later refer to the descriptor, and so does a larger mapping.
    map: MapData,
}

impl<T: Copy> Mapping<T> {
    /// Maps the first `mapped` of the `len` elements of the array `map`, whose value type is `T`.
    pub(super) fn new(map: MapData, mapped: usize, len: usize) -> io::Result<Self> {
        // The kernel rounds each value up to 8 bytes; with this the elements are where Rust expects them.
        const { assert!(size_of::<T>() > 0 && size_of::<T>().is_multiple_of(8) && align_of::<T>() <= 8) };
        let mapped = mapped.clamp(1, len);
        Ok(Self { at: map_array(&map, mapped)?, mapped, len, map })
    }

    /// How many elements there are in the kernel.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Maps at least the first `count` elements.
    pub(super) fn reach(&mut self, count: usize) -> io::Result<()> {
        if count <= self.mapped {
            return Ok(());
        }
        let wanted = count.next_power_of_two().min(self.len);
        let at = map_array(&self.map, wanted)?;
        self.unmap();
        (self.at, self.mapped) = (at, wanted);
        Ok(())
    }

    /// Reads element `index`. The kernel may write it meanwhile: each 8-byte word is whole, the element need not be.
    pub(super) fn read(&self, index: usize) -> T {
        assert!(index < self.mapped, "element {index} of {}", self.mapped);
        // SAFETY: inside the mapping (checked), aligned (the mapping begins on a page), and any bytes are a `T`: only the
        // plain types of `layout` are mapped.
        unsafe { self.at.as_ptr().add(index).read_volatile() }
    }

    /// Reads element `index` if it is mapped already.
    pub(super) fn try_read(&self, index: usize) -> Option<T> {
        (index < self.mapped).then(|| self.read(index))
    }

    /// Writes element `index`. The caller knows that the kernel does not count there now.
    pub(super) fn write(&mut self, index: usize, value: T) {
        assert!(index < self.mapped, "element {index} of {}", self.mapped);
        // SAFETY: as in `read`; the mapping is writable.
        unsafe { self.at.as_ptr().add(index).write_volatile(value) }
    }

    /// Writes the field of element `index` that begins at `offset`, beside which the kernel may count.
    pub(super) fn write_field<F: Copy>(&mut self, index: usize, offset: usize, value: F) {
        assert!(index < self.mapped, "element {index} of {}", self.mapped);
        assert!(offset.is_multiple_of(align_of::<F>()) && offset + size_of::<F>() <= size_of::<T>());
        // SAFETY: as in `write`, and the field lies aligned within the element (checked).
        unsafe { self.at.as_ptr().add(index).byte_add(offset).cast::<F>().write_volatile(value) }
    }
}

impl<T> Mapping<T> {
    fn unmap(&mut self) {
        // SAFETY: this is a mapping that `map_array` made of so many elements, and nothing refers into it: `read` hands
        // out copies. Every caller replaces or drops it.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.mapped * size_of::<T>()) };
    }
}

fn map_array<T>(map: &MapData, count: usize) -> io::Result<NonNull<T>> {
    let bytes = count.checked_mul(size_of::<T>()).ok_or(io::ErrorKind::InvalidInput)?;
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
    NonNull::new(at.cast()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        self.unmap();
    }
}
