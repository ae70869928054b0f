//! The steps by which Linux takes rights from a process. All of them are the calling thread's own: they are taken while there
//! is no other.

use rustix::{
    process::{Gid, Uid},
    thread::{
        self, CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities,
        set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    },
};

use super::{Account, Capability, PrivilegeError, status};

pub(super) use super::directory::{give, inside, own_directory};

pub(super) const GIVES_AWAY: bool = true;

pub(super) fn look_up(name: &str) -> Option<Account> {
    uzers::get_user_by_name(name).map(|user| of_user(&user))
}

pub(super) fn look_up_number(uid: u32) -> Option<Account> {
    uzers::get_user_by_uid(uid).map(|user| of_user(&user))
}

fn of_user(user: &uzers::User) -> Account {
    Account {
        name: user.name().to_string_lossy().into_owned(),
        uid: user.uid(),
        gid: user.primary_group_id(),
    }
}

/// Tries it on the one identity that can be taken back without traces: the one for files.
pub(super) fn may_become(account: &Account) -> Result<(), &'static str> {
    let effective = thread::capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    if !effective.contains(CapabilitySet::SETUID | CapabilitySet::SETGID) {
        return Err("CAP_SETUID or CAP_SETGID is missing; is this a container?");
    }
    let became = as_account(account, || file_identity() == (account.uid, account.gid));
    if became { Ok(()) } else { Err("this user namespace has no such user") }
}

/// Works with the user and group of `account` when files are concerned. The capabilities that pass over file rights are
/// not in effect meanwhile (capabilities(7)).
pub(super) fn as_account<T>(account: &Account, work: impl FnOnce() -> T) -> T {
    let (uid, gid) = file_identity();
    set_file_identity(account.uid, account.gid);
    let result = work();
    set_file_identity(uid, gid);
    result
}

fn set_file_identity(uid: u32, gid: u32) {
    // SAFETY: these take no pointers and change nothing but the calling thread's own identity.
    unsafe {
        libc::setfsgid(gid);
        libc::setfsuid(uid);
    }
}

/// An identity that does not exist is refused, and the call returns the present one.
fn file_identity() -> (u32, u32) {
    // SAFETY: as above; nothing is changed.
    let (uid, gid) = unsafe { (libc::setfsuid(u32::MAX), libc::setfsgid(u32::MAX)) };
    (uid.cast_unsigned(), gid.cast_unsigned())
}

/// Whether `works` does with no other capabilities in effect than `keep`; they come back afterwards.
pub(super) fn with_only(keep: &[Capability], works: &mut dyn FnMut() -> bool) -> bool {
    let Ok(before) = thread::capabilities(None) else { return false };
    let sets = CapabilitySets { effective: set_of(keep) & before.permitted, ..before };
    if set_capabilities(None, sets).is_err() {
        return false;
    }
    let worked = works();
    // What is permitted can always be put into effect again.
    set_capabilities(None, before).is_ok() && worked
}

pub(super) fn drop(account: Option<&Account>, keep: &[Capability]) -> Result<(), PrivilegeError> {
    let threads = status::read().map_or(1, |status| status.threads);
    if threads != 1 {
        return Err(PrivilegeError::Threads { threads });
    }
    let refused =
        |step| move |error: rustix::io::Errno| PrivilegeError::Refused { step, source: error.into() };
    let before = thread::capabilities(None).map_err(refused("read the capabilities"))?;
    if before.effective.contains(CapabilitySet::SETPCAP) {
        empty_bounding_set().map_err(refused("empty the bounding set"))?;
    } else {
        tracing::warn!("CAP_SETPCAP is missing: the bounding set of capabilities stays as it is");
    }
    clear_ambient_capability_set().map_err(refused("empty the ambient set"))?;
    if let Some(account) = account {
        let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
        set_keep_capabilities(true).map_err(refused("keep capabilities for another user"))?;
        set_thread_groups(&[]).map_err(refused("leave root's groups"))?;
        set_thread_res_gid(gid, gid, gid).map_err(refused("change the group"))?;
        set_thread_res_uid(uid, uid, uid).map_err(refused("change the user"))?;
    }
    let kept = set_of(keep) & before.permitted;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(refused("give the capabilities away"))?;
    set_no_new_privs(true).map_err(refused("rule out new rights"))
}

/// Takes one after another until the kernel knows no more.
fn empty_bounding_set() -> rustix::io::Result<()> {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        match thread::remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            Err(rustix::io::Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn set_of(capabilities: &[Capability]) -> CapabilitySet {
    capabilities.iter().map(|&capability| flag(capability)).collect()
}

const fn flag(capability: Capability) -> CapabilitySet {
    match capability {
        Capability::DacReadSearch => CapabilitySet::DAC_READ_SEARCH,
        Capability::NetAdmin => CapabilitySet::NET_ADMIN,
        Capability::NetRaw => CapabilitySet::NET_RAW,
        Capability::SysPtrace => CapabilitySet::SYS_PTRACE,
        Capability::SysAdmin => CapabilitySet::SYS_ADMIN,
        Capability::Perfmon => CapabilitySet::PERFMON,
        Capability::Bpf => CapabilitySet::BPF,
    }
}

/// As the kernel says it, not as it was asked.
pub(super) fn rights_now() -> Option<String> {
    let status = status::read()?;
    let user = look_up_number(status.uid);
    let user = user.map_or_else(|| status.uid.to_string(), |user| user.to_string());
    Some(status.describe(&user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_without_rights_has_them_back_afterwards() {
        let before = thread::capabilities(None).unwrap();
        let mut during = None;
        with_only(&[], &mut || {
            during = Some(thread::capabilities(None).unwrap().effective);
            true
        });
        assert_eq!(during, Some(CapabilitySet::empty()));
        assert_eq!(thread::capabilities(None).unwrap(), before);
    }

    #[test]
    fn files_are_ones_own_again_after_work_for_another() {
        let before = file_identity();
        as_account(&Account { name: "x".into(), uid: 61_234, gid: 61_235 }, || ());
        assert_eq!(file_identity(), before);
    }
}
