//! Where it is written: beside the file, under another name, until it is whole.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use bwusage_proto::{
    csv,
    report::{HistoryRecord, HistoryReport},
};
use tempfile::NamedTempFile;

use crate::{
    cli::export::{Export, ExportFormat},
    failure::Failure,
    output,
};

mod database;
use database::Database;

/// What takes the records.
pub(super) struct Sink {
    path: PathBuf,
    force: bool,
    kind: Kind,
}

enum Kind {
    Text { writer: Writer, is_csv: bool, has_header: bool },
    Database { file: NamedTempFile, database: Database },
}

enum Writer {
    File(BufWriter<NamedTempFile>),
    Stdout(BufWriter<io::Stdout>),
}

/// Refuses what cannot be written, before anybody is asked.
pub(super) fn check(arguments: &Export, format: ExportFormat) -> Result<(), Failure> {
    if arguments.is_stdout() {
        return if format == ExportFormat::Sqlite { Err(Failure::DatabaseToPipe) } else { Ok(()) };
    }
    if !arguments.force && arguments.out.symlink_metadata().is_ok() {
        return Err(Failure::Exists(arguments.out.clone()));
    }
    Ok(())
}

impl Sink {
    pub(super) fn create(arguments: &Export, format: ExportFormat) -> Result<Self, Failure> {
        let path = arguments.out.clone();
        let failed = |source| Failure::File { path: path.clone(), source };
        let kind = if format == ExportFormat::Sqlite {
            let file = beside(&path).map_err(failed)?;
            let database = Database::create(file.path())
                .map_err(|source| Failure::Database { path: path.clone(), source })?;
            Kind::Database { file, database }
        } else {
            let writer = if arguments.is_stdout() {
                Writer::Stdout(BufWriter::new(io::stdout()))
            } else {
                Writer::File(BufWriter::new(beside(&path).map_err(failed)?))
            };
            Kind::Text { writer, is_csv: format == ExportFormat::Csv, has_header: false }
        };
        Ok(Self { path, force: arguments.force, kind })
    }

    /// Takes what `report` holds. Series that moved nothing in a bucket are left out: a gap is a record of its own.
    pub(super) fn write(&mut self, report: &HistoryReport<'_>) -> Result<(), Failure> {
        let path = &self.path;
        match &mut self.kind {
            Kind::Database { database, .. } => {
                database.write(report).map_err(|source| Failure::Database { path: path.clone(), source })
            }
            Kind::Text { writer, is_csv, has_header } => {
                let is_machine = report.per == bwusage_proto::history::Per::Host.name();
                let mut text = String::new();
                if *is_csv && !std::mem::replace(has_header, true) {
                    text.push_str(&csv::history_header(is_machine));
                }
                for record in report.records().filter(is_told) {
                    if *is_csv {
                        text.push_str(&csv::history_line(&record, is_machine));
                    } else {
                        text.push_str(&output::json_line(&record).map_err(Failure::Json)?);
                    }
                }
                writer.write(text.as_bytes(), path)
            }
        }
    }

    /// Makes it the file that was asked for.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Self { path, force, kind } = self;
        let failed = |source| Failure::File { path: path.clone(), source };
        match kind {
            Kind::Text { writer: Writer::Stdout(mut stdout), .. } => stdout.flush().map_err(Failure::Output),
            Kind::Text { writer: Writer::File(file), .. } => {
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                persist(file, &path, force)
            }
            Kind::Database { file, database } => {
                database.finish().map_err(|source| Failure::Database { path: path.clone(), source })?;
                persist(file, &path, force)
            }
        }
    }
}

/// Whether a record is worth a line.
pub(super) fn is_told(record: &HistoryRecord<'_>) -> bool {
    match record {
        HistoryRecord::Point { amount, .. } => {
            let is_zero = |packets: Option<u64>| packets.is_none_or(|packets| packets == 0);
            amount.bytes() > 0 || !is_zero(amount.rx_packets) || !is_zero(amount.tx_packets)
        }
        HistoryRecord::Machine { .. } | HistoryRecord::Gap { .. } => true,
    }
}

impl Writer {
    fn write(&mut self, bytes: &[u8], path: &Path) -> Result<(), Failure> {
        match self {
            Self::File(file) => {
                file.write_all(bytes).map_err(|source| Failure::File { path: path.to_owned(), source })
            }
            Self::Stdout(stdout) => stdout.write_all(bytes).map_err(Failure::Output),
        }
    }
}

/// An unfinished file, for its owner only, that is gone with the value. In the same folder, so that it can be renamed.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".bwusage-export-").tempfile_in(folder)
}

fn persist(file: NamedTempFile, path: &Path, force: bool) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    file.as_file().sync_all().map_err(failed)?;
    let persisted = if force { file.persist(path) } else { file.persist_noclobber(path) };
    match persisted {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::Exists(path.to_owned()))
        }
        Err(error) => Err(failed(error.error)),
    }
}

#[cfg(test)]
mod tests;
