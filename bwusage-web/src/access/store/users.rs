//! Users: their names, roles, passwords, and the OS user that they are tied to.

use std::{fmt, str::FromStr};

use bwusage_proto::process::UserId;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, named_params,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};
use serde::Serialize;

use super::{Action, Entry, Store, StoreError, audit, sessions, user_id};
use crate::access::{
    role::Role,
    secret::{Digest, Secret},
    store::Visit,
    time::UnixMs,
};

/// Longest name of a user.
const MAX_NAME: usize = 64;

/// What a user may be called: letters, digits and `. _ - @`, so that a name is the same in every log, page and shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

/// It is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 1 to {MAX_NAME} of the characters a-z A-Z 0-9 . _ - @, the first a letter or digit")]
pub(crate) struct BadName;

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let good = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let fits = begins && text.len() <= MAX_NAME && text.chars().all(good);
        if fits { Ok(Self(text.to_owned())) } else { Err(BadName) }
    }
}

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The OS user whose sight a user has, by number or SID: what a name means may change behind our back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tie(pub(crate) UserId);

impl ToSql for Tie {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for Tie {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        if text.starts_with("S-") {
            return Ok(Self(UserId::Sid(text.to_owned())));
        }
        text.parse().map(|uid| Self(UserId::Uid(uid))).map_err(FromSqlError::other)
    }
}

/// A user, with what a login is compared with.
#[derive(Clone)]
pub(crate) struct User {
    /// As it was written when the user was added, whatever was typed now.
    pub(crate) name: String,
    pub(crate) password: String,
}

/// A user as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct UserLine {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(skip)]
    pub(crate) os_user: Option<Tie>,
    pub(crate) created_at_unix_ms: UnixMs,
    pub(crate) login_at_unix_ms: Option<UnixMs>,
    pub(crate) sessions: i64,
    pub(crate) tokens: i64,
}

impl UserLine {
    /// The OS user that it is tied to.
    pub(crate) fn os_user(&self) -> Option<&UserId> {
        self.os_user.as_ref().map(|Tie(user)| user)
    }
}

