//! A shelf that is one file: written beside it, synchronised, and renamed over it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{Image, Shelf, ShelfError};

/// The file in the state directory.
pub(super) const FILE: &str = "alerts.json";
/// What it is called until it is whole.
pub(super) const UNFINISHED: &str = "alerts.json.new";
/// What the file says it is; the number grows when older versions would misread it.
const FORMAT: &str = "bwusage.alerts/";
const VERSION: u32 = 1;
/// A larger file was not written by us.
const LARGEST_BYTES: u64 = 64 << 20;

/// Rules, states and events in a file.
#[derive(Debug)]
pub struct FileShelf {
    directory: PathBuf,
}

#[derive(Serialize)]
struct Written<'a> {
    format: String,
    #[serde(flatten)]
    image: &'a Image,
}

#[derive(Deserialize)]
struct Heading {
    format: String,
}

impl FileShelf {
    /// The names of its files.
    pub const NAMES: [&'static str; 2] = [FILE, UNFINISHED];

    /// In `directory`, which is the daemon's own.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    fn text(&self) -> String {
        self.path().display().to_string()
    }

    fn set_aside(&self, why: &str) -> Result<String, ShelfError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let aside = self.directory.join(format!("{FILE}.{why}-{}", since.as_millis()));
        fs::rename(self.path(), &aside).map_err(|source| ShelfError::Read { path: self.text(), source })?;
        Ok(aside.display().to_string())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.directory.join(UNFINISHED);
        // One that a crash left behind may have other rights.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        crate::service::owner_only(&mut options);
        let mut file = options.open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path())?;
        crate::service::sync_directory(&self.directory)
    }
}

impl Shelf for FileShelf {
    fn load(&mut self) -> Result<Option<Image>, ShelfError> {
        let bytes = match fs::metadata(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() <= LARGEST_BYTES => fs::read(self.path()).unwrap_or_default(),
            // What cannot be read must not be written over either.
            _ => Vec::new(),
        };
        let version = serde_json::from_slice::<Heading>(&bytes)
            .ok()
            .and_then(|heading| heading.format.strip_prefix(FORMAT)?.parse::<u32>().ok());
        match version {
            Some(VERSION) => {}
            Some(version) if version > VERSION => {
                return Err(ShelfError::Newer { path: self.text(), aside: self.set_aside("newer")? });
            }
            _ => return Err(ShelfError::Corrupt { path: self.text(), aside: self.set_aside("corrupt")? }),
        }
        match serde_json::from_slice(&bytes) {
            Ok(image) => Ok(Some(image)),
            Err(_) => Err(ShelfError::Corrupt { path: self.text(), aside: self.set_aside("corrupt")? }),
        }
    }

    fn save(&mut self, image: &Image) -> Result<(), ShelfError> {
        let failed = |source| ShelfError::Write { path: self.text(), source };
        let written = Written { format: format!("{FORMAT}{VERSION}"), image };
        let bytes = serde_json::to_vec(&written).map_err(|error| failed(error.into()))?;
        self.write(&bytes).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, FileShelf) {
        let directory = tempfile::tempdir().unwrap();
        let shelf = FileShelf::new(directory.path());
        (directory, shelf)
    }

    fn image(last_rule: u64) -> Image {
        Image { last_rule, ..Image::default() }
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_saved_last_is_loaded() {
        let (directory, mut shelf) = shelf();
        assert!(shelf.load().unwrap().is_none());
        for last_rule in [1, 2] {
            // What a crash in the midst of a save leaves behind.
            fs::write(directory.path().join(UNFINISHED), "{").unwrap();
            shelf.save(&image(last_rule)).unwrap();
            assert_eq!(shelf.load().unwrap().unwrap().last_rule, last_rule);
        }
        assert_eq!(names(directory.path()), [FILE]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_daemon_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (directory, mut shelf) = shelf();
        fs::write(directory.path().join(UNFINISHED), "").unwrap();
        shelf.save(&image(1)).unwrap();
        assert_eq!(fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_corrupt_file_is_set_aside_and_said_so() {
        for text in
            ["", "{\"format\":\"bwusage.alerts/1\",\"rules\":7}", "{\"format\":\"bwusage.al", "\0\0\0"]
        {
            let (directory, mut shelf) = shelf();
            fs::write(directory.path().join(FILE), text).unwrap();
            let error = shelf.load().unwrap_err().text();
            assert!(error.contains("set aside as") && error.contains("rules must be added again"), "{error}");
            let [aside] = &names(directory.path())[..] else { panic!("not one file") };
            assert!(aside.starts_with("alerts.json.corrupt-"), "{aside}");
            assert_eq!(fs::read_to_string(directory.path().join(aside)).unwrap(), text, "it is as it was");
            assert!(shelf.load().unwrap().is_none());
        }
    }

    #[test]
    fn a_file_of_a_newer_version_is_kept_for_it() {
        let (directory, mut shelf) = shelf();
        fs::write(directory.path().join(FILE), "{\"format\":\"bwusage.alerts/2\",\"all\":\"new\"}").unwrap();
        let error = shelf.load().unwrap_err().text();
        assert!(
            error.contains("of a newer bwusaged") && error.contains("go back to that version"),
            "{error}"
        );
        assert!(names(directory.path())[0].starts_with("alerts.json.newer-"));
    }

    #[test]
    fn a_directory_that_is_gone_is_named() {
        let (directory, mut shelf) = shelf();
        drop(directory);
        let error = shelf.save(&image(1)).unwrap_err().text();
        assert!(error.contains(FILE) && error.contains("will not survive a restart"), "{error}");
    }
}
