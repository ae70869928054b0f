//! Text in lines of a given width.

use bwusage_proto::text;
use unicode_width::UnicodeWidthChar as _;

/// `words` in lines of at most `width` cells, broken between words where possible. Never empty.
pub(super) fn wrap(words: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words.split_inclusive(' ') {
        let word_width = text::width(word.trim_end());
        if used > 0 && used + word_width > width {
            lines.push(String::new());
            used = 0;
        }
        for character in word.chars() {
            let cells = character.width().unwrap_or(0);
            if used + cells > width {
                // A blank at the end of a line needs no line of its own.
                if character == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
            used += cells;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("start the daemon", 10), ["start the ", "daemon"]);
        assert_eq!(wrap("start the daemon", 9), ["start the", "daemon"]);
    }

    #[test]
    fn a_word_that_is_too_long_breaks_inside() {
        assert_eq!(wrap("a /usr/lib/x", 5), ["a ", "/usr/", "lib/x"]);
    }

    #[test]
    fn blanks_that_align_something_stay() {
        assert_eq!(wrap("start it:   sudo x", 40), ["start it:   sudo x"]);
    }

    #[test]
    fn wide_characters_are_counted_as_two() {
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("日", 0).len(), 2);
    }
}
