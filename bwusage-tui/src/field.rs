//! One line of text that is being typed: a cursor, editing keys, paste. Control characters never get in.

/// A line of text and the place where typing goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte offset of the cursor, always at a character border.
    cursor: usize,
}

/// What can be done to a field beside typing into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// One character to the left.
    Left,
    /// One character to the right.
    Right,
    /// To the start.
    Start,
    /// To the end.
    End,
    /// Removes the character before the cursor.
    Backspace,
    /// Removes the character under the cursor.
    Delete,
    /// Removes the word before the cursor.
    DeleteWord,
    /// Removes everything before the cursor.
    DeleteToStart,
}

/// More would not fit on any screen, and a paste can be megabytes.
const MAX_BYTES: usize = 512;

impl Field {
    /// A field that holds `text`, the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before and after the cursor.
    #[must_use]
    pub fn split(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Types or pastes `text` at the cursor. Line breaks and tabs become spaces; other control characters are dropped.
    pub fn insert(&mut self, text: &str) {
        for character in text.chars() {
            let character = if matches!(character, '\n' | '\t') { ' ' } else { character };
            if character.is_control() || self.text.len() + character.len_utf8() > MAX_BYTES {
                continue;
            }
            self.text.insert(self.cursor, character);
            self.cursor += character.len_utf8();
        }
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Applies an editing key.
    pub fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.cursor = self.before(),
            Edit::Right => self.cursor = self.after(),
            Edit::Start => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::Backspace => self.remove_from(self.before()),
            Edit::Delete => {
                let end = self.after();
                self.text.drain(self.cursor..end);
            }
            Edit::DeleteWord => {
                let head = self.text[..self.cursor].trim_end();
                let word = head.rfind(' ').map_or(0, |space| space + 1);
                self.remove_from(word);
            }
            Edit::DeleteToStart => self.remove_from(0),
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |next| self.cursor + next.len_utf8())
    }

    fn remove_from(&mut self, start: usize) {
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_goes_on_at_the_cursor() {
        let mut field = Field::new("fox");
        field.edit(Edit::Start);
        field.insert("fire");
        assert_eq!((field.text(), field.split()), ("firefox", ("fire", "fox")));
    }

    #[test]
    fn a_paste_of_several_lines_becomes_one_line_without_control_characters() {
        let field = Field::new("user:alice\n\x1b[31mcurl\r\n");
        assert_eq!(field.text(), "user:alice [31mcurl ");
    }

    #[test]
    fn a_huge_paste_is_cut() {
        assert_eq!(Field::new(&"x".repeat(1 << 20)).text().len(), MAX_BYTES);
    }

    #[test]
    fn characters_of_several_bytes_are_removed_whole() {
        let mut field = Field::new("añb");
        field.edit(Edit::Left);
        field.edit(Edit::Backspace);
        assert_eq!(field.split(), ("a", "b"));
        field.edit(Edit::Delete);
        assert_eq!(field.text(), "a");
    }

    #[test]
    fn a_word_is_removed_with_the_blanks_behind_it() {
        let mut field = Field::new("user:alice rx>1M ");
        field.edit(Edit::DeleteWord);
        assert_eq!(field.text(), "user:alice ");
        field.edit(Edit::DeleteToStart);
        assert_eq!(field.text(), "");
    }

    #[test]
    fn the_ends_are_safe_to_push_against() {
        let mut field = Field::default();
        for edit in [Edit::Left, Edit::Right, Edit::Backspace, Edit::Delete, Edit::DeleteWord] {
            field.edit(edit);
        }
        assert_eq!(field, Field::default());
    }
}
