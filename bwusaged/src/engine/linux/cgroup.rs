//! Where the unified control group hierarchy is: its root is what packets are counted below.

use std::{fs, path::PathBuf};

/// The mount point of the whole cgroup v2 hierarchy, the shortest one if there are several.
pub(super) fn root() -> Option<PathBuf> {
    parse(&fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// Fields of a line: id, parent, device, root inside the file system, mount point, options, …, `-`, type, source, options
/// (proc_pid_mountinfo(5)). A mount of a part of the hierarchy would miss the processes outside it.
fn parse(mountinfo: &str) -> Option<PathBuf> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (inside, point) = (fields.next()?, fields.next()?);
        (inside == "/" && file_system.split(' ').next()? == "cgroup2").then(|| unescape(point))
    });
    mounts.min_by_key(String::len).map(PathBuf::from)
}

/// Blank, tab, newline and backslash stand as octal numbers.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_hierarchy_is_found_among_other_mounts() {
        let mountinfo = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/my\\040unified rw shared:10 - cgroup2 cgroup2 rw
32 30 0:28 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,name=systemd
33 22 0:27 /part /mnt/x rw - cgroup2 cgroup2 rw
";
        assert_eq!(parse(mountinfo), Some("/sys/fs/cgroup/my unified".into()));
    }

    #[test]
    fn a_system_without_it_has_none() {
        assert_eq!(parse("22 1 8:1 / / rw - ext4 /dev/root rw\n"), None);
        assert_eq!(parse("nonsense"), None);
    }
}
