//! Where daemon and clients meet: a Unix socket, or a named pipe on Windows.
//!
//! The platform is chosen here and nowhere else in this crate.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
};

use interprocess::local_socket::tokio::prelude::*;
pub use interprocess::local_socket::tokio::{Listener, Stream};

use crate::process::UserId;

#[cfg(unix)]
#[path = "transport/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "transport/windows.rs"]
mod platform;

/// The environment variable that names another endpoint.
pub const SOCKET_ENV: &str = "BWUSAGE_SOCKET";

/// The address of a daemon: a socket's path, or a pipe's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(PathBuf);

impl Endpoint {
    /// This path (Unix) or pipe name (Windows).
    #[must_use]
    pub fn new(address: impl Into<PathBuf>) -> Self {
        Self(address.into())
    }

    /// Where the machine's own daemon listens: `/run/bwusage/bwusage.sock`, on macOS `/var/run/bwusage/bwusage.sock`,
    /// on Windows `\\.\pipe\bwusage`.
    #[must_use]
    pub fn system() -> Self {
        Self::new(platform::SYSTEM_ADDRESS)
    }

    /// Where an unprivileged daemon of this user listens: under `$XDG_RUNTIME_DIR`, where that is set.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        platform::user_address(std::env::var_os("XDG_RUNTIME_DIR")).map(Self)
    }

    /// What a client connects to: `explicit` (a flag, or [`SOCKET_ENV`]), else the system's daemon, else, where only that
    /// exists, this user's own.
    #[must_use]
    pub fn resolve(explicit: Option<PathBuf>) -> Self {
        Self::choose(explicit, std::env::var_os(SOCKET_ENV), Self::of_user(), |endpoint| endpoint.0.exists())
    }

    fn choose(
        explicit: Option<PathBuf>,
        from_env: Option<OsString>,
        of_user: Option<Self>,
        exists: impl Fn(&Self) -> bool,
    ) -> Self {
        let named = explicit.or_else(|| from_env.filter(|value| !value.is_empty()).map(PathBuf::from));
        if let Some(address) = named {
            return Self(address);
        }
        match of_user {
            Some(of_user) if !exists(&Self::system()) && exists(&of_user) => of_user,
            _ => Self::system(),
        }
    }

    /// The path or pipe name.
    #[must_use]
    pub fn address(&self) -> &Path {
        &self.0
    }

    /// Connects once.
    ///
    /// # Errors
    ///
    /// `NotFound`: nobody ever listened there. `ConnectionRefused`: a daemon did and is gone. `PermissionDenied`.
    pub async fn connect(&self) -> io::Result<Stream> {
        Stream::connect(platform::name(self)?).await
    }

    /// Listens here, for every local user. A socket left behind by a crash is replaced; a living daemon's never is.
    ///
    /// # Errors
    ///
    /// `AddrInUse` when another daemon listens here.
    pub fn listen(&self) -> io::Result<Bound> {
        platform::listen(self)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Waits for the next connection.
///
/// # Errors
///
/// Fails when the process is out of descriptors, for one; the listener stays usable.
pub async fn accept(listener: &Listener) -> io::Result<Stream> {
    listener.accept().await
}

/// A listening endpoint. Dropping it gives the name up.
#[derive(Debug)]
pub struct Bound {
    /// Where clients arrive.
    pub listener: Listener,
    /// Keeps a second daemon away for as long as this one lives, also where the socket file is removed meanwhile.
    _lock: Option<std::fs::File>,
}

/// Who is at the other end, as the kernel says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The user.
    pub user: UserId,
    /// Root, or an administrator of a Windows machine.
    pub superuser: bool,
    /// The Unix groups that the process is in; empty on Windows.
    pub groups: Vec<u32>,
}

impl Peer {
    /// Asks the kernel who is at the other end of `stream`.
    ///
    /// # Errors
    ///
    /// Fails when the kernel does not say; such a peer must not be served.
    pub fn of(stream: &Stream) -> io::Result<Self> {
        platform::peer(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(explicit: Option<&str>, env: Option<&str>, exists: fn(&Endpoint) -> bool) -> Endpoint {
        let of_user = Some(Endpoint::new("/run/user/7/bwusage/bwusage.sock"));
        Endpoint::choose(explicit.map(Into::into), env.map(Into::into), of_user, exists)
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_system() {
        assert_eq!(choose(Some("/a"), Some("/b"), |_| true), Endpoint::new("/a"));
        assert_eq!(choose(None, Some("/b"), |_| true), Endpoint::new("/b"));
        assert_eq!(choose(None, Some(""), |_| true), Endpoint::system());
    }

    #[test]
    fn a_users_own_daemon_is_found_where_the_system_has_none() {
        let only_user = |endpoint: &Endpoint| *endpoint != Endpoint::system();
        assert_eq!(choose(None, None, only_user), Endpoint::new("/run/user/7/bwusage/bwusage.sock"));
        assert_eq!(choose(None, None, |_| false), Endpoint::system());
    }
}
