//! Which applications moved data before, so that a new one is told once.

use std::collections::{BTreeMap, HashMap};

use bwusage_proto::process::UserId;
use serde::{Deserialize, Serialize};

use super::reading::{Applications, Moving};

/// The most applications that are remembered, each with its users: programs choose their names.
const KEEP: usize = 8192;

/// Applications and whose they were.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Known {
    /// Whether it was kept up to date until now.
    is_current: bool,
    users: BTreeMap<String, Vec<Option<UserId>>>,
    entries: usize,
    /// What each had moved at the last look.
    #[serde(skip)]
    moved: HashMap<String, HashMap<Option<UserId>, Moving>>,
}

/// One user's application in a look.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its name.
    pub app: &'a str,
    /// Its user.
    pub user: Option<&'a UserId>,
    /// It moved data since the look before.
    pub moved: bool,
    /// It did so where nobody sees it run.
    pub moved_in_background: bool,
    /// This user's was never seen before.
    pub is_new: bool,
}

impl Known {
    /// Takes a look: those that moved data since the look before. What was there before anybody asked for news is no news.
    pub fn look<'a>(&mut self, applications: &Applications<'a>) -> Vec<Seen<'a>> {
        let mut seen = Vec::new();
        for (&(app, user), now) in applications {
            let before =
                self.moved.get(app).and_then(|users| users.get(&user.cloned())).copied().unwrap_or_default();
            if *now == before {
                continue;
            }
            if let Some(users) = self.moved.get_mut(app) {
                users.insert(user.cloned(), *now);
            } else {
                self.moved.insert(app.to_owned(), HashMap::from([(user.cloned(), *now)]));
            }
            seen.push(Seen {
                app,
                user,
                moved: self.is_current && now.bytes > before.bytes,
                moved_in_background: self.is_current && now.background_bytes > before.background_bytes,
                is_new: self.is_current && self.is_unknown(app, user),
            });
        }
        seen.sort_unstable_by_key(|seen| (seen.app, seen.user));
        seen
    }

    /// Whether an application of any user that `may_see` lets through is known.
    #[must_use]
    pub fn has(&self, app: &str, may_see: impl Fn(Option<&UserId>) -> bool) -> bool {
        self.users.get(app).is_some_and(|users| users.iter().any(|user| may_see(user.as_ref())))
    }

    /// Remembers them; whether anything was not known before.
    pub fn learn(&mut self, seen: &[Seen<'_>]) -> bool {
        let before = (self.entries, std::mem::replace(&mut self.is_current, true));
        for Seen { app, user, .. } in seen {
            if self.is_unknown(app, *user) {
                self.users.entry((*app).to_owned()).or_default().push(user.cloned());
                self.entries += 1;
            }
        }
        before != (self.entries, true)
    }

    /// Nobody asks for news any more: what is new from now on will not be told later.
    pub fn rest(&mut self) {
        self.is_current = false;
        self.moved.clear();
    }

    /// Why new ones are not told, where that is so.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        (self.entries >= KEEP).then(|| {
            format!("{KEEP} applications are known, which is as many as can be: 'new application' tells of no further one")
        })
    }

    /// Not known, and there is room for it.
    fn is_unknown(&self, app: &str, user: Option<&UserId>) -> bool {
        self.entries < KEEP
            && self.users.get(app).is_none_or(|users| !users.iter().any(|known| known.as_ref() == user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId::Uid(1000);

    fn look(known: &mut Known, applications: &[(&str, u64)]) -> Vec<(String, bool, bool)> {
        let moving = |bytes| Moving { bytes, background_bytes: 0 };
        let found: Applications<'_> =
            applications.iter().map(|&(app, bytes)| ((app, Some(&ALICE)), moving(bytes))).collect();
        let seen = known.look(&found);
        known.learn(&seen);
        seen.iter().map(|seen| (seen.app.to_owned(), seen.moved, seen.is_new)).collect()
    }

    #[test]
    fn what_was_there_before_anybody_asked_is_no_news() {
        let mut known = Known::default();
        assert_eq!(look(&mut known, &[("curl", 5)]), [("curl".into(), false, false)]);
        assert_eq!(look(&mut known, &[("curl", 5), ("steam", 1)]), [("steam".into(), true, true)]);
        assert_eq!(look(&mut known, &[("curl", 6), ("steam", 1)]), [("curl".into(), true, false)]);
        assert!(look(&mut known, &[("curl", 6), ("steam", 1)]).is_empty());
    }

    #[test]
    fn what_moved_while_nobody_asked_is_no_news_either() {
        let mut known = Known::default();
        look(&mut known, &[("curl", 5)]);
        known.rest();
        let while_resting = [("curl", 9), ("steam", 1)];
        assert!(look(&mut known, &while_resting).iter().all(|(_, moved, is_new)| !moved && !is_new));
        assert_eq!(look(&mut known, &[("curl", 9), ("steam", 2)]), [("steam".into(), true, false)]);
    }

    #[test]
    fn what_is_known_is_known_after_a_restart() {
        let mut known = Known::default();
        look(&mut known, &[("curl", 5)]);
        let mut known: Known = serde_json::from_str(&serde_json::to_string(&known).unwrap()).unwrap();
        assert_eq!(
            look(&mut known, &[("curl", 1), ("steam", 1)]),
            [("curl".into(), true, false), ("steam".into(), true, true)]
        );
    }

    #[test]
    fn a_crowd_of_names_is_bounded_and_said_so() {
        let mut known = Known::default();
        look(&mut known, &[]);
        let names: Vec<String> = (0..KEEP + 10).map(|n| n.to_string()).collect();
        let crowd: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        assert_eq!(known.fault(), None);
        look(&mut known, &crowd);
        assert!(known.entries <= KEEP && known.fault().is_some_and(|fault| fault.contains("no further one")));
        assert_eq!(look(&mut known, &[("another", 1)]), [("another".into(), true, false)]);
    }
}
