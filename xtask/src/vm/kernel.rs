//! Debian's kernels: fetched once by apt, unpacked beside the build, never installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::sources;
use crate::workspace;

/// The package that always depends on the newest kernel of a release. The cloud's has what virtual machines need, and no more.
const PACKAGE: &str = "linux-image-cloud-amd64";
/// Lies beside a kernel that was unpacked to the end.
const COMPLETE: &str = "complete";

/// A kernel, unpacked.
pub(super) struct Kernel {
    /// What boots.
    pub(super) program: PathBuf,
    /// Its modules, with their list of dependencies.
    pub(super) modules: PathBuf,
    /// What is made for it lies here.
    pub(super) folder: PathBuf,
}

impl Kernel {
    /// The newest kernel of Debian's `release`, which has this version. What was fetched before stays as it is.
    pub(super) fn get(version: &str, release: &str, folder: &Path) -> Result<Self> {
        let folder = folder.join(version);
        let unpacked = folder.join("kernel");
        if !folder.join(COMPLETE).exists() {
            fetch(release, &folder, &unpacked).with_context(|| {
                format!("no kernel {version}; unpack one: dpkg-deb -x linux-image-{version}*.deb {}, and touch {}",
                    unpacked.display(), folder.join(COMPLETE).display())
            })?;
            fs::write(folder.join(COMPLETE), "")?;
        }
        let program = only_one(&unpacked.join("boot"), "vmlinuz-")?;
        // Since Debian 13, /lib is part of /usr in packages too.
        let lib = ["usr/lib/modules", "lib/modules"].map(|lib| unpacked.join(lib));
        let lib = lib.into_iter().find(|lib| lib.is_dir()).context("the package has no modules")?;
        let modules = only_one(&lib, &format!("{version}."))?;
        if !modules.join("modules.dep").exists() {
            list_dependencies(&modules)?;
        }
        Ok(Self { program, modules, folder })
    }
}

fn fetch(release: &str, folder: &Path, unpacked: &Path) -> Result<()> {
    let (apt, packages) = (folder.join("apt"), folder.join("packages"));
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(part))?;
    }
    if packages.exists() {
        fs::remove_dir_all(&packages)?;
    }
    fs::create_dir_all(&packages)?;
    let mirrors = sources::of_release(&own_sources()?, &own_release()?, release);
    if mirrors.is_empty() {
        bail!("apt's sources name no mirror of Debian");
    }
    fs::write(apt.join("sources.list"), mirrors)?;
    println!("fetching {PACKAGE} of Debian {release}");
    workspace::output(at(&apt, "apt-get").args(["update", "--quiet"]))?;
    let about = workspace::output(at(&apt, "apt-cache").args(["--no-all-versions", "show", PACKAGE]))?;
    let package = kernel_package(&about).with_context(|| format!("{PACKAGE} names no kernel"))?;
    let mut download = at(&apt, "apt-get");
    workspace::output(download.current_dir(&packages).args(["download", "--quiet", package]))?;
    let file = only_one(&packages, package)?;
    workspace::output(Command::new("dpkg-deb").arg("-x").arg(file).arg(unpacked))?;
    Ok(())
}

/// One of apt's programs, with lists and caches of its own: the machine's stay as they are.
fn at(apt: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let folder = apt.display();
    for option in [
        format!("Dir::Etc::SourceList={folder}/sources.list"),
        "Dir::Etc::SourceParts=/dev/null".into(),
        format!("Dir::State::Lists={folder}/lists"),
        format!("Dir::Cache={folder}/cache"),
        "APT::Architecture=amd64".into(),
        // Its own user could not write here.
        "APT::Sandbox::User=".into(),
        "Acquire::Languages=none".into(),
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
    ] {
        command.args(["-o", &option]);
    }
    command
}

/// The kernel that the package depends on, as `apt-cache show` has it: `Depends: linux-image-6.1.0-50-cloud-amd64 (= 6.1.1-1)`.
fn kernel_package(about: &str) -> Option<&str> {
    let depends = about.lines().find_map(|line| line.strip_prefix("Depends: "))?;
    depends.split([' ', ',']).find(|package| package.starts_with("linux-image-"))
}

/// The contents of the files that say where apt gets packages from.
fn own_sources() -> Result<Vec<String>> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
        for entry in folder {
            files.push(entry?.path());
        }
    }
    Ok(files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect())
}

fn own_release() -> Result<String> {
    let about = fs::read_to_string("/etc/os-release").context("cannot tell which system this is")?;
    let field = |name: &str| {
        about
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|word| word.trim_matches('"'))
    };
    match (field("ID"), field("VERSION_CODENAME")) {
        (Some("debian"), Some(name)) => Ok(name.to_owned()),
        _ => bail!("this is not Debian, so its sources do not lead to Debian's kernels"),
    }
}

/// What `depmod` does when a kernel is installed. Packed modules are unpacked first: not everything can read them.
fn list_dependencies(modules: &Path) -> Result<()> {
    let release = modules.file_name().context("modules lie in a folder of the release's name")?;
    let root = modules.ancestors().nth(3).context("lib/modules/RELEASE")?;
    let unpack = "find \"$0\" -name '*.ko.xz' -exec busybox unxz {} +";
    workspace::output(Command::new("sh").args(["-c", unpack]).arg(modules))?;
    workspace::output(Command::new("busybox").arg("depmod").arg("-b").arg(root).arg(release))?;
    Ok(())
}

/// The only entry of `folder` whose name begins so.
fn only_one(folder: &Path, beginning: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            found.push(entry.path());
        }
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => bail!("{} entries in {} begin with {beginning}", found.len(), folder.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_what_the_package_depends_on() {
        let about = "Package: linux-image-cloud-amd64\n\
                     Depends: linux-image-6.12.1+deb13-cloud-amd64 (= 6.12.1-1), other\nSize: 3\n";
        assert_eq!(kernel_package(about), Some("linux-image-6.12.1+deb13-cloud-amd64"));
        assert_eq!(kernel_package("Package: x\nDepends: libc6\n"), None);
    }
}
