//! Socket options that no library knows.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _},
};

pub(super) fn set(socket: impl AsFd, level: i32, option: i32, value: &[u8]) -> io::Result<()> {
    let (fd, length) = (socket.as_fd().as_raw_fd(), value.len() as libc::socklen_t);
    // SAFETY: the pointer and the length are those of `value`.
    match unsafe { libc::setsockopt(fd, level, option, value.as_ptr().cast(), length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads as much of the option's value as `value` has room for.
pub(super) fn get(socket: impl AsFd, level: i32, option: i32, value: &mut [u8]) -> io::Result<()> {
    let (fd, mut length) = (socket.as_fd().as_raw_fd(), value.len() as libc::socklen_t);
    // SAFETY: the pointer and the length are those of `value`.
    match unsafe { libc::getsockopt(fd, level, option, value.as_mut_ptr().cast(), &raw mut length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
