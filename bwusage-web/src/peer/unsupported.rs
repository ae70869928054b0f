//! Systems where nobody can be told from another.

use std::net::SocketAddr;

pub(super) const ROOT: u32 = 0;

pub(super) fn user_of(_theirs: SocketAddr, _ours: SocketAddr) -> Option<u32> {
    None
}

pub(super) fn own_user() -> Option<u32> {
    None
}
