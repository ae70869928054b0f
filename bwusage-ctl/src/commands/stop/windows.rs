//! Windows: Ctrl-C, and the closing of the console.

use std::io;

use tokio::signal::windows::{CtrlC, CtrlClose, ctrl_c, ctrl_close};

use crate::failure::Exit;

/// Listens for the events that end a program.
pub(in crate::commands) struct Stop {
    interrupt: CtrlC,
    close: CtrlClose,
}

impl Stop {
    pub(in crate::commands) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, close: ctrl_close()? })
    }

    pub(in crate::commands) async fn requested(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.close.recv() => Exit::Terminated,
        }
    }
}
