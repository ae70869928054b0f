//! What arrived where, so that the next start neither loses nor repeats it: one small file of the user.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

const FORMAT: &str = "bwusage.notify/1";

/// The last event that each destination is done with.
#[derive(Debug)]
pub struct Cursor {
    path: PathBuf,
    state: RefCell<State>,
    /// Held for as long as this runs: two of them would tell everything twice.
    _lock: File,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    format: String,
    /// Which log of the daemon the numbers are of; `null` before the first event.
    log: Option<u64>,
    /// By the name of the destination: the number of the event in the daemon's log.
    done: BTreeMap<String, u64>,
}

/// Why it cannot be remembered what arrived.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// Another process uses the file.
    #[error("another process tells of alerts already: it keeps {}", path.display())]
    Running {
        /// Which.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else wrote the file.
    #[error("{} is no file of this sort", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl CursorError {
    /// What to type.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Running { .. } => Some("see which:   systemctl --user status bwusage-notify".into()),
            Self::Foreign { path } => {
                Some(format!("move it away; then only new events are told:   mv {0} {0}.old", path.display()))
            }
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

impl Cursor {
    /// Reads the file, which need not exist yet, and keeps others from using it.
    ///
    /// # Errors
    ///
    /// Fails where the file is somebody else's, cannot be read, or is in use.
    pub fn open(path: &Path) -> Result<Self, CursorError> {
        let failed = |source| CursorError::Write { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = File::create(path.with_extension("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CursorError::Running { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let state = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .ok()
                .filter(|state: &State| state.format == FORMAT)
                .ok_or_else(|| CursorError::Foreign { path: path.to_owned() })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                State { format: FORMAT.into(), log: None, done: BTreeMap::new() }
            }
            Err(source) => return Err(CursorError::Read { path: path.to_owned(), source }),
        };
        Ok(Self { path: path.to_owned(), state: RefCell::new(state), _lock: lock })
    }

    /// The log and the number of the last event that every destination is done with; `None` where none was told anything.
    pub fn position(&self) -> Option<(u64, u64)> {
        let state = self.state.borrow();
        Some((state.log?, state.done.values().min().copied()?))
    }

    /// Goes on with `log`. In one that was begun anew, everything is new to whoever was told of the one before.
    pub fn begin(&self, log: u64) {
        let mut state = self.state.borrow_mut();
        if state.log.replace(log).is_some_and(|before| before != log) {
            state.done.values_mut().for_each(|event| *event = 0);
        }
    }

    /// The last event that `destination` is done with; `None` for one that was never told anything.
    pub fn done(&self, destination: &str) -> Option<u64> {
        self.state.borrow().done.get(destination).copied()
    }

    /// Remembers that `destination` is done with `event` and everything before it.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written: the next start then repeats it.
    pub fn advance(&self, destination: &str, event: u64) -> Result<(), CursorError> {
        let mut state = self.state.borrow_mut();
        state.done.insert(destination.to_owned(), event);
        self.write(&state).map_err(|source| CursorError::Write { path: self.path.clone(), source })
    }

    /// Forgets destinations that are no more: one that comes back begins with what is new then.
    pub fn keep_only(&self, is_there: impl Fn(&str) -> bool) {
        self.state.borrow_mut().done.retain(|destination, _| is_there(destination));
    }

    fn write(&self, state: &State) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, state)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/demand/notify.json");
        let cursor = Cursor::open(&path).unwrap();
        assert_eq!(cursor.done("ops"), None);
        cursor.begin(0xbeef);
        cursor.advance("ops", 41).unwrap();
        cursor.advance("ops", 42).unwrap();
        cursor.advance("desktop", 7).unwrap();
        drop(cursor);
        let cursor = Cursor::open(&path).unwrap();
        assert_eq!((cursor.done("ops"), cursor.done("desktop")), (Some(42), Some(7)));
        assert_eq!(cursor.position(), Some((0xbeef, 7)), "the slowest decides what is asked for");
    }

    #[test]
    fn a_destination_that_is_no_more_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = Cursor::open(&folder.path().join("notify.json")).unwrap();
        cursor.advance("ops", 42).unwrap();
        cursor.keep_only(|name| name == "desktop");
        assert_eq!(cursor.done("ops"), None);
    }

    #[test]
    fn in_a_log_that_was_begun_anew_everything_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = Cursor::open(&folder.path().join("notify.json")).unwrap();
        assert_eq!(cursor.position(), None);
        cursor.begin(1);
        cursor.advance("ops", 42).unwrap();
        cursor.begin(1);
        assert_eq!(cursor.done("ops"), Some(42));
        cursor.begin(2);
        assert_eq!((cursor.done("ops"), cursor.done("new")), (Some(0), None));
    }

    #[test]
    fn two_at_a_time_would_tell_everything_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.json");
        let _first = Cursor::open(&path).unwrap();
        assert!(matches!(Cursor::open(&path), Err(CursorError::Running { .. })));
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.json");
        for content in ["", "{}", "{\"format\":\"other\",\"done\":{}}"] {
            fs::write(&path, content).unwrap();
            let error = Cursor::open(&path).unwrap_err();
            assert!(error.hint().unwrap().starts_with("move it away"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.json");
        Cursor::open(&path).unwrap().advance("ops", 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
