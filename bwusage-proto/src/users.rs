//! Names of users. The daemon sends numbers; each client asks its own system what they are called.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::process::UserId;

#[cfg(unix)]
#[path = "users/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "users/windows.rs"]
mod platform;

/// The user with this login name. The lookup can go over the network (LDAP).
#[must_use]
pub fn id_of(name: &str) -> Option<UserId> {
    platform::id_of(name)
}

/// The groups that `user` is a member of, as the system's list of groups has them; none on Windows.
#[must_use]
pub fn groups_of(user: &UserId) -> Vec<u32> {
    platform::groups_of(user)
}

/// The number of the group `name`, where there is such a group.
#[must_use]
pub fn group_id(name: &str) -> Option<u32> {
    platform::group_id(name)
}

/// Login names, each asked for once: a lookup can go over the network (LDAP).
#[derive(Debug, Default)]
pub struct Users {
    known: Mutex<HashMap<UserId, Arc<str>>>,
}

impl Users {
    /// Knows nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of `user`; the number or SID itself where the system has no name for it.
    #[must_use]
    pub fn name(&self, user: &UserId) -> Arc<str> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(user) {
            return Arc::clone(name);
        }
        let name: Arc<str> = platform::name_of(user).unwrap_or_else(|| user.to_string()).into();
        known.insert(user.clone(), Arc::clone(&name));
        name
    }
}

/// Names that are known beforehand, for tests and recordings; everyone else is looked up.
impl<N: Into<Arc<str>>> FromIterator<(UserId, N)> for Users {
    fn from_iter<I: IntoIterator<Item = (UserId, N)>>(names: I) -> Self {
        Self { known: Mutex::new(names.into_iter().map(|(user, name)| (user, name.into())).collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_whom_the_system_does_not_know_keeps_the_number() {
        assert_eq!(&*Users::new().name(&UserId::Uid(3_999_999_999)), "3999999999");
        assert_eq!(&*Users::new().name(&UserId::Sid("S-1-5-21-1".into())), "S-1-5-21-1");
    }

    #[test]
    fn a_name_that_is_known_is_not_looked_up() {
        let users = Users::from_iter([(UserId::Uid(0), "somebody")]);
        assert_eq!(&*users.name(&UserId::Uid(0)), "somebody");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_is_asked_for_a_name() {
        assert_eq!(&*Users::new().name(&UserId::Uid(0)), "root");
        assert_eq!((id_of("root"), id_of("no such user")), (Some(UserId::Uid(0)), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_is_asked_for_groups() {
        let root = group_id("root").unwrap();
        assert!(groups_of(&UserId::Uid(0)).contains(&root));
        assert_eq!((groups_of(&UserId::Uid(3_999_999_999)), group_id("no such group")), (vec![], None));
    }
}
