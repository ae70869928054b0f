//! Windows: a user's folder keeps others out by what it inherits.

use std::{fs::File, io};

use super::Trust;

#[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
pub(super) fn trust(_: &File) -> io::Result<Trust> {
    Ok(Trust::Own)
}
