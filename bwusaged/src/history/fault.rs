//! What can be wrong with the file, what to do about it, and how a broken one is set aside. Nothing is ever deleted.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, PrepareError, Refused};
use crate::service;

/// What is appended to the name of a broken file, before the time.
const BROKEN: &str = ".broken-";
/// What SQLite appends to the names of its other files.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];
/// What a database begins with.
const HEADER: &[u8] = b"SQLite format 3\0";
/// So long one waits for another program that looks into the file.
const BUSY: Duration = Duration::from_secs(2);

/// Why nothing can be stored. Each says what to do; counting goes on all the same.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Something broke the file. It is set aside and a new one is begun.
    #[error("the file is broken: {0}")]
    Broken(rusqlite::Error),
    /// The file is not ours to write.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No room.
    #[error("the disk is full: make room; what is counted meanwhile is stored then")]
    Full,
    /// No right to write, or a file system that is read-only.
    #[error("the file or its directory cannot be written: mount it writable, and give both to the daemon's user (see bwusage-ctl status)")]
    ReadOnly,
    /// Another program holds the file.
    #[error("another program holds the file: close what looks into it")]
    Busy,
    /// The file cannot be made.
    #[error("the file cannot be opened: {0}")]
    Open(io::Error),
    /// Anything else that SQLite says.
    #[error("the file cannot be used: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Broken(error),
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<PrepareError> for Fault {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Refused(refused) => refused.into(),
            PrepareError::Sqlite(error) => error.into(),
        }
    }
}

/// Opens `file` for writing, makes it if it is not there, and brings it up to date. Only its owner may read it.
///
/// # Errors
///
/// Says what is wrong with it. A broken file is left where it is: see [`set_aside`].
pub fn open(file: &Path) -> Result<Connection, Fault> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    service::owner_only(&mut options);
    match options.open(file) {
        Ok(opened) => has_header(opened)?,
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            return Err(Fault::ReadOnly);
        }
        Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(Fault::Full),
        Err(error) => return Err(Fault::Open(error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    schema::is_ours(&connection)?;
    // Readers and the writer do not wait for each other, and what is committed is on the disk.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    // In KiB: pages that are written are in the system's own cache anyway.
    connection.pragma_update(None, "cache_size", -512)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::prepare(&mut connection)?;
    Ok(connection)
}

/// Whether it begins as a database does, or is empty. SQLite would throw away what lies beside a file that does not.
fn has_header(mut file: fs::File) -> Result<(), Fault> {
    let mut header = Vec::new();
    file.by_ref().take(HEADER.len() as u64).read_to_end(&mut header).map_err(Fault::Open)?;
    if header.is_empty() || header == HEADER {
        return Ok(());
    }
    let not_a_database = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
    Err(Fault::Broken(rusqlite::Error::SqliteFailure(not_a_database, None)))
}

/// Opens `file` for reading.
///
/// # Errors
///
/// Says what is wrong with it.
pub fn open_for_reading(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Gives a broken file, and what SQLite put beside it, names of their own. The new name of the file.
///
/// # Errors
///
/// Fails when the directory cannot be written; then the file is where it was.
pub fn set_aside(file: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let at = at.strftime("%Y-%m-%dT%H-%M-%SZ");
    let with = |suffix: &str| {
        let mut name = OsString::from(file);
        name.push(suffix);
        PathBuf::from(name)
    };
    let named = |number: u32| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        format!("{BROKEN}{at}{number}")
    };
    let aside = (0..1000).map(named).find(|name| !with(name).exists()).unwrap_or_else(|| named(1000));
    fs::rename(file, with(&aside))?;
    for suffix in &SUFFIXES[1..] {
        let beside = with(suffix);
        if beside.exists() {
            fs::rename(beside, with(&format!("{aside}{suffix}")))?;
        }
    }
    Ok(with(&aside))
}

/// What the file takes on the disk, with what SQLite puts beside it.
#[must_use]
pub fn size_bytes(file: &Path) -> Option<u64> {
    let whole = fs::metadata(file).ok()?.len();
    let beside = SUFFIXES[1..].iter().map(|suffix| {
        let mut name = OsString::from(file);
        name.push(suffix);
        fs::metadata(name).map_or(0, |metadata| metadata.len())
    });
    Some(whole + beside.sum::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_garbage_is_broken_and_is_set_aside_whole() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("h.sqlite3");
        let garbage = vec![7_u8; 100_000];
        fs::write(&file, &garbage).unwrap();
        fs::write(dir.path().join("h.sqlite3-wal"), "w").unwrap();
        assert!(matches!(open(&file), Err(Fault::Broken(_))));
        let at = "2026-11-22T09:00:00Z".parse().unwrap();
        let aside = set_aside(&file, at).unwrap();
        assert_eq!(aside, dir.path().join("h.sqlite3.broken-2026-11-22T09-00-00Z"));
        assert_eq!(fs::read(&aside).unwrap(), garbage);
        assert_eq!(fs::read(dir.path().join("h.sqlite3.broken-2026-11-22T09-00-00Z-wal")).unwrap(), b"w");
        // A second one in the same second does not replace the first.
        fs::write(&file, "x").unwrap();
        assert!(set_aside(&file, at).unwrap().to_string_lossy().ends_with("Z-1"));
        assert!(open(&file).is_ok());
    }

    #[test]
    fn a_file_of_a_newer_version_stays_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("h.sqlite3");
        open(&file).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
        let before = fs::read(&file).unwrap();
        let fault = open(&file).unwrap_err();
        assert!(matches!(fault, Fault::Refused(Refused::Newer { .. })), "{fault}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file_and_what_is_beside_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let connection = open(&dir.path().join("h.sqlite3")).unwrap();
        connection.execute("INSERT INTO series VALUES(1, 0, 'a', '', -1)", []).unwrap();
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 3);
        for entry in files {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
    }

    #[test]
    fn each_fault_says_what_to_do() {
        let code = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        for (sqlite, words) in [
            (rusqlite::ffi::SQLITE_FULL, "make room"),
            (rusqlite::ffi::SQLITE_READONLY, "mount it writable"),
            (rusqlite::ffi::SQLITE_CORRUPT, "broken"),
            (rusqlite::ffi::SQLITE_BUSY, "another program"),
        ] {
            let fault = Fault::from(code(sqlite)).to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }
}
