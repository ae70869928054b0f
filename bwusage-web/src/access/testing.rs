//! Users for tests.

use bwusage_proto::process::UserId;

use super::{
    Action, Entry, Role, Scope, Store, Tie, UnixMs, password,
    store::{Name, Visit},
};

/// The password of everyone.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What opens the door.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) viewer: String,
    pub(crate) operator: String,
    pub(crate) admin: String,
    pub(crate) tied: String,
    pub(crate) read: String,
    pub(crate) metrics: String,
}

/// Adds `vera`, a viewer, `otto`, an operator, `ann`, an admin, and `tess`, a viewer tied to the user 1000, with a session
/// each, and two tokens of `vera`'s.
pub(crate) fn populate(store: &Store) -> Keys {
    let now = UnixMs::now();
    let by =
        Entry { at: now, actor: None, address: None, action: Action::UserAdded, subject: None, detail: None };
    let hash = password::hash(PASSWORD).unwrap();
    let add = |user: &str, role, tie: Option<&Tie>| {
        let name: Name = user.parse().unwrap();
        store.add_user(&name, role, &hash, tie, &by).unwrap();
        store.log_in(user, None, Visit::default(), now).unwrap().reveal().to_owned()
    };
    let token = |scope| store.make_token("vera", "t", scope, None, &by).unwrap().reveal().to_owned();
    Keys {
        viewer: add("vera", Role::Viewer, None),
        operator: add("otto", Role::Operator, None),
        admin: add("ann", Role::Admin, None),
        tied: add("tess", Role::Viewer, Some(&Tie(UserId::Uid(1000)))),
        read: token(Scope::Read),
        metrics: token(Scope::Metrics),
    }
}
