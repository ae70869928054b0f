//! Unix: mode 0600 from the beginning. SQLite gives its journal the same mode.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Makes the file where it is missing. One that others can read or write is not taken, and not changed either: it may be a
/// link to somewhere else.
pub(in crate::access) fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode();
            let why = "others can read or write it: chmod 600 it";
            if mode & 0o077 == 0 { Ok(()) } else { Err(io::Error::new(io::ErrorKind::PermissionDenied, why)) }
        }
        made => made.map(drop),
    }
}
