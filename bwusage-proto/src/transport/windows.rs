//! Named pipes. Local clients only; every signed-in user may connect, and only the daemon may create instances.

use std::{ffi::OsString, io, path::PathBuf};

use interprocess::{
    local_socket::{GenericFilePath, ListenerOptions, Name, prelude::*},
    os::windows::{
        local_socket::ListenerOptionsExt as _, security_descriptor::SecurityDescriptor,
    },
};

use super::{Bound, Endpoint, Peer, Stream};

pub(super) const SYSTEM_ADDRESS: &str = r"\\.\pipe\bwusage";

/// SYSTEM and Administrators: everything. Authenticated users: read and write, but not FILE_CREATE_PIPE_INSTANCE (0x4),
/// so that nobody else can serve under this name.
const PIPE_SDDL: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x12019b;;;AU)");

pub(super) fn user_address(_: Option<OsString>) -> Option<PathBuf> {
    None
}

pub(super) fn name(endpoint: &Endpoint) -> io::Result<Name<'_>> {
    endpoint.address().to_fs_name::<GenericFilePath>()
}

pub(super) fn listen(endpoint: &Endpoint) -> io::Result<Bound> {
    let descriptor = SecurityDescriptor::deserialize(PIPE_SDDL)?;
    let listener = ListenerOptions::new()
        .name(name(endpoint)?)
        .security_descriptor(descriptor)
        .create_tokio()
        .map_err(|error| match error.kind() {
            // FILE_FLAG_FIRST_PIPE_INSTANCE: somebody serves under this name.
            io::ErrorKind::PermissionDenied => io::ErrorKind::AddrInUse.into(),
            _ => error,
        })?;
    Ok(Bound { listener, _lock: None })
}

pub(super) fn peer(stream: &Stream) -> io::Result<Peer> {
    let Stream::NamedPipe(pipe) = stream;
    token::of_client(pipe)
}

#[path = "windows_token.rs"]
mod token;
