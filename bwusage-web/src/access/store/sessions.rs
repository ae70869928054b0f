//! Sessions: who is logged in, and since when.

use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;

use super::{Action, Entry, Store, StoreError, Tie, audit, user_id};
use crate::access::{
    role::Role,
    secret::{Digest, Secret},
    session::{self, IDLE, LIFE, SEEN_EVERY},
    time::UnixMs,
};

/// Sessions that one user may have; a login beyond it ends the one that was seen least recently.
const PER_USER: i64 = 32;
/// Of a browser's own description, so much is kept.
const AGENT_CHARS: usize = 200;

/// From where somebody comes, as far as it is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Visit<'a> {
    pub(crate) address: Option<&'a str>,
    /// What the browser says that it is: anything at all.
    pub(crate) agent: Option<&'a str>,
}

/// A session that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) role: Role,
    pub(crate) os_user: Option<Tie>,
}

/// A session as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SessionLine {
    pub(crate) id: i64,
    pub(crate) user: String,
    pub(crate) created_at_unix_ms: UnixMs,
    pub(crate) seen_at_unix_ms: UnixMs,
    pub(crate) address: Option<String>,
    pub(crate) agent: Option<String>,
    /// Whether it is the one that asks.
    pub(crate) current: bool,
}

impl Store {
    /// Begins a session of `user`, who has just proved to be it, and ends the one that `presented` was of: what a browser
    /// held before a login is worth nothing after it.
    pub(crate) fn log_in(
        &self,
        user: &str,
        presented: Option<Digest>,
        visit: Visit<'_>,
        now: UnixMs,
    ) -> Result<Secret, StoreError> {
        self.change(|transaction| {
            let secret = begin(transaction, user, presented, visit, now)?;
            let entry = Entry {
                at: now,
                actor: Some(user),
                address: visit.address,
                action: Action::Login,
                subject: None,
                detail: visit.agent,
            };
            audit::note(transaction, &entry)?;
            Ok(secret)
        })
    }

    /// The session whose secret has this digest, if it is in force; it is then seen now.
    pub(crate) fn session(&self, digest: Digest, now: UnixMs) -> Result<Option<Session>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached(
            "SELECT users.name, role, os_user, sessions.created_at, seen_at
             FROM sessions JOIN users ON users.id = sessions.user WHERE digest = ?1",
        )?;
        let found = select.query_row([digest], |row| {
            let session = Session { user: row.get(0)?, role: row.get(1)?, os_user: row.get(2)? };
            Ok((session, row.get::<_, UnixMs>(3)?, row.get::<_, UnixMs>(4)?))
        });
        let Some((session, created_at, seen_at)) = found.optional()? else { return Ok(None) };
        if now.since(created_at) >= LIFE || now.since(seen_at) >= IDLE {
            return Ok(None);
        }
        if now.since(seen_at) >= SEEN_EVERY {
            let mut update =
                connection.prepare_cached("UPDATE sessions SET seen_at = ?2 WHERE digest = ?1")?;
            // A disk that is full keeps nobody out.
            update.execute((digest, now)).ok();
        }
        Ok(Some(session))
    }

    /// Ends the session of `presented`, or all of its user with `everywhere`. Nothing happens when there is none.
    pub(crate) fn log_out(
        &self,
        presented: Digest,
        everywhere: bool,
        address: Option<&str>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let Some(session) = self.session(presented, now)? else { return Ok(()) };
        self.change(|transaction| {
            if everywhere {
                let user = user_id(transaction, &session.user)?;
                transaction.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
            } else {
                transaction.execute("DELETE FROM sessions WHERE digest = ?1", [presented])?;
            }
            let entry = Entry {
                at: now,
                actor: Some(&session.user),
                address,
                action: Action::Logout,
                subject: None,
                detail: everywhere.then_some("everywhere"),
            };
            audit::note(transaction, &entry)
        })
    }

    /// Every session that is in force, the newest first; `asking` is the one that asks.
    pub(crate) fn sessions(
        &self,
        asking: Option<Digest>,
        now: UnixMs,
    ) -> Result<Vec<SessionLine>, StoreError> {
        let connection = self.read();
        let mut select = connection.prepare_cached(
            "SELECT sessions.id, users.name, sessions.created_at, seen_at, address, agent, digest
             FROM sessions JOIN users ON users.id = sessions.user ORDER BY sessions.id DESC",
        )?;
        let lines = select.query_map([], |row| {
            Ok(SessionLine {
                id: row.get(0)?,
                user: row.get(1)?,
                created_at_unix_ms: row.get(2)?,
                seen_at_unix_ms: row.get(3)?,
                address: row.get(4)?,
                agent: row.get(5)?,
                current: Some(row.get::<_, Digest>(6)?) == asking,
            })
        })?;
        let in_force = |line: &SessionLine| {
            now.since(line.created_at_unix_ms) < LIFE && now.since(line.seen_at_unix_ms) < IDLE
        };
        Ok(lines.collect::<Result<Vec<_>, _>>()?.into_iter().filter(in_force).collect())
    }

    /// Ends the session with this number.
    pub(crate) fn revoke_session(&self, id: i64, by: &Entry<'_>) -> Result<(), StoreError> {
        self.change(|transaction| {
            let user: Option<String> = transaction
                .query_row(
                    "SELECT users.name FROM sessions JOIN users ON users.id = sessions.user WHERE sessions.id = ?1",
                    [id],
                    |row| row.get(0),
                )
                .optional()?;
            let user = user.ok_or(StoreError::NoEntry)?;
            transaction.execute("DELETE FROM sessions WHERE id = ?1", [id])?;
            audit::note(transaction, &Entry { subject: Some(&user), ..*by })
        })
    }
}

/// A new session of `user` instead of that of `presented`.
pub(super) fn begin(
    connection: &Connection,
    user: &str,
    presented: Option<Digest>,
    visit: Visit<'_>,
    now: UnixMs,
) -> Result<Secret, StoreError> {
    let user = user_id(connection, user)?;
    let ended = UnixMs(now.0 - i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX));
    let idle = UnixMs(now.0 - i64::try_from(IDLE.as_millis()).unwrap_or(i64::MAX));
    connection.execute(
        "DELETE FROM sessions WHERE digest = ?1 OR created_at <= ?2 OR seen_at <= ?3",
        (presented, ended, idle),
    )?;
    connection.execute(
        "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE user = ?1 ORDER BY seen_at DESC, id DESC LIMIT -1 OFFSET ?2)",
        (user, PER_USER - 1),
    )?;
    let secret = session::secret();
    let agent = visit.agent.map(|agent| agent.chars().take(AGENT_CHARS).collect::<String>());
    connection.execute(
        "INSERT INTO sessions (digest, user, created_at, seen_at, address, agent)
         VALUES (:digest, :user, :now, :now, :address, :agent)",
        named_params! {
            ":digest": secret.digest(),
            ":user": user,
            ":now": now,
            ":address": visit.address,
            ":agent": agent,
        },
    )?;
    connection.execute("UPDATE users SET login_at = ?2 WHERE id = ?1", (user, now))?;
    Ok(secret)
}
