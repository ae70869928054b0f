//! Signals that end or suspend the program.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The shell can stop a program and continue it.
pub const CAN_SUSPEND: bool = true;

/// A system without any locale variable shows ASCII (`C`).
pub const UNICODE_WITHOUT_LOCALE: bool = false;

/// The signals by which the program is asked to end.
#[derive(Debug)]
pub struct Endings {
    interrupt: Signal,
    hangup: Signal,
    terminate: Signal,
}

impl Endings {
    /// Begins to listen. Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Fails when the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits until somebody asks.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Stops this program; returns when it is continued.
pub(super) fn suspend() -> io::Result<()> {
    // SAFETY: raise only sends a signal to this thread; its default action, to stop the process, is not changed here.
    match unsafe { libc::raise(libc::SIGTSTP) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
