//! What a person calls a program: the desktop entries of the system, by executable and by package.
//!
//! Only directories of the system are read, which only root can write to: what is in a user's own directory could give any
//! program any name. Files are read again when a directory has changed, and that is looked for seldom.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};

mod catalog;
mod entry;
use catalog::Catalog;
use entry::Entry;

/// Where packages of the system, of flatpak and of snap put their entries.
const DIRECTORIES: [&str; 4] = [
    "usr/local/share/applications",
    "usr/share/applications",
    "var/lib/flatpak/exports/share/applications",
    "var/lib/snapd/desktop/applications",
];
/// Where a command without a path is looked for.
const PROGRAM_DIRECTORIES: [&str; 6] =
    ["usr/local/bin", "usr/bin", "bin", "usr/games", "usr/local/games", "snap/bin"];
/// Real entries have some 10 KiB, most of it translations.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Most entries of one directory.
const MAX_FILES: usize = 4096;
/// How long nobody looks whether a directory has changed.
const REST: Duration = Duration::from_mins(1);

/// An application that has a desktop entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// What all of its processes are called: the command that starts it, or the package.
    pub app: String,
    /// What a person calls it: `Firefox Web Browser`.
    pub title: String,
    /// Whether it runs in a terminal and has no window of its own.
    pub in_terminal: bool,
}

/// The desktop entries of this system.
#[derive(Debug)]
pub struct Desktop {
    root: PathBuf,
    catalog: Catalog,
    changed: Vec<Option<SystemTime>>,
    look_again_at: Option<Instant>,
}

impl Desktop {
    /// Those below `root`, which is `/` but in tests. Nothing is read yet.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.into(), catalog: Catalog::default(), changed: Vec::new(), look_again_at: None }
    }

    /// Reads what has changed, if nobody has looked for a while.
    pub fn refresh(&mut self, now: Instant) {
        if self.look_again_at.is_some_and(|at| now < at) {
            return;
        }
        self.look_again_at = Some(now + REST);
        let directories = DIRECTORIES.map(|directory| self.root.join(directory));
        let changed: Vec<Option<SystemTime>> =
            directories.iter().map(|directory| fs::metadata(directory).ok()?.modified().ok()).collect();
        if changed != self.changed {
            self.changed = changed;
            let entries = directories.iter().flat_map(|directory| read(directory));
            self.catalog = Catalog::new(entries.map(|(id, entry)| self.resolved(id, entry)));
        }
    }

    /// The application that the program at `path` belongs to.
    #[must_use]
    pub fn of_program(&self, path: &str) -> Option<&Application> {
        self.catalog.of_program(path)
    }

    /// The application that a flatpak or snap package brings.
    #[must_use]
    pub fn of_package(&self, package: &str) -> Option<&Application> {
        self.catalog.of_package(package)
    }

    /// An entry and the file that its program really is.
    fn resolved(&self, id: String, entry: Entry) -> (String, Entry, Option<String>) {
        let candidates = if entry.program.starts_with('/') {
            vec![self.root.join(entry.program.trim_start_matches('/'))]
        } else {
            PROGRAM_DIRECTORIES
                .iter()
                .map(|directory| self.root.join(directory).join(&entry.program))
                .collect()
        };
        let file = candidates.iter().find_map(|path| fs::canonicalize(path).ok());
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let file = file.and_then(|file| Some(format!("/{}", file.strip_prefix(&root).ok()?.to_str()?)));
        (id, entry, file)
    }
}

/// The entries in `directory` and the names of their files. What cannot be read is no entry.
fn read(directory: &Path) -> Vec<(String, Entry)> {
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).take(MAX_FILES).collect();
    paths.sort_unstable();
    paths.iter().filter_map(|path| read_entry(path)).collect()
}

fn read_entry(path: &Path) -> Option<(String, Entry)> {
    let id = path.file_name()?.to_str()?.strip_suffix(".desktop")?;
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    Some((id.to_owned(), Entry::parse(&String::from_utf8_lossy(&bytes))?))
}

#[cfg(all(test, unix))]
mod tests;
