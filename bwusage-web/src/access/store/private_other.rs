//! Elsewhere: a folder of the user's own is theirs alone already.

use std::{fs::OpenOptions, io, path::Path};

/// Makes the file where it is missing.
pub(in crate::access) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map(drop)
}
