//! Unix: `getpwuid_r`, which follows nsswitch (files, SSSD, LDAP).

use crate::process::UserId;

pub(super) fn name_of(user: &UserId) -> Option<String> {
    let UserId::Uid(uid) = user else { return None };
    Some(uzers::get_user_by_uid(*uid)?.name().to_string_lossy().into_owned())
}
