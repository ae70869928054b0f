//! Windows: the accounts that every machine has, by their well-known SIDs.

use crate::process::UserId;

const ACCOUNTS: [(&str, &str); 4] = [
    ("S-1-5-18", "SYSTEM"),
    ("S-1-5-19", "LOCAL SERVICE"),
    ("S-1-5-20", "NETWORK SERVICE"),
    ("S-1-5-32-544", "Administrators"),
];

pub(super) fn name_of(user: &UserId) -> Option<String> {
    let UserId::Sid(sid) = user else { return None };
    ACCOUNTS.iter().find(|(listed, _)| listed == sid).map(|&(_, name)| name.into())
}

pub(super) fn id_of(name: &str) -> Option<UserId> {
    ACCOUNTS.iter().find(|(_, listed)| *listed == name).map(|&(sid, _)| UserId::Sid(sid.into()))
}

pub(super) fn groups_of(_: &UserId) -> Vec<u32> {
    Vec::new()
}

pub(super) fn group_id(_: &str) -> Option<u32> {
    None
}
