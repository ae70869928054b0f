//! Who sees what. Pure, and the only place where it is decided, for the daemon and for servers that show it to others.
//!
//! | viewer | names and counters of others | command line, executable path of others | addresses, ports and names that others talk to |
//! |---|---|---|---|
//! | root, administrators, group `bwusage` | yes | yes | yes |
//! | anyone, `visibility = "all"` | yes | yes | yes |
//! | anyone, `visibility = "names"` (default) | yes | no | their number |
//! | anyone, `visibility = "own"` | one row "other users", so that sums hold | no | their number |
//!
//! A socket that no process has used yet is nobody's, and so is a process without a known user.

use std::borrow::Cow;

use serde::Deserialize;

use crate::{
    process::UserId,
    snapshot::{OTHERS, ProcessInfo},
    transport::Peer,
};

mod shown;

/// The group whose members see everything.
pub const GROUP: &str = "bwusage";

/// How much an ordinary user sees of other users' processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everything.
    All,
    /// Names and counters.
    #[default]
    Names,
    /// One sum.
    Own,
}

impl Visibility {
    /// The rule with this [`name`](Self::name).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::All, Self::Names, Self::Own].into_iter().find(|rule| rule.name() == name)
    }

    /// The word in the configuration and in `status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Names => "names",
            Self::Own => "own",
        }
    }
}

/// The rule of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policy {
    /// What ordinary users see.
    pub visibility: Visibility,
    /// The number of the group [`GROUP`], where it exists.
    pub group: Option<u32>,
}

/// Somebody, as far as seeing goes. Equal viewers see the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Viewer {
    sees: Visibility,
    /// Only where it makes a difference.
    user: Option<UserId>,
}

impl Policy {
    /// What `peer` may see.
    #[must_use]
    pub fn viewer(&self, peer: &Peer) -> Viewer {
        self.viewer_of(&peer.user, self.is_administrator(peer))
    }

    /// Whether `peer` sees everything whatever the rule, and everybody's alerts.
    #[must_use]
    pub fn is_administrator(&self, peer: &Peer) -> bool {
        peer.superuser || self.group.is_some_and(|group| peer.groups.contains(&group))
    }

    /// What `user` may see.
    #[must_use]
    pub fn viewer_of(&self, user: &UserId, administrator: bool) -> Viewer {
        if administrator || self.visibility == Visibility::All {
            return Viewer { sees: Visibility::All, user: None };
        }
        Viewer { sees: self.visibility, user: Some(user.clone()) }
    }
}

impl Viewer {
    /// Nobody's: names and counters of all, but command lines and remote hosts of none.
    #[cfg(test)]
    pub(crate) const fn outsider() -> Self {
        Self { sees: Visibility::Names, user: None }
    }

    /// How much it sees of others.
    #[must_use]
    pub fn sees(&self) -> Visibility {
        self.sees
    }

    /// The user whose processes are summed up against everybody else's; `None` when nothing is summed up.
    #[must_use]
    pub fn summed_up_against(&self) -> Option<&UserId> {
        self.user.as_ref().filter(|_| self.sees == Visibility::Own)
    }

    /// Whether rows of `owner` are shown at all.
    #[must_use]
    pub fn may_see_row(&self, owner: Option<&UserId>) -> bool {
        self.summed_up_against().is_none_or(|own| owner == Some(own))
    }

    /// Whether this viewer may know whom a process of `owner` talks to.
    #[must_use]
    pub fn may_see_remotes(&self, owner: Option<&UserId>) -> bool {
        self.sees == Visibility::All || (self.user.is_some() && owner == self.user.as_ref())
    }

    /// The user whose remote hosts alone this viewer may know; `None` when it may know all.
    #[must_use]
    pub fn knows_remotes_of(&self) -> Option<&UserId> {
        self.user.as_ref().filter(|_| self.sees != Visibility::All)
    }

