//! The terminal: its second screen, raw keys, and everything put back at the end.

use std::io::{self, Write as _};

use crossterm::{
    cursor, event,
    event::{Event, EventStream, KeyCode, KeyEventKind, KeyModifiers},
    queue, style, terminal,
};
use futures_util::StreamExt as _;

use crate::failure::Failure;

/// What somebody wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Interrupt,
    /// The window has another size.
    Redraw,
}

/// Cells of the terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// The second screen of the terminal. Dropping it brings the first one back.
pub(super) struct Screen {
    keys: EventStream,
    colours: bool,
}

impl Screen {
    pub(super) fn open() -> Result<Self, Failure> {
        let colours = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        terminal::enable_raw_mode().map_err(Failure::Terminal)?;
        // From here on dropping it restores the terminal, also when the next step fails.
        let screen = Self { keys: EventStream::new(), colours };
        let mut stdout = io::stdout();
        queue!(stdout, terminal::EnterAlternateScreen, cursor::Hide)
            .and_then(|()| stdout.flush())
            .map_err(Failure::Terminal)?;
        Ok(screen)
    }

    pub(super) fn size() -> Result<Size, Failure> {
        let (columns, rows) = terminal::size().map_err(Failure::Terminal)?;
        Ok(Size { columns: columns.into(), rows: rows.into() })
    }

    /// Shows `lines` from the top left corner and nothing else, in one write.
    pub(super) fn draw(&self, lines: &[String], size: Size) -> Result<(), Failure> {
        let mut frame = Vec::new();
        write_frame(&mut frame, lines, size, self.colours).map_err(Failure::Terminal)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(&frame).and_then(|()| stdout.flush()).map_err(Failure::Terminal)
    }

    /// Waits for the next key that means something.
    pub(super) async fn key(&mut self) -> Result<Key, Failure> {
        loop {
            match self.keys.next().await {
                Some(Ok(event)) => {
                    if let Some(key) = meaning(&event) {
                        return Ok(key);
                    }
                }
                Some(Err(error)) => return Err(Failure::Terminal(error)),
                // The terminal is gone.
                None => return Ok(Key::Quit),
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut stdout = io::stdout();
        // Nothing is left to be done when the terminal does not take it.
        let _ = queue!(stdout, cursor::Show, terminal::LeaveAlternateScreen).and_then(|()| stdout.flush());
        let _ = terminal::disable_raw_mode();
    }
}

fn write_frame(frame: &mut Vec<u8>, lines: &[String], size: Size, colours: bool) -> io::Result<()> {
    queue!(frame, terminal::BeginSynchronizedUpdate)?;
    for (row, line) in lines.iter().take(size.rows).enumerate() {
        queue!(frame, cursor::MoveTo(0, row as u16), terminal::Clear(terminal::ClearType::CurrentLine))?;
        if colours {
            queue!(frame, style::Print(line))?;
        } else {
            queue!(frame, style::Print(anstream::adapter::strip_str(line)))?;
        }
    }
    // Not from where the text ended: in the last column that would take its last character away again.
    if lines.len() < size.rows {
        queue!(
            frame,
            cursor::MoveTo(0, lines.len() as u16),
            terminal::Clear(terminal::ClearType::FromCursorDown)
        )?;
    }
    queue!(frame, terminal::EndSynchronizedUpdate)
}

fn meaning(event: &event::Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Redraw),
        Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Interrupt),
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Key::Quit),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
        meaning(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    fn frame(rows: usize, colours: bool) -> String {
        let lines = ["\x1b[1mab\x1b[0m".to_owned(), "cd".to_owned()];
        let mut frame = Vec::new();
        write_frame(&mut frame, &lines, Size { columns: 2, rows }, colours).unwrap();
        String::from_utf8(frame).unwrap()
    }

    #[test]
    fn a_frame_clears_what_is_below_it_but_never_its_own_last_line() {
        assert!(frame(3, true).ends_with("cd\x1b[3;1H\x1b[J\x1b[?2026l"), "{:?}", frame(3, true));
        assert!(frame(2, true).ends_with("cd\x1b[?2026l"), "{:?}", frame(2, true));
        assert!(!frame(1, true).contains("cd"));
    }

    #[test]
    fn without_colours_a_line_is_only_its_text() {
        assert!(frame(2, true).contains("\x1b[1mab"));
        assert!(frame(2, false).contains("\x1b[2Kab\x1b"), "{:?}", frame(2, false));
    }

    #[test]
    fn q_quits_and_control_c_interrupts() {
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Quit));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
    }
}
