//! A file of `/proc` that stays open: to read it again is one call for each part of it, where opening, asking for its length and
//! closing it took four more.

use std::{fs::File, io, os::unix::fs::FileExt as _};

/// More than most of them have.
const FIRST_BYTES: usize = 4096;

/// The file, and what it said last.
#[derive(Debug)]
pub(super) struct ProcFile {
    file: File,
    text: Vec<u8>,
}

impl ProcFile {
    pub(super) fn open(path: &str) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, text: vec![0; FIRST_BYTES] })
    }

    /// What it says now; `None` when it cannot be read, or is no text.
    pub(super) fn read(&mut self) -> Option<&str> {
        let mut length = 0;
        loop {
            if length == self.text.len() {
                self.text.resize(2 * length, 0);
            }
            // From the beginning on, the kernel writes it anew.
            match self.file.read_at(&mut self.text[length..], length as u64) {
                Ok(0) => return std::str::from_utf8(&self.text[..length]).ok(),
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn what_is_read_is_what_the_file_says_now_however_long_that_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "short").unwrap();
        let mut file = ProcFile::open(path.to_str().unwrap()).unwrap();
        assert_eq!(file.read(), Some("short"));
        let long = "long ".repeat(FIRST_BYTES);
        File::options().write(true).open(&path).unwrap().write_all(long.as_bytes()).unwrap();
        assert_eq!(file.read(), Some(long.as_str()));
        fs::write(&path, "").unwrap();
        assert_eq!(file.read(), Some(""));
    }

    #[test]
    fn what_the_kernel_says_is_of_now() {
        let mut file = ProcFile::open("/proc/thread-self/comm").unwrap();
        let before = file.read().unwrap().to_owned();
        fs::write("/proc/thread-self/comm", "renamed").unwrap();
        assert_eq!(file.read(), Some("renamed\n"));
        fs::write("/proc/thread-self/comm", before.trim_end()).unwrap();
    }
}
