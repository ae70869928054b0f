//! What hangs on what, on Linux: interfaces that stand on others, and processes that carry a tunnel.
//!
//! Nothing tells of changes, so both are looked up again every [`AGAIN`]. A process that carries a tunnel holds `/dev/net/tun`,
//! and the kernel tells the interface in the `fdinfo` of that descriptor. To look through the descriptors of every process
//! would cost more than all the counting: only those are looked through that moved bytes, and only while there is such a
//! tunnel. A tunnel of the same name in another network namespace would be taken for it.

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

/// What hangs on what, as last looked up.
#[derive(Debug, Default)]
pub(super) struct Topology {
    looked_at: Option<Instant>,
    /// Processes that moved bytes since the last look.
    busy: BTreeSet<ProcessId>,
    pub(super) carriers: Vec<(ProcessId, String)>,
    pub(super) stacking: Vec<(String, String)>,
}

impl Topology {
    /// Looks again if it is time to. `busy` are processes that moved bytes since the call before.
    pub(super) fn look(&mut self, busy: &[ProcessId]) {
        let room = PROCESSES.saturating_sub(self.busy.len());
        self.busy.extend(busy.iter().take(room));
        if self.looked_at.is_some_and(|at| at.elapsed() < AGAIN) {
            return;
        }
        self.looked_at = Some(Instant::now());
        let known = std::mem::take(&mut self.carriers).into_iter().map(|(id, _)| id);
        let mut candidates = std::mem::take(&mut self.busy);
        candidates.extend(known);
        let (tunnels, stacking) = interfaces(Path::new("/sys/class/net"));
        self.stacking = stacking;
        if !tunnels.is_empty() {
            self.carriers = candidates.into_iter().flat_map(|id| carried_by(id, &tunnels)).collect();
        }
    }
}

/// The tun and tap interfaces, and which interface stands on which.
fn interfaces(folder: &Path) -> (Vec<String>, Vec<(String, String)>) {
    let (mut tunnels, mut stacking) = (Vec::new(), Vec::new());
    for interface in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = interface.file_name().into_string() else { continue };
        for entry in fs::read_dir(interface.path()).into_iter().flatten().flatten() {
            match entry.file_name().to_str() {
                Some("tun_flags") => tunnels.push(name.clone()),
                Some(file) => {
                    if let Some(lower) = file.strip_prefix("lower_") {
                        stacking.push((name.clone(), lower.to_owned()));
                    }
                }
                None => {}
            }
        }
    }
    stacking.sort_unstable();
    (tunnels, stacking)
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
    fn tunnels_and_what_they_stand_on_are_told_by_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["eth0/mtu", "tun0/tun_flags", "br0/lower_eth0", "br0/lower_veth1", "eth0/upper_br0"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let pair = |upper: &str, lower: &str| (upper.to_owned(), lower.to_owned());
        let expected = (vec!["tun0".to_owned()], vec![pair("br0", "eth0"), pair("br0", "veth1")]);
        assert_eq!(interfaces(folder.path()), expected);
        assert_eq!(interfaces(Path::new("/nonexistent")), (vec![], vec![]));
    }

    #[test]
    fn a_process_without_a_tunnel_carries_none() {
        let own = id_of(std::process::id()).unwrap();
        assert_eq!(carried_by(own, &["tun0".into()]), []);
    }
}
