//! The programs from outside that the checks need, and how to get them.

mod services;

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// What must be there, and the Debian package that brings it.
const PACKAGES: &[(&str, &str)] = &[
    // The BPF object, rebuilt.
    ("clang-14", "clang-14"),
    ("llvm-strip-14", "llvm-14"),
    ("/usr/include/bpf/bpf_helpers.h", "libbpf-dev"),
    ("/usr/include/linux/bpf.h", "linux-libc-dev"),
    // The kernel tests.
    ("ip", "iproute2"),
    ("ethtool", "ethtool"),
    ("bpftool", "bpftool"),
    ("tc", "iproute2"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("script", "bsdutils"),
    ("python3", "python3"),
    // The interfaces, as people use them.
    ("tmux", "tmux"),
    ("dbus-daemon", "dbus-daemon"),
    ("chromium", "chromium"),
    // The dashboard's end-to-end tests.
    ("node", "nodejs"),
    ("npm", "npm"),
    ("nginx", "nginx"),
    ("openssl", "openssl"),
    ("setpriv", "util-linux"),
    // Metrics, as monitoring systems collect them.
    ("promtool", "prometheus"),
];

/// Subcommands of cargo, by the name of their crate.
const CARGO_TOOLS: &[&str] = &["cargo-nextest", "cargo-deny"];

/// Installs what is missing, or says what to type.
pub(crate) fn install_missing() -> Result<()> {
    for name in CARGO_TOOLS.iter().filter(|name| find(name).is_none()) {
        println!("installing {name}");
        workspace::succeed(workspace::cargo().args(["install", "--locked", name]))?;
    }
    install_packages(PACKAGES)
}

/// The same for `packages`: what must be there, and the Debian package that brings it.
pub(crate) fn install_packages(packages: &[(&str, &str)]) -> Result<()> {
    let missing = missing_packages(packages, |proof| find(proof).is_some());
    if !cfg!(target_os = "linux") || missing.is_empty() {
        return Ok(());
    }
    if find("apt-get").is_none() {
        bail!(
            "missing: what Debian calls {}; install it with your system's package manager",
            missing.join(", ")
        );
    }
    if !is_root() {
        bail!("missing: run  sudo apt-get install --no-install-recommends {}", missing.join(" "));
    }
    println!("installing {}", missing.join(", "));
    workspace::output(apt_get().args(["update", "--quiet"]))?;
    let held = services::Held::back()?;
    workspace::output(
        apt_get().args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(&missing),
    )?;
    drop(held);
    match missing_packages(packages, |proof| find(proof).is_some()) {
        missing if missing.is_empty() => Ok(()),
        missing => bail!("installed, and still missing: {}", missing.join(", ")),
    }
}

fn missing_packages<'a>(packages: &[(&str, &'a str)], is_there: impl Fn(&str) -> bool) -> Vec<&'a str> {
    packages.iter().filter(|(proof, _)| !is_there(proof)).map(|&(_, package)| package).collect()
}

fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    // A download may fail once, and the machine itself may be installing something at this moment.
    apt_get.args(["-o", "Acquire::Retries=10", "-o", "DPkg::Lock::Timeout=300"]);
    apt_get.env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}

pub(crate) fn is_root() -> bool {
    workspace::output(Command::new("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

/// Where a program is that was installed.
pub(crate) fn path(program: &str) -> Result<PathBuf> {
    find(program).with_context(|| format!("{program} is missing"))
}

/// Where a program is; also in the folders for administrators, which are not in everyone's PATH.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own = env::home_dir().map(|home| home.join(".cargo/bin"));
    let folders = env::split_paths(&path).chain(own).chain(["/usr/sbin".into(), "/sbin".into()]);
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    folders.map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed_again() {
        let packages = [("clang-14", "clang-14"), ("llvm-strip-14", "llvm-14")];
        assert_eq!(missing_packages(&packages, |proof| proof == "clang-14"), ["llvm-14"]);
    }

    #[test]
    fn a_program_is_found_by_name_and_a_file_by_its_path() {
        let own = env::current_exe().expect("our own path");
        assert_eq!(find(own.to_str().expect("UTF-8")), Some(own));
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
