//! Unix: mode 0600 from the beginning. SQLite gives its journal the same mode.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Permissions of everyone but the owner.
const OF_OTHERS: u32 = 0o077;

/// Makes the file where it is missing. One that others can read or write is not taken, and not changed either: it may be a
/// link to somewhere else.
pub(in crate::access) fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let of_others = fs::metadata(path)?.permissions().mode() & OF_OTHERS;
            let why = "others can read or write it: chmod 600 it";
            if of_others == 0 { Ok(()) } else { Err(io::Error::new(io::ErrorKind::PermissionDenied, why)) }
        }
        made => made.map(drop),
    }
}
