//! Which network namespace this is.

use std::{io, net::UdpSocket, os::fd::AsRawFd as _};

/// `SO_NETNS_COOKIE` of `<asm-generic/socket.h>`; since Linux 5.14.
const SO_NETNS_COOKIE: libc::c_int = 71;

/// The number of this process's network namespace, unique while the machine runs.
pub(super) fn own_cookie() -> io::Result<u64> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    let mut cookie = 0_u64;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: `cookie` has the `length` bytes that the call may write.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    if outcome == 0 { Ok(cookie) } else { Err(io::Error::last_os_error()) }
}