    /// `info` as far as this viewer may know it.
    #[must_use]
    pub fn redact<'a>(&self, info: &'a ProcessInfo) -> Cow<'a, ProcessInfo> {
        let own = self.user.is_some() && self.user == info.user;
        if self.sees == Visibility::All || own {
            return Cow::Borrowed(info);
        }
        Cow::Owned(ProcessInfo { command_line: None, exe: None, ..info.clone() })
    }

    /// The row that stands for everybody else.
    #[must_use]
    pub fn others_info() -> ProcessInfo {
        ProcessInfo { name: "other users".into(), app: "other users".into(), ..ProcessInfo::unknown(OTHERS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::RowId;

    fn peer(uid: u32, groups: &[u32]) -> Peer {
        Peer { user: UserId::Uid(uid), superuser: uid == 0, groups: groups.to_vec() }
    }

    fn info(uid: u32) -> ProcessInfo {
        ProcessInfo {
            row: RowId(1),
            exe: Some("/home/x/bin/p".into()),
            command_line: Some(vec!["p".into(), "--password=x".into()]),
            user: Some(UserId::Uid(uid)),
            ..Viewer::others_info()
        }
    }

    fn policy(visibility: Visibility) -> Policy {
        Policy { visibility, group: Some(77) }
    }

    #[test]
    fn root_and_the_group_see_everything_under_every_rule() {
        for visibility in [Visibility::All, Visibility::Names, Visibility::Own] {
            for peer in [peer(0, &[]), peer(1000, &[5, 77])] {
                let viewer = policy(visibility).viewer(&peer);
                assert_eq!(viewer.sees(), Visibility::All);
                assert!(viewer.redact(&info(1)).command_line.is_some() && viewer.may_see_row(None));
            }
        }
    }

    #[test]
    fn by_default_a_user_sees_names_of_all_and_command_lines_of_their_own() {
        let viewer = Policy::default().viewer(&peer(1000, &[1000]));
        assert_eq!(viewer.redact(&info(1000)).command_line, info(1000).command_line);
        let others = viewer.redact(&info(0)).into_owned();
        assert_eq!((&others.command_line, &others.exe, others.name.as_str()), (&None, &None, "other users"));
        assert!(viewer.may_see_row(Some(&UserId::Uid(0))));
    }

    #[test]
    fn a_process_without_a_known_user_is_nobodys_own() {
        let viewer = policy(Visibility::Names).viewer(&peer(1000, &[]));
        let nobodys = ProcessInfo { user: None, ..info(0) };
        assert_eq!(viewer.redact(&nobodys).command_line, None);
    }

    #[test]
    fn under_own_only_ones_own_rows_are_shown() {
        let viewer = policy(Visibility::Own).viewer(&peer(1000, &[]));
        assert!(viewer.may_see_row(Some(&UserId::Uid(1000))));
        assert!(!viewer.may_see_row(Some(&UserId::Uid(0))) && !viewer.may_see_row(None));
        assert_eq!(viewer.summed_up_against(), Some(&UserId::Uid(1000)));
    }

    #[test]
    fn whom_others_talk_to_is_for_root_the_group_and_where_all_is_shown() {
        let (own, other) = (UserId::Uid(1000), UserId::Uid(5));
        for visibility in [Visibility::All, Visibility::Names, Visibility::Own] {
            for (peer, sees_others) in [
                (peer(0, &[]), true),
                (peer(1000, &[77]), true),
                (peer(1000, &[1000]), visibility == Visibility::All),
            ] {
                let viewer = policy(visibility).viewer(&peer);
                assert!(viewer.may_see_remotes(Some(&own)), "{visibility:?} {peer:?}");
                assert_eq!(viewer.may_see_remotes(Some(&other)), sees_others, "{visibility:?} {peer:?}");
                assert_eq!(viewer.may_see_remotes(None), sees_others, "{visibility:?} {peer:?}: nobody's");
            }
        }
    }

    #[test]
    fn a_group_that_does_not_exist_lets_nobody_in() {
        let policy = Policy { visibility: Visibility::Own, group: None };
        assert_eq!(policy.viewer(&peer(1000, &[0])).sees(), Visibility::Own);
    }
}
