//! Packages that bring a service start it when they are installed; the checks want the programs alone.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// What Debian's packages ask before they start a service (`invoke-rc.d(8)`).
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// 101: an action that the policy forbids.
const FORBID: &str = "#!/bin/sh\nexit 101\n";

/// As long as this lives, no package starts a service.
#[derive(Debug)]
pub(super) struct Held(Option<PathBuf>);

impl Held {
    /// Holds services back. A machine that has a policy of its own keeps it.
    pub(super) fn back() -> Result<Self> {
        Self::by(Path::new(POLICY))
    }

    fn by(policy: &Path) -> Result<Self> {
        let mut file = match fs::File::create_new(policy) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Self(None)),
            Err(error) => return Err(error).with_context(|| format!("cannot create {}", policy.display())),
        };
        let held = Self(Some(policy.to_owned()));
        file.write_all(FORBID.as_bytes())?;
        make_executable(&file)?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(policy) = &self.0 {
            // Whoever removed it meanwhile has done what is to be done here.
            let _ = fs::remove_file(policy);
        }
    }
}

#[cfg(unix)]
fn make_executable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the file is changed")]
fn make_executable(_file: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_held_back_as_long_as_packages_are_installed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let policy = folder.path().join("policy-rc.d");
        let held = Held::by(&policy).expect("hold");
        assert_eq!(fs::read_to_string(&policy).expect("read"), FORBID);
        drop(held);
        assert!(!policy.exists());
    }

    #[test]
    fn a_policy_of_the_machines_own_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let policy = folder.path().join("policy-rc.d");
        fs::write(&policy, "its own").expect("write");
        drop(Held::by(&policy).expect("hold"));
        assert_eq!(fs::read_to_string(&policy).expect("read"), "its own");
    }
}