impl Store {
    /// Whether there is anybody who can log in.
    pub(crate) fn has_users(&self) -> Result<bool, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?;
        Ok(select.query_row([], |row| row.get(0))?)
    }

    /// The user `name`, to compare a password with.
    pub(crate) fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached("SELECT name, password FROM users WHERE name = ?1")?;
        let user = select.query_row([name], |row| Ok(User { name: row.get(0)?, password: row.get(1)? }));
        Ok(user.optional()?)
    }

    /// Every user, by name.
    pub(crate) fn users(&self) -> Result<Vec<UserLine>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached(
            "SELECT name, role, os_user, created_at, login_at,
                    (SELECT count(*) FROM sessions WHERE user = users.id),
                    (SELECT count(*) FROM tokens WHERE user = users.id)
             FROM users ORDER BY name",
        )?;
        let users = select.query_map([], |row| {
            Ok(UserLine {
                name: row.get(0)?,
                role: row.get(1)?,
                os_user: row.get(2)?,
                created_at_unix_ms: row.get(3)?,
                login_at_unix_ms: row.get(4)?,
                sessions: row.get(5)?,
                tokens: row.get(6)?,
            })
        })?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    /// Adds a user; `password` is a hash.
    pub(crate) fn add_user(
        &self,
        name: &Name,
        role: Role,
        password: &str,
        os_user: Option<&Tie>,
        by: &Entry<'_>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            insert(transaction, name, role, password, os_user, by.at)?;
            let entry = Entry { subject: Some(name.as_str()), detail: Some(role.name()), ..*by };
            audit::note(transaction, &entry)
        })
    }

    /// Makes the first user, an admin, who is then logged in. Only while there is nobody.
    pub(crate) fn set_up(
        &self,
        name: &Name,
        password: &str,
        visit: Visit<'_>,
        now: UnixMs,
    ) -> Result<Secret, StoreError> {
        self.change(|transaction| {
            let anybody =
                transaction.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?;
            if anybody {
                return Err(StoreError::NameTaken);
            }
            insert(transaction, name, Role::Admin, password, None, now)?;
            let entry = Entry {
                at: now,
                actor: Some(name.as_str()),
                address: visit.address,
                action: Action::SetUp,
                subject: Some(name.as_str()),
                detail: None,
            };
            audit::note(transaction, &entry)?;
            sessions::begin(transaction, name.as_str(), None, visit, now)
        })
    }

    /// Removes a user, and with it every session and token.
    pub(crate) fn remove_user(&self, name: &str, by: &Entry<'_>) -> Result<(), StoreError> {
        self.change(|transaction| {
            let user = user_id(transaction, name)?;
            transaction.execute("DELETE FROM users WHERE id = ?1", [user])?;
            an_admin_is_left(transaction)?;
            audit::note(transaction, &Entry { subject: Some(name), ..*by })
        })
    }

    /// Gives a user another role, and ends every session that was begun with the old one. Tokens only ever read.
    pub(crate) fn set_role(&self, name: &str, role: Role, by: &Entry<'_>) -> Result<(), StoreError> {
        self.change(|transaction| {
            let user = user_id(transaction, name)?;
            transaction.execute("UPDATE users SET role = ?2 WHERE id = ?1", (user, role))?;
            transaction.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
            an_admin_is_left(transaction)?;
            audit::note(transaction, &Entry { subject: Some(name), detail: Some(role.name()), ..*by })
        })
    }

    /// Ties a user to an OS user, or to none.
    pub(crate) fn set_os_user(
        &self,
        name: &str,
        os_user: Option<&Tie>,
        by: &Entry<'_>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            let user = user_id(transaction, name)?;
            transaction.execute("UPDATE users SET os_user = ?2 WHERE id = ?1", (user, os_user))?;
            let detail = os_user.map(|tie| tie.0.to_string());
            let entry = Entry { subject: Some(name), detail: detail.as_deref().or(Some("nobody")), ..*by };
            audit::note(transaction, &entry)
        })
    }

    /// Gives a user another password, a hash here, and ends every session but that of `kept`.
    pub(crate) fn set_password(
        &self,
        name: &str,
        password: &str,
        kept: Option<Digest>,
        by: &Entry<'_>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            let user = user_id(transaction, name)?;
            transaction.execute("UPDATE users SET password = ?2 WHERE id = ?1", (user, password))?;
            transaction.execute("DELETE FROM sessions WHERE user = ?1 AND digest IS NOT ?2", (user, kept))?;
            audit::note(transaction, &Entry { subject: Some(name), ..*by })
        })
    }

    /// Keeps the same password under a hash with other parameters.
    pub(crate) fn renew_hash(&self, name: &str, hash: &str) -> Result<(), StoreError> {
        self.read().execute("UPDATE users SET password = ?2 WHERE name = ?1", (name, hash))?;
        Ok(())
    }
}

fn insert(
    connection: &Connection,
    name: &Name,
    role: Role,
    password: &str,
    os_user: Option<&Tie>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let inserted = connection.execute(
        "INSERT INTO users (name, role, password, os_user, created_at)
         VALUES (:name, :role, :password, :os_user, :now)",
        named_params! {
            ":name": name.as_str(),
            ":role": role,
            ":password": password,
            ":os_user": os_user,
            ":now": now,
        },
    );
    match inserted {
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ConstraintViolation => {
            Err(StoreError::NameTaken)
        }
        other => Ok(other.map(drop)?),
    }
}

/// Refuses to leave nobody who can manage the others.
fn an_admin_is_left(connection: &Connection) -> Result<(), StoreError> {
    let select = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')";
    if connection.query_row(select, [], |row| row.get(0))? { Ok(()) } else { Err(StoreError::LastAdmin) }
}
