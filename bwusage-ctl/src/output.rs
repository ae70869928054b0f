//! Writing to standard output, where a reader may go away at any time.

use std::io::{self, IsTerminal as _, Write as _};

pub(crate) use bwusage_proto::notify::json_line;
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
