//! From the terminal library's events to the model's.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::{
    app::{Msg, Pointer},
    keys::Key,
    view::Hits,
};

/// What `event` means to the model, `hits` being what was drawn last; `None` for what means nothing.
#[must_use]
pub fn msg(event: Event, hits: &Hits) -> Option<Msg> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => key(event).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) => Some(Msg::Resized),
        Event::Mouse(event) => match event.kind {
            MouseEventKind::Down(MouseButton::Left) => hits.at(event.column, event.row).map(Msg::Pointer),
            MouseEventKind::ScrollUp => Some(Msg::Pointer(Pointer::WheelUp)),
            MouseEventKind::ScrollDown => Some(Msg::Pointer(Pointer::WheelDown)),
            _ => None,
        },
        Event::Key(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(letter) if control => Key::Ctrl(letter.to_ascii_lowercase()),
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::F(number) => Key::F(number),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Tab => Key::Tab,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Msg> {
        msg(Event::Key(KeyEvent::new(code, modifiers)), &Hits::default())
    }

    #[test]
    fn control_is_a_key_of_its_own_and_shift_is_in_the_character() {
        let control_c = pressed(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(control_c, Some(Msg::Key(Key::Ctrl('c')))));
        let capital = pressed(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert!(matches!(capital, Some(Msg::Key(Key::Char('G')))));
    }

    #[test]
    fn letting_a_key_go_means_nothing() {
        let mut event = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert!(msg(Event::Key(event), &Hits::default()).is_none());
    }

    #[test]
    fn alt_and_a_letter_is_not_the_letter() {
        assert!(pressed(KeyCode::Char('q'), KeyModifiers::ALT).is_none());
    }
}
