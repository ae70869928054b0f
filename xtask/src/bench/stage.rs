//! Where the traffic runs: two network namespaces and a cable between them. Gone with the value, like everything in them.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::workspace;

const PREFIX: &str = "bwusage-bench-";
/// Both ends of the cable.
pub(super) const INTERFACE: &str = "wire0";
/// Where the servers listen, on the far end.
pub(super) const SERVER: &str = "10.77.0.2:7000";
/// Of Ethernet, on each frame.
const LINK_HEADER_BYTES: u64 = 14;
/// Of IPv4 without options.
const IP_HEADER_BYTES: u64 = 20;

/// `near` is the machine that is watched; `far` the rest of the world.
pub(super) struct Stage {
    pub(super) near: Namespace,
    pub(super) far: Namespace,
}

pub(super) struct Namespace(String);

/// What passed the near end of the cable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) sent: Frames,
    pub(super) received: Frames,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

impl Frames {
    /// From the IP header on.
    pub(super) const fn wire_bytes(self) -> u64 {
        self.bytes.saturating_sub(self.packets * LINK_HEADER_BYTES)
    }

    /// What IP carries.
    pub(super) const fn ip_payload_bytes(self) -> u64 {
        self.wire_bytes().saturating_sub(self.packets * IP_HEADER_BYTES)
    }
}

impl Stage {
    pub(super) fn new() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_leftovers()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let [near, far] =
            ["near", "far"].map(|end| Namespace(format!("{PREFIX}{}-{number}-{end}", process::id())));
        let stage = Self { near, far };
        for namespace in [&stage.near, &stage.far] {
            workspace::output(Command::new("ip").args(["netns", "add", &namespace.0]))?;
            namespace.ip("link set lo up")?;
        }
        let far = &stage.far.0;
        stage.near.ip(&format!("link add {INTERFACE} type veth peer name {INTERFACE} netns {far}"))?;
        for (namespace, address) in [(&stage.near, "10.77.0.1/24"), (&stage.far, "10.77.0.2/24")] {
            // No address, and so no packet, but the traffic's own.
            namespace.ip(&format!("link set {INTERFACE} addrgenmode none"))?;
            namespace.ip(&format!("address add {address} dev {INTERFACE}"))?;
            namespace.ip(&format!("link set {INTERFACE} up"))?;
        }
        Ok(stage)
    }

    /// From now on the cable carries packets of 1500 bytes, as a network card without offloads does.
    pub(super) fn switch_offloads_off(&self) -> Result<()> {
        let offloads = ["tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off"];
        for namespace in [&self.near, &self.far] {
            let mut ethtool = namespace.command("ethtool");
            workspace::output(ethtool.args(["-K", INTERFACE]).args(offloads))?;
        }
        Ok(())
    }

    /// What passed the near end since the stage exists.
    pub(super) fn passed(&self) -> Result<Passed> {
        let text = self.near.ip(&format!("-s -j link show dev {INTERFACE}"))?;
        let links: Value = serde_json::from_str(&text).context("ip does not speak JSON")?;
        let frames = |way: &str| {
            let number = |what: &str| links[0]["stats64"][way][what].as_u64();
            Some(Frames { bytes: number("bytes")?, packets: number("packets")? })
        };
        let passed = || Some(Passed { sent: frames("tx")?, received: frames("rx")? });
        passed().context("ip does not say what the cable carried")
    }
}

impl Namespace {
    /// `program`, inside.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        // Whatever ends us ends it too.
        command.args(["--pdeathsig", "TERM", "ip", "netns", "exec", &self.0]).arg(program);
        command
    }

    /// What to name to enter it.
    pub(super) fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.0)
    }

    /// Runs `ip` with these words inside.
    fn ip(&self, words: &str) -> Result<String> {
        workspace::output(Command::new("ip").args(["-n", &self.0]).args(words.split(' ')))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The cable goes with its ends. What cannot be removed now is removed by the next run.
        let _ = Command::new("ip").args(["netns", "delete", &self.0]).output();
    }
}

/// A run that was killed could not remove its namespaces.
fn remove_leftovers() -> Result<()> {
    let list = workspace::output(Command::new("ip").args(["netns", "list"]))?;
    for name in leftovers(&list, |pid| Path::new("/proc").join(pid).exists()) {
        workspace::output(Command::new("ip").args(["netns", "delete", name]))?;
    }
    Ok(())
}

/// Those of our namespaces whose process is gone.
fn leftovers(list: &str, lives: impl Fn(&str) -> bool) -> Vec<&str> {
    let names = list.lines().filter_map(|line| line.split(' ').next());
    let owner = |name: &str| Some(name.strip_prefix(PREFIX)?.split('-').next()?.to_owned());
    names.filter(|name| owner(name).is_some_and(|pid| !lives(&pid))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_of_a_run_that_ended_are_left_over() {
        let list = "bwusage-bench-17-0-near (id: 3)\nbwusage-bench-18-0-far\nblue\n";
        assert_eq!(leftovers(list, |pid| pid == "18"), ["bwusage-bench-17-0-near"]);
    }

    #[test]
    fn headers_are_taken_off_each_frame() {
        let frames = Frames { bytes: 10_000, packets: 10 };
        assert_eq!(frames.wire_bytes(), 9_860);
        assert_eq!(frames.ip_payload_bytes(), 9_660);
    }
}
