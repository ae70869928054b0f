//! Control groups that the tests make, and how programs get into them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::folder::Folder;

/// A control group of the test's own, gone with it.
pub(super) struct Group(PathBuf);

impl Group {
    pub(super) fn new(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").expect("every system has it");
        let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let root =
            mounts.find(|fields| fields[2] == "cgroup2").expect("the daemon needs one too")[1].to_owned();
        let path = PathBuf::from(root).join(name);
        fs::create_dir(&path).expect("root may make control groups");
        Self(path)
    }

    /// A script that becomes `program` inside the group, as a service manager would.
    pub(super) fn join(&self, folder: &Folder, program: &Path) -> PathBuf {
        let name = program.file_name().expect("a program has a name").to_string_lossy();
        let script = folder.path().join(format!("join-{name}"));
        // `ip netns exec` puts an empty /sys over ours; through this process's root it is still there.
        let procs = format!("/proc/{}/root{}/cgroup.procs", std::process::id(), self.0.display());
        let text = format!("#!/bin/sh\nset -e\necho $$ > '{procs}'\nexec '{}' \"$@\"\n", program.display());
        fs::write(&script, text).expect("write a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("make it a program");
        script
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
