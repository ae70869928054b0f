//! The control group of a process, by the number that the kernel side wrote down: the process may be gone, its group
//! seldom is.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bwusage_proto::process::ProcessId;

use crate::host::cgroup_of;

/// Most paths that are remembered; then it begins anew.
const MAX_KNOWN: usize = 8192;
/// The hierarchy is not walked again before this, nor before so many times as long as the last walk took.
const REST: (Duration, u32) = (Duration::from_secs(1), 100);

/// Paths inside the cgroup v2 hierarchy by the number of the group, which is the inode of its directory.
#[derive(Debug, Default)]
pub(super) struct CgroupPaths {
    root: Option<PathBuf>,
    known: HashMap<u64, String>,
    walk_again_at: Option<Instant>,
}

impl CgroupPaths {
    /// `root` is where the hierarchy is mounted; without one only living processes have a path.
    pub(super) fn below(root: Option<PathBuf>) -> Self {
        Self { root, ..Self::default() }
    }

    /// Where `process` is now, or, when it has ended, where it was when it was in group `id`.
    pub(super) fn of(&mut self, process: ProcessId, id: u64) -> Option<String> {
        let Some(path) = cgroup_of(process) else { return self.by_id(id, Instant::now()) };
        if !self.known.contains_key(&id) {
            self.learn(&path);
        }
        Some(path)
    }

    /// Remembers a group while it exists: it may be gone with its last process.
    fn learn(&mut self, path: &str) {
        let Some(root) = &self.root else { return };
        if let Ok(metadata) = fs::metadata(root.join(path.trim_start_matches('/'))) {
            self.remember(metadata.ino(), path.to_owned());
        }
    }

    fn by_id(&mut self, id: u64, now: Instant) -> Option<String> {
        if !self.known.contains_key(&id) && self.walk_again_at.is_none_or(|at| now >= at) {
            let begun = Instant::now();
            self.walk();
            self.walk_again_at = Some(now + REST.0.max(begun.elapsed() * REST.1));
        }
        self.known.get(&id).cloned()
    }

    /// Looks at every group that there is, as far as there is room for.
    fn walk(&mut self) {
        let Some(root) = self.root.clone() else { return };
        let mut found = 0;
        let mut left = vec![root.clone()];
        while let Some(directory) = left.pop().filter(|_| found < MAX_KNOWN) {
            let Ok(metadata) = fs::symlink_metadata(&directory) else { continue };
            found += 1;
            self.remember(metadata.ino(), inside(&root, &directory));
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            let directories =
                entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            left.extend(directories.map(|entry| entry.path()));
        }
    }

    fn remember(&mut self, id: u64, path: String) {
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(id, path);
    }
}

/// `directory` as `/proc/PID/cgroup` would show it.
fn inside(root: &Path, directory: &Path) -> String {
    let inside = directory.strip_prefix(root).unwrap_or(directory);
    format!("/{}", inside.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No process has this number: it is above the highest that Linux gives.
    const GONE: ProcessId = ProcessId::new(u32::MAX, 1);

    fn hierarchy(groups: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for group in groups {
            fs::create_dir_all(root.path().join(group)).unwrap();
        }
        root
    }

    fn inode(root: &Path, group: &str) -> u64 {
        fs::metadata(root.join(group)).unwrap().ino()
    }

    #[test]
    fn a_process_that_is_gone_is_found_by_the_number_of_its_group() {
        let root = hierarchy(&["system.slice/a.service", "user.slice/x/y"]);
        let mut paths = CgroupPaths::below(Some(root.path().into()));
        let y = inode(root.path(), "user.slice/x/y");
        assert_eq!(paths.of(GONE, y).as_deref(), Some("/user.slice/x/y"));
        assert_eq!(paths.of(GONE, inode(root.path(), "")).as_deref(), Some("/"));
    }

    #[test]
    fn a_group_that_was_seen_is_known_after_it_is_gone() {
        let root = hierarchy(&["a.service", "b.service"]);
        let mut paths = CgroupPaths::below(Some(root.path().into()));
        let (a, b) = (inode(root.path(), "a.service"), inode(root.path(), "b.service"));
        assert!(paths.of(GONE, a).is_some());
        fs::remove_dir(root.path().join("b.service")).unwrap();
        assert_eq!(paths.of(GONE, b).as_deref(), Some("/b.service"));
    }

    #[test]
    fn a_number_that_means_nothing_costs_one_walk_and_not_one_each_time() {
        let root = hierarchy(&[]);
        let mut paths = CgroupPaths::below(Some(root.path().into()));
        let now = Instant::now();
        assert_eq!(paths.by_id(u64::MAX, now), None);
        fs::create_dir(root.path().join("later.service")).unwrap();
        let later = inode(root.path(), "later.service");
        assert_eq!(paths.by_id(later, now), None);
        let rested = paths.walk_again_at.unwrap();
        assert_eq!(paths.by_id(later, rested).as_deref(), Some("/later.service"));
    }

    #[test]
    fn a_living_process_is_asked_itself() {
        let own = crate::host::id_of(std::process::id()).unwrap();
        assert_eq!(CgroupPaths::below(None).of(own, 0), cgroup_of(own));
        assert!(cgroup_of(own).unwrap().starts_with('/'));
        let other = ProcessId::new(own.pid, own.start_time.0 + 1);
        assert_eq!(CgroupPaths::below(None).of(other, 0), None, "the number is another process's now");
    }
}
