//! The terminal: taken over, drawn on, and given back however the program ends.

use std::{
    io::{self, BufWriter, Stdout, Write as _},
    panic,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor, event, execute, queue,
    terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};

pub mod ability;
pub mod input;

#[cfg(not(unix))]
#[path = "terminal/other.rs"]
mod platform;
#[cfg(unix)]
#[path = "terminal/unix.rs"]
mod platform;

pub use platform::{CAN_SUSPEND, Endings, UNICODE_WITHOUT_LOCALE};

/// A whole frame of a large screen goes out in one write.
const FRAME_BYTES: usize = 64 * 1024;

/// True while the terminal is ours, so that it is given back exactly once: a second time would move the cursor over
/// what was printed since.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours. Dropping it gives it back; so does a panic, before its message is printed.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    ///
    /// Fails when standard output is no terminal.
    pub fn open(mouse: bool) -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        take(mouse)?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, io::stdout()));
        Ok(Self { terminal: Terminal::new(backend)?, mouse })
    }

    /// Draws one frame; terminals that can, show it all at once.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn draw<T>(&mut self, draw: impl FnOnce(&mut Frame) -> T) -> io::Result<T> {
        let mut seen = None;
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| seen = Some(draw(frame)))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        seen.ok_or_else(|| io::Error::other("the terminal did not ask for a frame"))
    }

    /// Forgets what the terminal shows, so that the next frame draws every cell.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Takes the mouse, or gives it back so that it selects text.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn capture_mouse(&mut self, capture: bool) -> io::Result<()> {
        self.mouse = capture;
        mouse(capture)
    }

    /// Puts `text` into the clipboard, where the terminal allows that (OSC 52).
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal to the shell and stops; takes it again when the shell continues the program.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        platform::suspend()?;
        take(self.mouse)?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(with_mouse: bool) -> io::Result<()> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), terminal::EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)?;
    mouse(with_mouse)
}

fn mouse(capture: bool) -> io::Result<()> {
    if capture {
        execute!(io::stdout(), event::EnableMouseCapture)
    } else {
        execute!(io::stdout(), event::DisableMouseCapture)
    }
}

/// Gives the terminal back. Failures have nobody to be told to: the terminal is what would tell them.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        event::DisableMouseCapture,
        event::DisableBracketedPaste,
        cursor::Show,
        terminal::LeaveAlternateScreen
    );
    let _ = terminal::disable_raw_mode();
    let _ = out.flush();
}
