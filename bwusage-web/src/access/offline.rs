//! Changes of users without the server: by whoever may write the database on the machine itself.

use super::{
    Action, Entry, Role, Store, Tie, UnixMs,
    password::{self, PasswordError},
    store::{BadName, Name, StoreError},
    tie,
};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfflineError {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] BadName),
    /// It is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody on this machine.
    #[error("there is no such user on this machine: --os-user takes a login name or its number")]
    NoOsUser,
}

/// The user of this machine with this name or number.
pub(crate) fn os_user(name: &str) -> Result<Tie, OfflineError> {
    tie::named(name).ok_or(OfflineError::NoOsUser)
}

/// Whether it can be a password.
pub(crate) fn check_password(password: &str) -> Result<(), OfflineError> {
    Ok(password::check_length(password)?)
}

/// Whether a user can be called `name`, before a password is asked for.
pub(crate) fn check_new(store: &Store, name: &str) -> Result<(), OfflineError> {
    let name: Name = name.parse()?;
    Ok(if store.user(name.as_str())?.is_some() { Err(StoreError::NameTaken) } else { Ok(()) }?)
}

/// Whether there is a user `name`, before a password is asked for.
pub(crate) fn check_known(store: &Store, name: &str) -> Result<(), OfflineError> {
    Ok(store.user(name)?.map(drop).ok_or(StoreError::NoUser)?)
}

/// Adds a user.
pub(crate) fn add(
    store: &Store,
    name: &str,
    role: Role,
    password: &str,
    tie: Option<&Tie>,
) -> Result<(), OfflineError> {
    let name: Name = name.parse()?;
    check_password(password)?;
    let hash = password::hash(password)?;
    Ok(store.add_user(&name, role, &hash, tie, &entry(Action::UserAdded))?)
}

/// Removes a user.
pub(crate) fn remove(store: &Store, name: &str) -> Result<(), OfflineError> {
    Ok(store.remove_user(name, &entry(Action::UserRemoved))?)
}

/// Gives a user another password.
pub(crate) fn set_password(store: &Store, name: &str, password: &str) -> Result<(), OfflineError> {
    check_password(password)?;
    let hash = password::hash(password)?;
    Ok(store.set_password(name, &hash, None, &entry(Action::PasswordChanged))?)
}

/// Gives a user another role.
pub(crate) fn set_role(store: &Store, name: &str, role: Role) -> Result<(), OfflineError> {
    Ok(store.set_role(name, role, &entry(Action::RoleChanged))?)
}

/// Without an actor and an address: it was done on the machine itself.
fn entry(action: Action) -> Entry<'static> {
    Entry { at: UnixMs::now(), actor: None, address: None, action, subject: None, detail: None }
}
