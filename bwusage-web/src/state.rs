//! What this server remembers across restarts: small files in a folder of its own.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};

#[cfg(unix)]
#[path = "state/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "state/other.rs"]
mod platform;

/// The folder; `None` where the system names no place for one.
#[derive(Debug, Clone)]
pub(crate) struct Folder(Option<PathBuf>);

impl Folder {
    /// What was asked for, else the service manager's folder, else the user's.
    pub(crate) fn resolve(asked: Option<PathBuf>) -> Self {
        let named = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let usual =
            || named("XDG_STATE_HOME").or_else(platform::state_home).map(|home| home.join("bwusage-web"));
        Self(asked.or_else(|| named("STATE_DIRECTORY")).or_else(usual))
    }

    /// The path of a file in it. The folder is made where it is not there, closed to others.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        let folder = self.0.as_deref()?;
        if let Err(error) = platform::create(folder) {
            eprintln!("cannot make {}: {error}; nothing is remembered across restarts", folder.display());
            return None;
        }
        Some(folder.join(name))
    }
}

/// A value that is kept in a file.
#[derive(Debug)]
pub(crate) struct Remembered<T> {
    path: Option<PathBuf>,
    last: Mutex<Option<T>>,
}

impl<T: Serialize + DeserializeOwned + Default + Clone + PartialEq> Remembered<T> {
    /// What the file `name` in `folder` holds; the default where there is none, or it is not ours.
    pub(crate) fn load(folder: &Folder, name: &str) -> (Self, T) {
        let path = folder.path(name);
        let read = path.as_deref().and_then(|path| fs::read(path).ok());
        let value: Option<T> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        (Self { path, last: Mutex::new(value.clone()) }, value.unwrap_or_default())
    }

    /// Keeps nothing.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { path: None, last: Mutex::default() }
    }

    /// Writes `value` where it is another one than before. A failure is told and tried again with the next value.
    pub(crate) fn keep(&self, value: &T) {
        let Some(path) = &self.path else { return };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(value) {
            return;
        }
        match replace(path, value) {
            Ok(()) => *last = Some(value.clone()),
            Err(error) => eprintln!("cannot write {}: {error}", path.display()),
        }
    }
}

/// Whoever reads the file meanwhile gets the old one or the new one.
fn replace(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let new = path.with_extension("new");
    platform::write(&new, &serde_json::to_vec(value)?)?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(folder.path().join("state")));
        let (file, value) = Remembered::<Vec<u32>>::load(&folder, "x.json");
        assert!(value.is_empty());
        file.keep(&vec![1, 2]);
        assert_eq!(Remembered::<Vec<u32>>::load(&folder, "x.json").1, [1, 2]);
    }

    #[test]
    fn a_broken_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.json"), "{").unwrap();
        let folder = Folder::resolve(Some(folder.path().to_owned()));
        assert!(Remembered::<Vec<u32>>::load(&folder, "x.json").1.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        Remembered::<u32>::load(&Folder::resolve(Some(path.clone())), "x.json").0.keep(&7);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("x.json"))), (0o700, 0o600));
    }
}
