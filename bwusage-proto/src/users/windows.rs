//! Windows: the accounts that every machine has, by their well-known SIDs.

use crate::process::UserId;

pub(super) fn name_of(user: &UserId) -> Option<String> {
    let UserId::Sid(sid) = user else { return None };
    let name = match sid.as_str() {
        "S-1-5-18" => "SYSTEM",
        "S-1-5-19" => "LOCAL SERVICE",
        "S-1-5-20" => "NETWORK SERVICE",
        "S-1-5-32-544" => "Administrators",
        _ => return None,
    };
    Some(name.into())
}
