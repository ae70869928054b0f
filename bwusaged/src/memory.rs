//! Memory that is free and that the C library keeps.

/// Larger pieces are returned to the system as soon as they are free, and nothing of theirs is kept for the next one: the kernel's
/// type information, the list of all sockets, everything that there is for a new client. It is glibc's own threshold, which
/// glibc raises to the largest piece that was ever freed unless it is set.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const RETURNED_AT_ONCE_BYTES: libc::c_int = 128 << 10;

/// Keeps what is large and short-lived from making the heap large for good. Call it before anything large.
pub(crate) fn return_large_pieces_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only sets a threshold of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, RETURNED_AT_ONCE_BYTES);
    }
}

/// Returns it to the system. Only glibc has to be asked.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only returns free memory to the system.
    unsafe {
        libc::malloc_trim(0);
    }
}
