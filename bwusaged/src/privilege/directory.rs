//! Directories of the daemon's own: made by root, and then the account's.
//!
//! Root never works in a directory that the account may write to: see [`inside`]. What is given away is given while the directory
//! is still root's, so that nobody can put something else in its place.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, lchown},
    path::Path,
};

use super::{Account, platform::as_account};

/// Everybody may look for the socket; only the owner may write.
const MODE: u32 = 0o755;
/// Others than the owner may write.
const SHARED: u32 = 0o022;

pub(in crate::privilege) fn own_directory(
    directory: &Path,
    names: &[&str],
    account: Option<&Account>,
) -> io::Result<()> {
    let made = make(directory)?;
    let Some(account) = account else { return Ok(()) };
    if !made && !is_left_by_root(directory, names)? {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        give(&entry?.path(), account)?;
    }
    give(directory, account)
}

/// Whether it had to be made.
fn make(directory: &Path) -> io::Result<bool> {
    if directory.is_dir() {
        return Ok(false);
    }
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(MODE).create(directory) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether only root can have filled it, and only with files of the daemon's, each of which is nowhere else.
fn is_left_by_root(directory: &Path, names: &[&str]) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(directory)?;
    if !metadata.is_dir() || metadata.uid() != 0 || metadata.mode() & SHARED != 0 {
        return Ok(false);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let is_file = metadata.is_file() || metadata.file_type().is_socket();
        let is_own = names.iter().any(|name| entry.file_name() == *name);
        // A directory has a name for each that is in it.
        let is_here_only = metadata.is_dir() || (is_file && metadata.nlink() == 1);
        if !is_own || !is_here_only {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(in crate::privilege) fn give(file: &Path, account: &Account) -> io::Result<()> {
    lchown(file, Some(account.uid), Some(account.gid))
}

pub(in crate::privilege) fn inside<T>(
    directory: &Path,
    account: Option<&Account>,
    work: impl FnOnce() -> T,
) -> T {
    let owner = fs::metadata(directory).map(|metadata| metadata.uid());
    match account.filter(|account| owner.is_ok_and(|owner| owner == account.uid)) {
        Some(account) => as_account(account, work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const NAMES: [&str; 2] = ["bwusaged.lock", "bwusage.sock"];

    fn directory(mode: u32) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        directory
    }

    fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    #[test]
    fn a_directory_with_nothing_but_the_daemons_own_files_is_given_away() {
        let directory = directory(0o755);
        assert_eq!(is_left_by_root(directory.path(), &NAMES).unwrap(), is_root());
        fs::write(directory.path().join("bwusaged.lock"), "").unwrap();
        assert_eq!(is_left_by_root(directory.path(), &NAMES).unwrap(), is_root());
    }

    #[test]
    fn a_directory_with_anything_else_or_open_to_others_is_not() {
        let with_more = directory(0o755);
        fs::write(with_more.path().join("passwd"), "").unwrap();
        let with_link = directory(0o755);
        symlink("/etc/passwd", with_link.path().join("bwusaged.lock")).unwrap();
        let with_second_name = directory(0o755);
        fs::write(with_second_name.path().join("bwusaged.lock"), "").unwrap();
        fs::hard_link(with_second_name.path().join("bwusaged.lock"), with_more.path().join("b")).unwrap();
        for directory in [&with_more, &with_link, &with_second_name, &directory(0o777)] {
            assert!(!is_left_by_root(directory.path(), &NAMES).unwrap());
        }
    }

    #[test]
    fn a_directory_is_made_with_its_parents_and_once() {
        let outer = directory(0o755);
        let inner = outer.path().join("a/b");
        assert!(make(&inner).unwrap() && !make(&inner).unwrap());
    }
}
