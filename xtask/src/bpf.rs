//! How the kernel programs are compiled: the committed object is made by exactly this, and nothing else needs a C compiler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing: fail unless the committed object is what the source compiles to
    #[arg(long)]
    check: bool,
}

/// Another compiler makes other bytes, so the one that makes the committed ones is named: Debian 12's `clang-14`.
const CLANG: &str = "clang-14";
const CLANG_VERSION: &str = "14.0.6";
const STRIP: &str = "llvm-strip-14";

/// A C file with programs for the kernel.
pub(crate) struct Source {
    /// In the workspace.
    pub(crate) folder: &'static str,
    pub(crate) file: &'static str,
}

/// What the daemon carries.
const SOURCE: Source = Source { folder: "bwusaged/bpf", file: "bwusage.bpf.c" };
const OBJECT: &str = "bwusage.bpf.o";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.check {
        check()?;
        println!("{OBJECT} is what {} compiles to", SOURCE.file);
    } else {
        let object = object();
        fs::write(&object, compile(&SOURCE)?)
            .with_context(|| format!("cannot write {}", object.display()))?;
        println!("wrote {}", object.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails unless the committed object is what the source compiles to.
pub(crate) fn check() -> Result<()> {
    let object = object();
    let committed = fs::read(&object).with_context(|| format!("cannot read {}", object.display()))?;
    if compile(&SOURCE)? != committed {
        let source = SOURCE.file;
        bail!("{OBJECT} is not what {source} compiles to: run `cargo xtask bpf` and commit the object");
    }
    Ok(())
}

fn object() -> PathBuf {
    workspace::root().join(SOURCE.folder).join(OBJECT)
}

/// The object that `source` compiles to.
pub(crate) fn compile(source: &Source) -> Result<Vec<u8>> {
    let version = workspace::output(Command::new(CLANG).arg("--version"))?;
    if !version.contains(CLANG_VERSION) {
        let found = version.lines().next().unwrap_or_default();
        bail!("the object is compiled by clang {CLANG_VERSION}, and {CLANG} here is: {found}");
    }
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let object = scratch.path().join(OBJECT);
    workspace::succeed(&mut clang(source, &object))?;
    // DWARF is for people; BTF, which the loader needs, stays.
    workspace::succeed(Command::new(STRIP).arg("--strip-debug").arg(&object))?;
    fs::read(&object).with_context(|| format!("cannot read {}", object.display()))
}

fn clang(source: &Source, object: &Path) -> Command {
    let folder = workspace::root().join(source.folder);
    let mut clang = Command::new(CLANG);
    clang.current_dir(&folder);
    // -g: without BTF no field could be found in a kernel that lays out its structures differently.
    // -mcpu=v3: atomic exchange (Linux 5.12).
    clang.args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror"]);
    // Where Debian keeps <asm/types.h>.
    clang.arg(format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH));
    // The folder's name would stand in the line information: two checkouts would make two objects.
    clang.arg(format!("-ffile-prefix-map={}=.", folder.display()));
    clang.args(["-c", source.file, "-o"]).arg(object);
    clang
}
