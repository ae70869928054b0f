//! Systems where nothing is given away yet.

use std::{fs, io, path::Path};

use super::{Account, Capability, PrivilegeError};

pub(super) const GIVES_AWAY: bool = false;

pub(super) fn look_up(_: &str) -> Option<Account> {
    None
}

pub(super) fn look_up_number(_: u32) -> Option<Account> {
    None
}

pub(super) fn may_become(_: &Account) -> Result<(), &'static str> {
    Err("bwusaged does not do that on this system yet")
}

pub(super) fn own_directory(directory: &Path, _: &[&str], _: Option<&Account>) -> io::Result<()> {
    fs::create_dir_all(directory)
}

pub(super) fn inside<T>(_: &Path, _: Option<&Account>, work: impl FnOnce() -> T) -> T {
    work()
}

#[expect(clippy::unnecessary_wraps, reason = "Linux may refuse")]
pub(super) fn give(_: &Path, _: &Account) -> io::Result<()> {
    Ok(())
}

pub(super) fn with_only(_: &[Capability], works: &mut dyn FnMut() -> bool) -> bool {
    works()
}

#[expect(clippy::unnecessary_wraps, reason = "Linux may refuse")]
pub(super) fn drop(_: Option<&Account>, _: &[Capability]) -> Result<(), PrivilegeError> {
    Ok(())
}

pub(super) fn rights_now() -> Option<String> {
    None
}
