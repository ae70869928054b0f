//! Administrator rights for the daemon, the person's own for everything else. Chosen here, once.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::*;

#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
pub(super) use windows::*;
