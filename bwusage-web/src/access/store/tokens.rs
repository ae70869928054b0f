//! Tokens: what programs present instead of logging in.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, named_params};
use serde::Serialize;

use super::{Entry, Store, StoreError, Tie, audit, user_id};
use crate::access::{
    role::Scope,
    secret::{Digest, Secret},
    session::SEEN_EVERY,
    time::UnixMs,
};

/// How every token begins, so that people and scanners of repositories see what it is.
pub(crate) const PREFIX: &str = "bwu_";
const BYTES: usize = 32;
/// Tokens that one user may have.
const PER_USER: i64 = 100;

/// A token that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) scope: Scope,
    /// Whose it is.
    pub(crate) user: String,
    pub(crate) os_user: Option<Tie>,
}

/// A token as an admin sees it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TokenLine {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) scope: Scope,
    pub(crate) created_at_unix_ms: UnixMs,
    /// `None`: it does not end by itself.
    pub(crate) expires_at_unix_ms: Option<UnixMs>,
    pub(crate) used_at_unix_ms: Option<UnixMs>,
}

impl Store {
    /// Makes a token of `user`, which ends after `life`.
    pub(crate) fn make_token(
        &self,
        user: &str,
        name: &str,
        scope: Scope,
        life: Option<Duration>,
        by: &Entry<'_>,
    ) -> Result<Secret, StoreError> {
        self.change(|transaction| {
            let user = user_id(transaction, user)?;
            let count: i64 =
                transaction
                    .query_row("SELECT count(*) FROM tokens WHERE user = ?1", [user], |row| row.get(0))?;
            if count >= PER_USER {
                return Err(StoreError::TooMany);
            }
            let secret = Secret::random::<BYTES>(PREFIX);
            transaction.execute(
                "INSERT INTO tokens (digest, user, name, scope, created_at, expires_at)
                 VALUES (:digest, :user, :name, :scope, :now, :expires)",
                named_params! {
                    ":digest": secret.digest(),
                    ":user": user,
                    ":name": name,
                    ":scope": scope,
                    ":now": by.at,
                    ":expires": life.map(|life| by.at.after(life)),
                },
            )?;
            audit::note(transaction, &Entry { subject: Some(name), detail: Some(scope.name()), ..*by })?;
            Ok(secret)
        })
    }

    /// The token with this digest, if it is in force; it is then used now.
    pub(crate) fn token(&self, digest: Digest, now: UnixMs) -> Result<Option<Token>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached(
            "SELECT scope, users.name, os_user, expires_at, used_at
             FROM tokens JOIN users ON users.id = tokens.user WHERE digest = ?1",
        )?;
        let found = select.query_row([digest], |row| {
            let token = Token { scope: row.get(0)?, user: row.get(1)?, os_user: row.get(2)? };
            Ok((token, row.get::<_, Option<UnixMs>>(3)?, row.get::<_, Option<UnixMs>>(4)?))
        });
        let Some((token, expires_at, used_at)) = found.optional()? else { return Ok(None) };
        if expires_at.is_some_and(|expires_at| now >= expires_at) {
            return Ok(None);
        }
        if used_at.is_none_or(|used_at| now.since(used_at) >= SEEN_EVERY) {
            let mut update = connection.prepare_cached("UPDATE tokens SET used_at = ?2 WHERE digest = ?1")?;
            // A disk that is full keeps nobody out.
            update.execute((digest, now)).ok();
        }
        Ok(Some(token))
    }

    /// Every token, the newest first.
    pub(crate) fn tokens(&self) -> Result<Vec<TokenLine>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached(
            "SELECT tokens.id, tokens.name, users.name, scope, tokens.created_at, expires_at, used_at
             FROM tokens JOIN users ON users.id = tokens.user ORDER BY tokens.id DESC",
        )?;
        let lines = select.query_map([], |row| {
            Ok(TokenLine {
                id: row.get(0)?,
                name: row.get(1)?,
                user: row.get(2)?,
                scope: row.get(3)?,
                created_at_unix_ms: row.get(4)?,
                expires_at_unix_ms: row.get(5)?,
                used_at_unix_ms: row.get(6)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// Removes the token with this number.
    pub(crate) fn remove_token(&self, id: i64, by: &Entry<'_>) -> Result<(), StoreError> {
        self.change(|transaction| {
            let name: Option<String> = transaction
                .query_row("DELETE FROM tokens WHERE id = ?1 RETURNING name", [id], |row| row.get(0))
                .optional()?;
            let name = name.ok_or(StoreError::NoEntry)?;
            audit::note(transaction, &Entry { subject: Some(&name), ..*by })
        })
    }
}
