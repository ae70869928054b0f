//! Unix sockets in the file system; never Linux's abstract names, which carry no permissions.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, prelude::*};

use super::{Bound, Endpoint, Peer, Stream};
use crate::process::UserId;

#[cfg(target_os = "macos")]
pub(super) const SYSTEM_ADDRESS: &str = "/var/run/bwusage/bwusage.sock";
#[cfg(not(target_os = "macos"))]
pub(super) const SYSTEM_ADDRESS: &str = "/run/bwusage/bwusage.sock";

pub(super) fn user_address(runtime_dir: Option<OsString>) -> Option<PathBuf> {
    let dir = PathBuf::from(runtime_dir.filter(|dir| !dir.is_empty())?);
    dir.is_absolute().then(|| dir.join("bwusage/bwusage.sock"))
}

pub(super) fn name(endpoint: &Endpoint) -> io::Result<Name<'_>> {
    endpoint.address().to_fs_name::<GenericFilePath>()
}

/// Takes the lock, then replaces what a dead daemon left, then binds and opens the socket to every user.
pub(super) fn listen(endpoint: &Endpoint) -> io::Result<Bound> {
    let path = endpoint.address();
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty() && !dir.exists()) {
        fs::create_dir_all(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    }
    let lock = lock(path)?;
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
        Ok(_) => {
            let text = format!("{} exists and is not a socket", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = ListenerOptions::new().name(name(endpoint)?).create_tokio()?;
    // After bind: a mode given to the socket itself would still pass through the umask.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(Bound { listener, _lock: Some(lock) })
}

/// The lock file stays for ever: removing it would let two daemons each lock a file of their own.
fn lock(path: &Path) -> io::Result<File> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&lock_path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::AddrInUse.into()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

pub(super) fn peer(stream: &Stream) -> io::Result<Peer> {
    let creds = stream.peer_creds()?;
    let uid = creds.euid().ok_or(io::ErrorKind::Unsupported)?;
    let mut groups = supplementary_groups(stream, &creds)?;
    groups.extend(creds.egid());
    Ok(Peer { user: UserId::Uid(uid), superuser: uid == 0, groups })
}

#[cfg(target_os = "linux")]
fn supplementary_groups(stream: &Stream, _: &interprocess::local_socket::PeerCreds) -> io::Result<Vec<u32>> {
    use std::os::fd::{AsFd as _, AsRawFd as _};

    let Stream::UdSocket(stream) = stream;
    let mut groups = vec![0_u32; 32];
    loop {
        let mut len =
            libc::socklen_t::try_from(groups.len() * size_of::<u32>()).unwrap_or(libc::socklen_t::MAX);
        // SAFETY: `groups` is writable for `len` bytes, and the kernel writes at most that many (SO_PEERGROUPS, Linux 4.13).
        let outcome = unsafe {
            libc::getsockopt(
                stream.as_fd().as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        let count = len as usize / size_of::<u32>();
        if outcome == 0 {
            groups.truncate(count);
            return Ok(groups);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ERANGE) || count <= groups.len() {
            return Err(error);
        }
        groups.resize(count, 0);
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "Linux is asked separately, and may refuse")]
fn supplementary_groups(_: &Stream, creds: &interprocess::local_socket::PeerCreds) -> io::Result<Vec<u32>> {
    Ok(creds.groups().unwrap_or_default().to_vec())
}
