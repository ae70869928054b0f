//! Hands the set-up link to whoever started the server, and to nobody else.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::Context as _;

use super::{Gate, store};

/// Where there are no users yet, writes the link to make the first one, below `page`, into `file`, or else prints it once.
///
/// # Errors
///
/// Fails when the database or the file cannot be used.
pub(crate) fn print(gate: &Gate, page: &str, file: Option<&Path>) -> anyhow::Result<()> {
    let Some(token) = gate.set_up_token()? else { return Ok(()) };
    let link = format!("{page}setup?token={}", token.reveal());
    let Some(file) = file else {
        let told = writeln!(
            io::stdout(),
            "bwusage-web: nobody can log in yet: make the first admin within 15 minutes at {link}"
        );
        return told.context("cannot print the set-up link: write it to a file with --setup-token-file FILE");
    };
    // Never through a link or into a file that somebody else put there and can read.
    let removed = fs::remove_file(file).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    let written = removed
        .and_then(|()| store::create_private(file))
        .and_then(|()| fs::write(file, format!("{link}\n")));
    written.with_context(|| format!("cannot write the set-up link to {}", file.display()))
}
