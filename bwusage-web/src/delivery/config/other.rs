//! Elsewhere it is the folder of the file that keeps others out.

use std::{fs::File, io};

pub(super) fn is_open(_: &File) -> io::Result<bool> {
    Ok(false)
}
