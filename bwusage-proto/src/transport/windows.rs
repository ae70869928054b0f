//! Named pipes. Local clients only; every signed-in user may connect, and only the daemon may create instances.

use std::{ffi::OsString, io, path::PathBuf};

use interprocess::{
    local_socket::{GenericFilePath, ListenerOptions, Name, prelude::*},
    os::windows::{local_socket::ListenerOptionsExt as _, security_descriptor::SecurityDescriptor},
};
use widestring::{U16CStr, u16cstr};

use super::{Bound, Endpoint, Peer, Stream};

#[path = "windows/token.rs"]
mod token;

pub(super) const SYSTEM_ADDRESS: &str = r"\\.\pipe\bwusage";

/// SYSTEM, Administrators and the daemon's own user: everything. Other signed-in users: read and write, but not
/// FILE_CREATE_PIPE_INSTANCE (0x4), so that nobody else can serve under this name.
///
/// The owner is named (S-1-3-4, OWNER RIGHTS) for the daemon without privileges, which plays a recording: without it, it
/// could not create its second instance.
const PIPE_SDDL: &U16CStr = u16cstr!("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;S-1-3-4)(A;;0x12019b;;;AU)");

pub(super) fn user_address(_: Option<OsString>) -> Option<PathBuf> {
    None
}

pub(super) fn name(endpoint: &Endpoint) -> io::Result<Name<'_>> {
    endpoint.address().to_fs_name::<GenericFilePath>()
}

pub(super) fn listen(endpoint: &Endpoint) -> io::Result<Bound> {
    let descriptor = SecurityDescriptor::deserialize(PIPE_SDDL)?;
    let listener =
        ListenerOptions::new().name(name(endpoint)?).security_descriptor(descriptor).create_tokio().map_err(
            |error| match error.kind() {
                // The first instance must be the first (FILE_FLAG_FIRST_PIPE_INSTANCE): somebody serves under this name.
                io::ErrorKind::PermissionDenied => io::ErrorKind::AddrInUse.into(),
                _ => error,
            },
        )?;
    Ok(Bound { listener, _lock: None })
}

pub(super) fn peer(stream: &Stream) -> io::Result<Peer> {
    let Stream::NamedPipe(pipe) = stream;
    token::of_client(pipe.inner())
}
