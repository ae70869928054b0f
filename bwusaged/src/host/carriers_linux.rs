//! Which process carries a tunnel, on Linux.
//!
//! Such a process holds `/dev/net/tun`, and the kernel tells the interface in the `fdinfo` of that descriptor. To look through
//! the descriptors of every process would cost more than all the counting: only those are looked through that moved bytes,
//! only while there is such a tunnel, and only every [`AGAIN`]. A tunnel of the same name in another network namespace would be
//! taken for it.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bwusage_proto::process::ProcessId;

use super::listing::id_of;

/// Time between two looks.
const AGAIN: Duration = Duration::from_secs(10);
/// Most processes that are looked through at once.
const PROCESSES: usize = 256;
/// How many descriptors of a process are looked at, from the lowest number on: a tunnel is opened before its clients come.
const DESCRIPTORS: usize = 1024;

/// The processes that carry tunnels, as last looked up.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    looked_at: Option<Instant>,
    /// Processes that moved bytes since the last look.
    busy: BTreeSet<ProcessId>,
    found: Vec<(ProcessId, String)>,
}

impl Carriers {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Looks again if it is time to. `busy` are processes that moved bytes since the call before.
    pub(super) fn look(&mut self, busy: &[ProcessId]) -> &[(ProcessId, String)] {
        let room = PROCESSES.saturating_sub(self.busy.len());
        self.busy.extend(busy.iter().take(room));
        if self.looked_at.is_none_or(|at| at.elapsed() >= AGAIN) {
            self.looked_at = Some(Instant::now());
            let mut candidates = std::mem::take(&mut self.busy);
            candidates.extend(self.found.drain(..).map(|(id, _)| id));
            let tunnels = tunnels(Path::new("/sys/class/net"));
            if !tunnels.is_empty() {
                self.found = candidates.into_iter().flat_map(|id| carried_by(id, &tunnels)).collect();
            }
        }
        &self.found
    }
}

/// The tun and tap interfaces.
fn tunnels(folder: &Path) -> Vec<String> {
    let interfaces = fs::read_dir(folder).into_iter().flatten().flatten();
    let tunnels = interfaces.filter(|interface| interface.path().join("tun_flags").exists());
    tunnels.filter_map(|interface| interface.file_name().into_string().ok()).collect()
}

/// Those of `tunnels` that `process` carries.
fn carried_by(process: ProcessId, tunnels: &[String]) -> Vec<(ProcessId, String)> {
    let folder = format!("/proc/{}", process.pid);
    let mut found = BTreeSet::new();
    let descriptors = fs::read_dir(format!("{folder}/fd")).into_iter().flatten().flatten();
    for descriptor in descriptors.take(DESCRIPTORS) {
        let is_tun = fs::read_link(descriptor.path()).is_ok_and(|file| file == Path::new("/dev/net/tun"));
        let number = descriptor.file_name();
        if is_tun && let Ok(info) = fs::read(format!("{folder}/fdinfo/{}", number.to_string_lossy())) {
            found.extend(interface_of(&info).filter(|name| tunnels.contains(name)));
        }
    }
    // Checked after reading: only if the number is still this process's were those its descriptors.
    if found.is_empty() || id_of(process.pid) != Some(process) {
        return Vec::new();
    }
    found.into_iter().map(|name| (process, name)).collect()
}

/// The interface of a descriptor of `/dev/net/tun`, from the line `iff:\t<name>` of its `fdinfo` (Linux 3.16). A descriptor
/// that has none yet is `(null)`.
fn interface_of(info: &[u8]) -> Option<String> {
    let mut lines = info.split(|&byte| byte == b'\n');
    let name = lines.find_map(|line| line.strip_prefix(b"iff:"))?.trim_ascii();
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty() && name != "(null)").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_of_a_tunnel_names_its_interface() {
        let info = b"pos:\t0\nflags:\t0104002\nmnt_id:\t26\nino:\t91\niff:\ttun0\n";
        assert_eq!(interface_of(info), Some("tun0".into()));
        for none in [&b"pos:\t0\nflags:\t02\n"[..], b"iff:\t(null)\n", b"iff:\t\n", b"iff:\t\xff\n", b""] {
            assert_eq!(interface_of(none), None);
        }
    }

    #[test]
    fn a_tunnel_is_told_by_its_flags() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["eth0/mtu", "tun0/tun_flags"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        assert_eq!(tunnels(folder.path()), ["tun0"]);
        assert_eq!(tunnels(Path::new("/nonexistent")), [""; 0]);
    }

    #[test]
    fn a_process_without_a_tunnel_carries_none() {
        let own = id_of(std::process::id()).unwrap();
        assert_eq!(carried_by(own, &["tun0".into()]), []);
    }
}
