//! The tables, and how a file of an older version is brought up to date.
//!
//! A session and a token are found by the SHA-256 of their secret, which is not here. A password is its Argon2id hash. What
//! belongs to a user goes with the user; lines of the audit log stay.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// What this version writes. Each step of [`STEPS`] adds one.
const VERSION: i32 = 1;
/// `bwuw`: tells the file from other SQLite databases.
const APPLICATION_ID: i32 = 0x6277_7577;

/// From each version to the next. A step that was released is never changed.
const STEPS: [fn(&Transaction<'_>) -> rusqlite::Result<()>; VERSION as usize] = [first];

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrepareError {
    /// A newer version wrote it.
    #[error(
        "it was written by a newer bwusage-web (schema {found}, this one knows {VERSION}): start that version"
    )]
    Newer { found: i32 },
    /// It is something else.
    #[error("it is the database of another program: name another directory with --state DIR")]
    Foreign,
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Brings the file up to date; a new one gets all tables.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), PrepareError> {
    let number = |connection: &Connection, name| connection.pragma_query_value(None, name, |row| row.get(0));
    let (application, version): (i32, i32) =
        (number(connection, "application_id")?, number(connection, "user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return Err(PrepareError::Foreign);
    }
    if version > VERSION {
        return Err(PrepareError::Newer { found: version });
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    // What nobody may read any more is overwritten, and names in a query are never taken for texts.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // A reader, `bwusage-web user list`, does not wait for the server.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let version: i32 = number(&transaction, "user_version")?;
    for step in &STEPS[usize::try_from(version).unwrap_or(0)..] {
        step(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

fn first(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE users (
             id INTEGER PRIMARY KEY,
             name TEXT NOT NULL COLLATE NOCASE UNIQUE,
             role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
             password TEXT NOT NULL,
             os_user TEXT,
             created_at INTEGER NOT NULL,
             login_at INTEGER
         ) STRICT;
         CREATE TABLE sessions (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             digest BLOB NOT NULL UNIQUE,
             user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
             created_at INTEGER NOT NULL,
             seen_at INTEGER NOT NULL,
             address TEXT,
             agent TEXT
         ) STRICT;
         CREATE INDEX sessions_of_user ON sessions (user);
         CREATE TABLE tokens (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             digest BLOB NOT NULL UNIQUE,
             user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
             name TEXT NOT NULL,
             scope TEXT NOT NULL CHECK (scope IN ('read', 'metrics')),
             created_at INTEGER NOT NULL,
             expires_at INTEGER,
             used_at INTEGER
         ) STRICT;
         CREATE INDEX tokens_of_user ON tokens (user);
         CREATE TABLE audit (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             at INTEGER NOT NULL,
             actor TEXT,
             address TEXT,
             action TEXT NOT NULL,
             subject TEXT,
             detail TEXT
         ) STRICT;",
    )
}
