//! Closed to other users by the file system.

use std::{
    env,
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Where users' programs keep their state, as the XDG Base Directory Specification has it.
pub(super) fn state_home() -> Option<PathBuf> {
    env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/state"))
}

pub(super) fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
