//! Markup out of text that somebody else chose.

use std::fmt::{self, Display, Write as _};

use bwusage_proto::text;

/// `text` for between two tags, and for between the quotes of an attribute: nothing in it is markup, and what would hide or turn
/// the reading direction is visible.
pub(crate) fn text(text: &str) -> Text<'_> {
    Text(text)
}

/// See [`text()`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::escape(self.0).chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_process_calls_itself_is_markup() {
        let hostile = "</td><script>alert('1')</script>\" onclick=\"x & y";
        let written = text(hostile).to_string();
        assert_eq!(
            written,
            "&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onclick=&quot;x &amp; y"
        );
    }

    #[test]
    fn what_hides_or_turns_the_reading_direction_is_visible() {
        assert_eq!(text("a\u{202e}b\0c\nd\u{200b}").to_string(), r"a\u{202e}b\x00c\x0ad\u{200b}");
    }

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        assert_eq!(text("Grüße 日本-1.2_x").to_string(), "Grüße 日本-1.2_x");
    }
}
