//! What a run has at hand: the programs, and the tools that work here.

use std::{cell::Cell, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::{
    stage::Stage,
    tool::{self, Tool},
};
use crate::workspace;

/// The bench's equipment.
pub(super) struct Lab {
    scratch: TempDir,
    folders: Cell<u32>,
    programs: PathBuf,
    floor: Option<Vec<u8>>,
    tools: Vec<Tool>,
    /// How much patience there is.
    pub(super) effort: Effort,
}

/// Short runs show that everything works; long ones are worth writing down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) quick: bool,
    /// Instead of a scenario's own number.
    pub(super) rounds: Option<usize>,
}

impl Effort {
    /// `full` rounds, fewer when it should be quick.
    pub(super) fn rounds(self, full: usize) -> usize {
        self.rounds.unwrap_or(if self.quick { full.div_ceil(4) } else { full })
    }

    /// `full` seconds, fewer when it should be quick.
    pub(super) fn seconds(self, full: f64) -> f64 {
        if self.quick { full / 4.0 } else { full }
    }
}

impl Lab {
    /// Builds and installs what is needed, and finds out which of `wanted` work here. Says which do not, and why.
    pub(super) fn equip(wanted: &[Tool], effort: Effort) -> Result<Self> {
        let mut build = workspace::cargo();
        build.args(["build", "--release", "--locked", "--package", "bwusaged", "--package", "bwusage-ctl"]);
        workspace::succeed(&mut build)?;
        tool::install_peers();
        let floor = tool::compile_floor();
        if let Err(error) = &floor {
            println!("floor.bpf.c does not compile; apt-get install clang-14 llvm-14 libbpf-dev: {error:#}");
        }
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        // The daemon does not stay root, and must still come in.
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))?;
        let mut lab = Self {
            scratch,
            folders: Cell::new(0),
            programs: workspace::target_dir()?.join("release"),
            floor: floor.ok(),
            tools: Vec::new(),
            effort,
        };
        lab.tools = lab.working(wanted)?;
        Ok(lab)
    }

    /// Those of `tools` that can be started.
    fn working(&self, tools: &[Tool]) -> Result<Vec<Tool>> {
        let stage = Stage::new()?;
        let starts = |tool: &Tool| match tool.start(self, &stage) {
            Ok(_) => true,
            Err(error) => {
                println!("skipped: {tool}: {error:#}");
                false
            }
        };
        Ok(tools.iter().copied().filter(starts).collect())
    }

    /// Those of `tools` that work here, in the same order.
    pub(super) fn tools(&self, tools: &[Tool]) -> Vec<Tool> {
        tools.iter().copied().filter(|tool| self.tools.contains(tool)).collect()
    }

    /// A program of ours.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The compiled floor.
    pub(super) fn floor(&self) -> Option<&[u8]> {
        self.floor.as_deref()
    }

    /// A new folder for a run of `name`.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        self.folders.set(self.folders.get() + 1);
        let folder = self.scratch.path().join(format!("{name}-{}", self.folders.get()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}
