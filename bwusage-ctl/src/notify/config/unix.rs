//! Unix: owner and mode.

use std::{fs::File, io, os::unix::fs::MetadataExt as _};

use super::Trust;

/// Who could have written `file`, as far as its owner and mode tell.
pub(super) fn trust(file: &File) -> io::Result<Trust> {
    const OTHERS_WRITE: u32 = 0o022;
    let metadata = file.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    Ok(if metadata.uid() != own && metadata.uid() != 0 {
        Trust::Foreign
    } else if metadata.mode() & OTHERS_WRITE != 0 {
        Trust::Writable
    } else {
        Trust::Own
    })
}
