//! Text that somebody else chose, made safe and made to fit.
//!
//! A process picks its own name and arguments. Shown as they are, they could move the cursor, rename the terminal or
//! read from right to left, so everything of that kind passes through [`escape`] first.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// `text` with everything visible that would act on a terminal or hide from the reader.
///
/// Control characters become `\x1b`, characters that change the reading direction or take no room become `\u{202e}`.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            let code = u32::from(c);
            let hex = |digit: u32| char::from_digit(digit & 15, 16).unwrap_or_default();
            escaped.extend(['\\', 'x', hex(code >> 4), hex(code)]);
        } else if is_invisible(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether [`escape`] would make `c` visible: it acts on a terminal, or hides from the reader.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// How many terminal cells `text` takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, cut to at most `width` terminal cells; a cut is shown as `…`.
#[must_use]
pub fn truncate(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    let mut used = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            used += c.width().unwrap_or(0);
            used > room
        })
        .map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// `text` in exactly `width` cells: cut, or filled with spaces on the right.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    let text = truncate(text, width);
    let padding = width.saturating_sub(text.width());
    format!("{text}{:padding$}", "")
}

/// Formatting characters: reading direction, joiners, fillers, selectors, tags, line and paragraph separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_ordinary_name_is_not_even_copied() {
        assert!(matches!(escape("fire fox-ß日本"), Cow::Borrowed("fire fox-ß日本")));
    }

    #[test]
    fn control_characters_are_shown_by_their_number() {
        assert_eq!(escape("a\x1b[31m\nb\x7f\u{9b}"), r"a\x1b[31m\x0ab\x7f\x9b");
    }

    #[test]
    fn a_name_cannot_turn_the_reading_direction_or_hide_in_no_room() {
        assert_eq!(escape("cod\u{202e}exe"), r"cod\u{202e}exe");
        assert_eq!(escape("a\u{200b}b\u{feff}"), r"a\u{200b}b\u{feff}");
    }

    #[test]
    fn a_cut_is_visible_and_counts_wide_characters_twice() {
        assert_eq!(truncate("firefox", 7), "firefox");
        assert_eq!(truncate("firefox", 5), "fire…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert_eq!(truncate("firefox", 0), "");
    }

    #[test]
    fn a_half_cell_that_is_left_over_is_filled() {
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
    }

    proptest! {
        #[test]
        fn escaped_text_holds_nothing_that_acts(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.chars().any(is_unsafe));
        }

        #[test]
        fn text_fits_its_field_exactly(text in any::<String>(), width in 0_usize..40) {
            prop_assert_eq!(super::width(&fit(&escape(&text), width)), width);
        }
    }
}
