//! A folder of the test's own that every user may look into.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("bwusage-kernel-").tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("open the folder to everyone");
        Self(folder)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `program` under another name, at a place where every user may start it.
    ///
    /// A process is named after the file that it was started from, so this is how it gets its name.
    pub(super) fn program(&self, program: &Path, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        if !path.exists() && fs::hard_link(program, &path).is_err() {
            // The build folder is on another file system.
            fs::copy(program, &path)
                .unwrap_or_else(|error| panic!("{}: {error}; is it built?", program.display()));
        }
        path
    }
}
