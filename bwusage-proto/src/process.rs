//! Who moved the bytes: process identity and user identity.

use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};

/// A process number as the operating system shows it (on Linux the thread group, `tgid`).
pub type Pid = u32;

/// When a process started, in a unit that only the operating system knows.
///
/// On Linux it is field 22 of `/proc/PID/stat`: clock ticks of 10 ms since boot. Compare it; never subtract it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
pub struct StartTime(pub u64);

/// One run of one program. A pid alone is reused, so it names nothing for long.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
pub struct ProcessId {
    /// The process number.
    pub pid: Pid,
    /// What tells this run from an earlier one with the same number.
    pub start_time: StartTime,
}

impl ProcessId {
    /// The process `pid` that started at `start_time` (in the operating system's own unit).
    #[must_use]
    pub const fn new(pid: Pid, start_time: u64) -> Self {
        Self { pid, start_time: StartTime(start_time) }
    }
}

/// A user as the kernel names it. Clients turn it into a login name; the daemon never does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
pub enum UserId {
    /// A Unix user number.
    Uid(u32),
    /// A Windows security identifier in its text form, `S-1-5-…`.
    Sid(String),
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uid(uid) => write!(f, "{uid}"),
            Self::Sid(sid) => f.write_str(sid),
        }
    }
}

/// A container (or a virtual machine that is kept like one), as its control group and the files of its runtime name it. No
/// daemon was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Container {
    /// Who runs it: `docker`, `podman`, `containerd`, `cri-o`, `kubernetes`, `lxc`, `nspawn`, `qemu`.
    pub runtime: String,
    /// What the runtime calls it: 64 hexadecimal digits, or the name where that is the only identity.
    pub id: String,
    /// The name that a person gave it, where the control group or a file of its runtime says it; `POD/CONTAINER` in
    /// Kubernetes. Not escaped.
    pub name: Option<String>,
}

/// `lxc:web`, `docker:0123456789ab`: the name, else as much of the id as the runtimes themselves show.
impl std::fmt::Display for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short: String = self.id.chars().take(12).collect();
        write!(f, "{}:{}", self.runtime, self.name.as_ref().unwrap_or(&short))
    }
}

/// What sort of program a process is, by how it was started.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A program with a window, or a part of one: started by the desktop in a user's session.
    App,
    /// Started from a terminal.
    Terminal,
    /// A service of the system or of a user's session, under the service manager.
    Service,
    /// Runs in a container.
    Container,
    /// The kernel's own thread.
    Kernel,
    /// None of these: nobody sees it run.
    #[default]
    Background,
}

impl Category {
    /// Every category, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::App, Self::Terminal, Self::Service, Self::Container, Self::Kernel, Self::Background];

    /// The name in JSON, in filters and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Terminal => "terminal",
            Self::Service => "service",
            Self::Container => "container",
            Self::Kernel => "kernel",
            Self::Background => "background",
        }
    }
}
