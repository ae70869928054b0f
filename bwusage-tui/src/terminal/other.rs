//! Systems without job control.

use std::io;

/// A program cannot be stopped and continued from its terminal.
pub const CAN_SUSPEND: bool = false;

/// Locale variables are unusual here, and the terminals show everything.
pub const UNICODE_WITHOUT_LOCALE: bool = true;

/// The ways in which the program is asked to end.
#[derive(Debug)]
pub struct Endings;

impl Endings {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// Never fails here.
    pub fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits until somebody asks.
    pub async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can ask then; the keys still work.
            std::future::pending::<()>().await;
        }
    }
}

/// Never called: [`CAN_SUSPEND`] is false.
pub(super) fn suspend() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
