//! Writing to standard output, where a reader may go away at any time.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::failure::Failure;

/// Writes text for people: colours are taken out where they are not wanted.
pub(crate) fn styled(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Writes bytes for programs as they are.
pub(crate) fn plain(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Writes lines for programs, with their ends, as they are made.
pub(crate) fn plain_lines(lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    for line in lines {
        stdout.write_all(line.as_bytes()).map_err(Failure::Output)?;
    }
    stdout.flush().map_err(Failure::Output)
}

/// Writes one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    plain(json_line(value).map_err(Failure::Json)?.as_bytes())
}

/// One line of JSON in which names chosen by others cannot act on a terminal: JSON itself only escapes the control
/// characters below the space.
pub(crate) fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(value)?;
    if line.chars().any(bwusage_proto::text::is_unsafe) {
        // Outside of strings JSON is plain ASCII, so each of them is inside one.
        let mut escaped = String::with_capacity(line.len() + 64);
        for c in line.chars() {
            if bwusage_proto::text::is_unsafe(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format_unit(*unit));
                }
            } else {
                escaped.push(c);
            }
        }
        line = escaped;
    }
    line.push('\n');
    Ok(line)
}

fn format_unit(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

/// How wide a table may be: as the terminal, or without end into a pipe.
pub(crate) fn width() -> Option<usize> {
    if !is_terminal() {
        return None;
    }
    crossterm::terminal::size().ok().map(|(columns, _)| columns.into()).filter(|&columns| columns > 0)
}

/// Whether a person reads along.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_when_it_is_made_safe() {
        let name = "a\u{9b}2J\u{202e}\u{e0041}b\x1b\"\\ü";
        let line = json_line(&name).unwrap();
        assert!(line.is_ascii() || line.contains('ü'));
        assert!(!line.trim_end().chars().any(bwusage_proto::text::is_unsafe), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }
}
