//! The tables, and how a file of an older version is brought up to date.
//!
//! `series` names everything that bytes are booked for; the amounts refer to it by number. A minute is first booked in `recent`,
//! where the minutes of all series lie side by side, so that a flush writes few pages. When its hour is over, [`super::rollup`]
//! moves it to `minutes` and adds it to `hours`, `days` and `months`, all at once: each amount is in `recent` or in all of the
//! others, as far as they reach back. There, amounts lie series by series, because that is how they are read.
//!
//! Amounts of kind [`Kind::Group`] are sums of the processes of one user and category: what a chart shows as "other" is taken from
//! them without reading every process. They are not in `recent`.
//!
//! `remote_host` names the other ends, for each user those of its own; an empty name is the host that nobody knows. Their amounts lie
//! moment by moment: in `remote_recent` by the minute, and from the end of their hour on in `remote_hours`, `remote_days` and
//! `remote_months`, of which each has the largest hosts only.

use rusqlite::{Connection, Transaction};

use super::remotes;

/// What this version writes. Each step of [`STEPS`] adds one.
pub const VERSION: i32 = 1;
/// `bwus`: tells the file from other SQLite databases.
pub const APPLICATION_ID: i32 = 0x6277_7573;

/// What a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum Kind {
    /// Processes of one application, user and category.
    Process = 0,
    /// Traffic with a reason instead of a process.
    Residual = 1,
    /// An interface, by its own counters.
    Interface = 2,
    /// All processes of one user and category.
    Group = 3,
    /// An interface as another program counted it; days only.
    Imported = 4,
}

/// In which amounts are, beside `recent`, from fine to coarse.
pub const TIERS: [&str; 4] = ["minutes", "hours", "days", "months"];
/// In which the machine's own figures are, beside `host_recent`.
pub const HOST_TIERS: [&str; 3] = ["host_minutes", "host_hours", "host_days"];

/// From each version to the next. A step that was released is never changed.
const STEPS: [fn(&Transaction<'_>) -> rusqlite::Result<()>; VERSION as usize] = [first];

/// Why a file cannot be used, although SQLite can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A newer version wrote it.
    #[error(
        "it was written by a newer bwusaged (schema {found}, this one knows {VERSION}): start that version, or move the file away to begin anew"
    )]
    Newer {
        /// What it says.
        found: i32,
    },
    /// It is something else.
    #[error(
        "it is the database of another program: move it away, or name another state directory: --state-dir DIR"
    )]
    Foreign,
}

/// What [`prepare`] can fail with.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Not by us.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Brings the file up to date; a new one gets all tables.
///
/// # Errors
///
/// Refuses what a newer version or another program wrote, and leaves it as it is.
pub fn prepare(connection: &mut Connection) -> Result<(), PrepareError> {
    let found = is_ours(connection)?;
    for (step, version) in STEPS.iter().zip(1..).skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = connection.transaction()?;
        step(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Which version wrote the file; 0 for an empty one.
///
/// # Errors
///
/// Refuses what a newer version or another program wrote.
pub fn is_ours(connection: &Connection) -> Result<i32, PrepareError> {
    let found: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables > 0) {
        return Err(Refused::Foreign.into());
    }
    if found > VERSION {
        return Err(Refused::Newer { found }.into());
    }
    Ok(found)
}

fn first(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    const AMOUNTS: &str =
        "rx_bytes INTEGER NOT NULL, tx_bytes INTEGER NOT NULL, rx_packets INTEGER, tx_packets INTEGER";
    const HOST: &str = "start INTEGER PRIMARY KEY, cpu_ticks INTEGER NOT NULL, cpu_centipercent INTEGER NOT NULL,
        cpu_peak INTEGER NOT NULL, memory_ticks INTEGER NOT NULL, memory_mib INTEGER NOT NULL, memory_peak INTEGER NOT NULL,
        disk_read INTEGER, disk_write INTEGER, rx_bytes INTEGER, tx_bytes INTEGER";
    transaction.execute_batch(
        "CREATE TABLE series(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, user TEXT NOT NULL,
             category INTEGER NOT NULL, UNIQUE(kind, name, user, category)) STRICT;
         CREATE TABLE instance(id BLOB PRIMARY KEY, flush INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE covered(instance BLOB NOT NULL, number INTEGER NOT NULL, begins INTEGER NOT NULL,
             ends INTEGER NOT NULL, PRIMARY KEY(instance, number)) STRICT, WITHOUT ROWID;
         CREATE INDEX covered_by_begin ON covered(begins, ends);",
    )?;
    transaction.execute_batch(&format!(
        "CREATE TABLE recent(start INTEGER NOT NULL, series INTEGER NOT NULL, scope INTEGER NOT NULL, {AMOUNTS},
             PRIMARY KEY(start, series, scope)) STRICT, WITHOUT ROWID;
         CREATE TABLE host_recent({HOST}) STRICT;"
    ))?;
    for tier in TIERS {
        transaction.execute_batch(&format!(
            "CREATE TABLE {tier}(series INTEGER NOT NULL, scope INTEGER NOT NULL, start INTEGER NOT NULL, {AMOUNTS},
                 PRIMARY KEY(series, scope, start)) STRICT, WITHOUT ROWID;"
        ))?;
    }
    transaction.execute_batch(
        "CREATE TABLE remote_host(id INTEGER PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(user, name)) STRICT;",
    )?;
    for tier in ["remote_recent"].into_iter().chain(remotes::stored::TIERS) {
        transaction.execute_batch(&format!(
            "CREATE TABLE {tier}(start INTEGER NOT NULL, host INTEGER NOT NULL, rx_bytes INTEGER NOT NULL,
                 tx_bytes INTEGER NOT NULL, PRIMARY KEY(start, host)) STRICT, WITHOUT ROWID;"
        ))?;
    }
    for tier in HOST_TIERS {
        transaction.execute_batch(&format!("CREATE TABLE {tier}({HOST}) STRICT;"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_file_gets_the_tables_of_this_version_and_an_up_to_date_one_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection).unwrap();
        connection.execute("INSERT INTO series VALUES(1, 0, 'a', '', -1)", []).unwrap();
        prepare(&mut connection).unwrap();
        let series: i64 = connection.query_row("SELECT count(*) FROM series", [], |row| row.get(0)).unwrap();
        assert_eq!((version(&connection), series), (VERSION, 1));
        let strict: i64 = connection
            .query_row("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(strict, 0, "every table is strict");
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_with_both_numbers_and_stays_as_it_is() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", VERSION + 7).unwrap();
        let refused = prepare(&mut connection).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("schema {}", VERSION + 7)) && refused.contains("newer"),
            "{refused}"
        );
        assert_eq!(version(&connection), VERSION + 7);
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE interface(id INTEGER)").unwrap();
        assert!(matches!(prepare(&mut connection), Err(PrepareError::Refused(Refused::Foreign))));
    }
}
