//! How many may come: in all, and of one user, so that nobody keeps the others out.

use std::collections::HashMap;

use bwusage_proto::process::UserId;

/// Connections in all.
pub(super) const CONNECTIONS: u32 = 128;
/// Of these, kept for root and administrators.
pub(super) const RESERVED: u32 = 8;
/// Connections of one ordinary user.
pub(super) const PER_USER: u32 = 32;

/// Who is connected.
#[derive(Debug, Default)]
pub(super) struct Limits {
    by_user: HashMap<UserId, u32>,
    connections: u32,
    subscriptions: u32,
}

impl Limits {
    /// Lets one more in, if there is room.
    pub(super) fn enter(&mut self, user: &UserId, superuser: bool) -> bool {
        let of_user = self.by_user.get(user).copied().unwrap_or(0);
        let room = if superuser { CONNECTIONS } else { CONNECTIONS - RESERVED };
        if self.connections >= room || (!superuser && of_user >= PER_USER) {
            return false;
        }
        self.connections += 1;
        self.by_user.insert(user.clone(), of_user + 1);
        true
    }

    /// One left.
    pub(super) fn leave(&mut self, user: &UserId) {
        self.connections = self.connections.saturating_sub(1);
        if let Some(of_user) = self.by_user.get_mut(user) {
            *of_user -= 1;
            if *of_user == 0 {
                self.by_user.remove(user);
            }
        }
    }

    /// A subscription began or ended.
    pub(super) fn subscribed(&mut self, by: i32) {
        self.subscriptions = self.subscriptions.saturating_add_signed(by);
    }

    pub(super) fn connections(&self) -> u32 {
        self.connections
    }

    pub(super) fn subscriptions(&self) -> u32 {
        self.subscriptions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_keep_the_others_out() {
        let mut limits = Limits::default();
        let (alice, bob) = (UserId::Uid(1), UserId::Uid(2));
        let admitted = (0..100).filter(|_| limits.enter(&alice, false)).count();
        assert_eq!(admitted, PER_USER as usize);
        assert!(limits.enter(&bob, false));
        limits.leave(&alice);
        assert!(limits.enter(&alice, false));
    }

    #[test]
    fn many_users_cannot_keep_root_out() {
        let mut limits = Limits::default();
        for uid in 1..1000 {
            limits.enter(&UserId::Uid(uid), false);
        }
        assert_eq!(limits.connections(), CONNECTIONS - RESERVED);
        assert!(limits.enter(&UserId::Uid(0), true));
        limits.leave(&UserId::Uid(5));
        assert!(limits.enter(&UserId::Uid(5), false) || limits.connections() >= CONNECTIONS - RESERVED);
    }
}
