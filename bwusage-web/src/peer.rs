//! Who is asking: the user at the other end of a connection, as the kernel tells it.
//!
//! Without a login, every user of this machine can open the page. What only the user who runs this server may know, with
//! whom programs talk, is for that user alone.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as native;
#[cfg(not(target_os = "linux"))]
#[path = "peer/unsupported.rs"]
mod native;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The other end and ours; `None` where they are not known.
    ends: Option<(SocketAddr, SocketAddr)>,
    /// Looked up when it is first asked for: the connection keeps its owner.
    is_own_user: Arc<OnceLock<bool>>,
}

impl Peer {
    /// The one at `theirs` of a connection to `ours`.
    pub(crate) fn new(theirs: SocketAddr, ours: SocketAddr) -> Self {
        Self { ends: Some((theirs, ours)), is_own_user: Arc::default() }
    }

    /// One of whom nothing is known.
    pub(crate) fn unknown() -> Self {
        Self { ends: None, is_own_user: Arc::default() }
    }

    /// Its address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.ends.map(|(theirs, _)| theirs.ip())
    }

    /// Whether the user who runs this server, or root, is at the other end. False where that cannot be told.
    pub(crate) fn is_own_user(&self) -> bool {
        *self.is_own_user.get_or_init(|| {
            let user = self.ends.and_then(|(theirs, ours)| native::user_of(theirs, ours));
            user.is_some_and(|user| user == native::ROOT || Some(user) == native::own_user())
        })
    }

    /// A peer of whom it is known.
    #[cfg(test)]
    pub(crate) fn known(is_own_user: bool) -> Self {
        Self { ends: None, is_own_user: Arc::new(OnceLock::from(is_own_user)) }
    }
}
