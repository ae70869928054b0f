//! Unix: owner and mode.

use std::{fs::File, io, os::unix::fs::MetadataExt as _};

use super::Writers;

/// The mode bits of others who may write.
const OTHERS_WRITE: u32 = 0o022;

pub(super) fn writers(file: &File) -> io::Result<Writers> {
    let metadata = file.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    let is_foreign = metadata.uid() != own && metadata.uid() != 0;
    Ok(Writers { is_foreign, is_open: metadata.mode() & OTHERS_WRITE != 0 })
}
