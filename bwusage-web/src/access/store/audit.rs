//! The audit log: who did what from where, and who tried.

use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::{Store, StoreError};
use crate::access::time::UnixMs;

/// Lines that are kept; the oldest go first.
const KEPT: i64 = 10_000;
/// Longer text is cut: some of it is typed by people who are not logged in.
const MAX_CHARS: usize = 120;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Login,
    LoginFailed,
    LoginDelayed,
    Logout,
    SetUp,
    UserAdded,
    UserRemoved,
    RoleChanged,
    OsUserChanged,
    PasswordChanged,
    SessionRevoked,
    TokenMade,
    TokenRemoved,
    AlertChanged,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::LoginDelayed => "login_delayed",
            Self::Logout => "logout",
            Self::SetUp => "set_up",
            Self::UserAdded => "user_added",
            Self::UserRemoved => "user_removed",
            Self::RoleChanged => "role_changed",
            Self::OsUserChanged => "os_user_changed",
            Self::PasswordChanged => "password_changed",
            Self::SessionRevoked => "session_revoked",
            Self::TokenMade => "token_made",
            Self::TokenRemoved => "token_removed",
            Self::AlertChanged => "alert_changed",
        }
    }
}

/// Something that happened, to be written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) at: UnixMs,
    /// The user who did it; `None` for somebody who is not logged in, and for the command line.
    pub(crate) actor: Option<&'a str>,
    /// The address from which it was done; `None` for the command line.
    pub(crate) address: Option<&'a str>,
    pub(crate) action: Action,
    /// The user, token or rule that it was done to.
    pub(crate) subject: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
}

/// A line of the log. All texts have only visible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) at_unix_ms: UnixMs,
    pub(crate) actor: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) action: String,
    pub(crate) subject: Option<String>,
    pub(crate) detail: Option<String>,
}

impl Store {
    /// Writes `entry` down.
    pub(crate) fn note(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        self.change(|transaction| note(transaction, entry))
    }

    /// The newest lines before the one numbered `before`, newest first, at most `limit`.
    pub(crate) fn audit(&self, before: Option<i64>, limit: u32) -> Result<Vec<Line>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT id, at, actor, address, action, subject, detail FROM audit
             WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let lines = statement.query_map((before.unwrap_or(i64::MAX), limit), |row| {
            Ok(Line {
                id: row.get(0)?,
                at_unix_ms: row.get(1)?,
                actor: row.get(2)?,
                address: row.get(3)?,
                action: row.get(4)?,
                subject: row.get(5)?,
                detail: row.get(6)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

/// Writes `entry` down as a part of what is being done.
pub(super) fn note(connection: &Connection, entry: &Entry<'_>) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit (at, actor, address, action, subject, detail)
         VALUES (:at, :actor, :address, :action, :subject, :detail)",
    )?;
    insert.execute(named_params! {
        ":at": entry.at,
        ":actor": entry.actor.map(visible),
        ":address": entry.address.map(visible),
        ":action": entry.action.name(),
        ":subject": entry.subject.map(visible),
        ":detail": entry.detail.map(visible),
    })?;
    let newest = connection.last_insert_rowid();
    connection.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([newest - KEPT])?;
    Ok(())
}

/// `text` cut to what a line holds, with escapes in place of what would draw over it in a terminal.
fn visible(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CHARS).collect();
    bwusage_proto::text::escape(&cut).into_owned()
}
