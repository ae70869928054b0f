//! Unix: `getpwuid_r` and `getpwnam_r`, which follow nsswitch (files, SSSD, LDAP).

use crate::process::UserId;

pub(super) fn name_of(user: &UserId) -> Option<String> {
    let UserId::Uid(uid) = user else { return None };
    Some(uzers::get_user_by_uid(*uid)?.name().to_string_lossy().into_owned())
}

pub(super) fn id_of(name: &str) -> Option<UserId> {
    Some(UserId::Uid(uzers::get_user_by_name(name)?.uid()))
}

pub(super) fn groups_of(user: &UserId) -> Vec<u32> {
    let UserId::Uid(uid) = user else { return Vec::new() };
    let Some(user) = uzers::get_user_by_uid(*uid) else { return Vec::new() };
    let groups = uzers::get_user_groups(user.name(), user.primary_group_id()).unwrap_or_default();
    groups.iter().map(uzers::Group::gid).collect()
}

pub(super) fn group_id(name: &str) -> Option<u32> {
    uzers::get_group_by_name(name).map(|group| group.gid())
}
