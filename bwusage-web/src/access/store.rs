//! Users, sessions, tokens and the audit log: one SQLite file, `web.db`, readable by this server's user alone.
//!
//! Every statement is short and finds its row by an index. The time is an argument. A change of who may do what and the
//! line about it in the audit log are one transaction.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use crate::state::Folder;

mod audit;
#[cfg(unix)]
#[path = "store/private_unix.rs"]
mod private;
#[cfg(not(unix))]
#[path = "store/private_other.rs"]
mod private;
mod schema;
mod sessions;
mod tokens;
mod users;

pub(crate) use audit::{Action, Entry, Line};
pub(super) use private::create as create_private;
pub(crate) use sessions::{SessionLine, Visit};
pub(crate) use tokens::TokenLine;
pub(crate) use users::{BadName, Name, Tie, UserLine};

/// The file in the state directory.
const FILE: &str = "web.db";
/// How long a statement waits for another process, `bwusage-web user …`, to finish its own.
const BUSY: Duration = Duration::from_secs(5);

/// Why something is not stored or not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// There is no place for the file.
    #[error("there is no folder for the database of users: name one with --state DIR")]
    NoFolder,
    /// The file cannot be made.
    #[error("cannot make {}: name another folder with --state DIR", path.display())]
    Create { path: PathBuf, source: io::Error },
    /// The file cannot be opened, or is none of ours.
    #[error("cannot use {}", path.display())]
    Open { path: PathBuf, source: schema::PrepareError },
    /// SQLite failed.
    #[error("the database of users cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// Nobody has this name.
    #[error("there is no user of this name")]
    NoUser,
    /// Somebody has it already.
    #[error("there is a user of this name already")]
    NameTaken,
    /// Nobody could change anything any more.
    #[error("this is the only admin: make another user admin first")]
    LastAdmin,
    /// No such session or token.
    #[error("there is no such entry")]
    NoEntry,
    /// A user may have only so many.
    #[error("there are too many of them: remove some first")]
    TooMany,
}

/// The database, shared by everything that asks it.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens the database in `folder`, and makes it where it is missing.
    ///
    /// # Errors
    ///
    /// Fails when there is no folder for it, and when the file cannot be used or is another program's.
    pub(crate) fn open(folder: &Folder) -> Result<Self, StoreError> {
        let path = folder.path(FILE).ok_or(StoreError::NoFolder)?;
        private::create(&path).map_err(|source| StoreError::Create { path: path.clone(), source })?;
        let open = || {
            let mut connection = Connection::open(&path)?;
            connection.busy_timeout(BUSY)?;
            schema::prepare(&mut connection)?;
            Ok(connection)
        };
        let connection = open().map_err(|source| StoreError::Open { path: path.clone(), source })?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// One in memory.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::prepare(&mut connection).unwrap();
        Self(Arc::new(Mutex::new(connection)))
    }

    fn read(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does all of `work`, or nothing of it.
    fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.read();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

/// The number of the user `name`.
fn user_id(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM users WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()?.ok_or(StoreError::NoUser)
}

#[cfg(test)]
mod tests;
