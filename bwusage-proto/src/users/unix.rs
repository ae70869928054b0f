//! Unix: `getpwuid_r` and `getpwnam_r`, which follow nsswitch (files, SSSD, LDAP).

use crate::process::UserId;

pub(super) fn name_of(user: &UserId) -> Option<String> {
    let UserId::Uid(uid) = user else { return None };
    Some(uzers::get_user_by_uid(*uid)?.name().to_string_lossy().into_owned())
}

pub(super) fn id_of(name: &str) -> Option<UserId> {
    Some(UserId::Uid(uzers::get_user_by_name(name)?.uid()))
}
