//! What an OS user may see on this machine, for web users who are tied to one: the daemon's own rule.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bwusage_proto::{
    access::{GROUP, Policy, Viewer, Visibility},
    client::Client,
    process::UserId,
    transport::{Endpoint, Peer},
    users,
};

use super::store::Tie;
use crate::failure::Failure;

/// How long an answer is good: somebody who is taken out of the group sees less after so long.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What has been found out lately.
#[derive(Debug)]
pub(super) struct Ties {
    endpoint: Endpoint,
    known: Mutex<HashMap<UserId, (Instant, Viewer)>>,
}

impl Ties {
    /// Asks the daemon at `endpoint` for its rule.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, known: Mutex::default() }
    }

    /// What the daemon would show `user`. While it does not say what its rule is, only what is their own.
    pub(super) async fn viewer(&self, user: &UserId) -> Viewer {
        let lately = |(at, viewer): &(Instant, Viewer)| (at.elapsed() < GOOD_FOR).then(|| viewer.clone());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(user).and_then(lately);
        if let Some(viewer) = known {
            return viewer;
        }
        let visibility = self.visibility().await.unwrap_or(Visibility::Own);
        let asked = user.clone();
        // The list of groups may come over the network (LDAP).
        let viewer = tokio::task::spawn_blocking(move || viewer(asked, visibility)).await;
        let nothing = Policy { visibility: Visibility::Own, group: None };
        let viewer = viewer.unwrap_or_else(|_| nothing.viewer_of(user, false));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(user.clone(), (Instant::now(), viewer.clone()));
        viewer
    }

    async fn visibility(&self) -> Option<Visibility> {
        let mut client = Client::connect(&self.endpoint, "bwusage-web").await.ok()?;
        Visibility::named(&client.status().await.ok()?.visibility)
    }
}

/// The user of this machine that `text` names, by name, number or SID; nobody for the empty text.
pub(crate) fn named(text: &str) -> Option<Tie> {
    let number = || text.parse().ok().map(UserId::Uid);
    let sid = || text.starts_with("S-1-").then(|| UserId::Sid(text.to_owned()));
    users::id_of(text).or_else(number).or_else(sid).map(Tie)
}

/// The same, for a request: the list of users may come over the network (LDAP).
///
/// # Errors
///
/// Fails when the text is not empty and names nobody.
pub(super) async fn find(text: String) -> Result<Option<Tie>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = tokio::task::spawn_blocking(move || named(&text)).await.ok().flatten();
    found.map(Some).ok_or_else(Failure::no_os_user)
}

/// What `user`, as the system knows it, is shown under the rule `visibility`.
fn viewer(user: UserId, visibility: Visibility) -> Viewer {
    let policy = Policy { visibility, group: users::group_id(GROUP) };
    let superuser = user == UserId::Uid(0);
    let groups = users::groups_of(&user);
    policy.viewer(&Peer { user, superuser, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_the_daemon_a_user_sees_their_own_and_no_more() {
        let ties = Ties::new(Endpoint::new("/nonexistent/bwusage.sock"));
        let (own, other) = (UserId::Uid(3_999_999_999), UserId::Uid(1));
        let viewer = ties.viewer(&own).await;
        assert!(viewer.may_see_row(Some(&own)) && !viewer.may_see_row(Some(&other)));
    }

    #[test]
    fn root_sees_everything_and_a_stranger_what_the_rule_says() {
        assert_eq!(viewer(UserId::Uid(0), Visibility::Own).sees(), Visibility::All);
        for visibility in [Visibility::All, Visibility::Names, Visibility::Own] {
            assert_eq!(viewer(UserId::Uid(3_999_999_999), visibility).sees(), visibility);
        }
    }
}
