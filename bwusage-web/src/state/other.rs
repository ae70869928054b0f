//! Elsewhere the folder of the user is closed to others already.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

pub(super) fn state_home() -> Option<PathBuf> {
    env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute())
}

pub(super) fn create(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)
}
