//! Who else can reach a file, by its mode.

use std::{fs::File, io, os::unix::fs::MetadataExt as _};

/// Whether others may write it (where deliveries go) or read it (with which credentials); its group may read.
pub(super) fn is_open(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & 0o026 != 0)
}
