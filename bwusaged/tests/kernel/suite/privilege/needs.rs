//! The table of `bwusaged::privilege`, measured: which files of others can be read with which capabilities.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use super::super::{Test, folder::Folder};

pub(in crate::suite) const TESTS: &[Test] =
    &[("each_capability_that_is_kept_is_needed_for_what_it_is_kept_for", needs)];

/// Sets of capabilities, as `setpriv` calls them.
const SETS: [&str; 4] =
    ["-all", "-all,+sys_ptrace", "-all,+dac_read_search", "-all,+sys_ptrace,+dac_read_search"];

/// What an ordinary user does with a process of root, and with a file below a directory of root's: whether it works with each of
/// [`SETS`].
const MEASURED: [(&str, [bool; 4]); 10] = [
    ("cat /proc/$PID/stat", [true, true, true, true]),
    ("cat /proc/$PID/cmdline", [true, true, true, true]),
    ("cat /proc/$PID/cgroup", [true, true, true, true]),
    ("cat /proc/net/dev", [true, true, true, true]),
    ("readlink /proc/$PID/exe", [false, true, false, true]),
    ("cat /proc/$PID/io", [false, false, false, true]),
    ("ls /proc/$PID/fd", [false, false, true, true]),
    ("readlink /proc/$PID/fd/0", [false, false, false, true]),
    ("cat /proc/$PID/fdinfo/0", [false, true, false, true]),
    ("cat $FILE", [false, false, true, true]),
];

fn needs() {
    let folder = Folder::new();
    let hidden = folder.path().join("containers");
    let file = hidden.join("config.v2.json");
    fs::create_dir(&hidden).expect("make a directory");
    fs::write(&file, "{}").expect("write a file");
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o700)).expect("close it");
    // It waits for a line that never comes.
    let mut process =
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("start a process");

    for (index, set) in SETS.into_iter().enumerate() {
        for (line, expected) in MEASURED {
            let works = Command::new("setpriv")
                .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"])
                .args([format!("--inh-caps={set}"), format!("--ambient-caps={set}")])
                .args(["sh", "-c", line])
                .env("PID", process.id().to_string())
                .env("FILE", &file)
                .output()
                .expect("start setpriv")
                .status
                .success();
            assert_eq!(works, expected[index], "{line} with {set}");
        }
    }
    process.kill().expect("end it");
    process.wait().expect("wait for it");
}
