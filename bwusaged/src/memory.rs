//! Memory that is free and that the C library keeps.

/// Returns it to the system. Only glibc has to be asked.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only returns free memory to the system.
    unsafe {
        libc::malloc_trim(0);
    }
}
