//! Recordings: what the engine and the host said, tick by tick, in a file that can be played again.
//!
//! JSON lines. The first is a [`Header`]; each further one a [`Moment`]. Everything is as the live engine gave it, so
//! a recording of a machine holds its process names and command lines: treat it like one.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use bwusage_proto::snapshot::{Coverage, HostInfo};
use serde::{Deserialize, Serialize};

use super::{Sample, Talk};
use crate::host::HostTick;

/// What the first line must say.
pub const FORMAT: &str = "bwusage.recording/1";
/// The longest line that is read, so that a file of something else cannot fill the memory.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The machine.
    pub host: HostInfo,
    /// What the engine could see.
    pub coverage: Coverage,
    /// Time between two moments.
    pub interval_ms: u32,
}

/// One tick.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// What the engine said.
    pub sample: Sample,
    /// What the host said.
    pub host: HostTick,
    /// Who talked to whom; recordings of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<Talk>,
}

/// Why a file is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read or written.
    #[error("cannot use the recording {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{}, line {line}: not a bwusage recording ({source}); make one with: bwusaged record --out FILE", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The first line names another format.
    #[error("{} is a recording of format {found:?}; this bwusaged plays {FORMAT}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// Nothing to play.
    #[error("{} holds no moments; make a recording with: bwusaged record --out FILE", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a whole recording.
///
/// # Errors
///
/// Names the file and the line that is wrong.
pub fn read(path: &Path) -> Result<(Header, Vec<Moment>), RecordingError> {
    let io_error = |source| RecordingError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io_error)?;
    let mut reader = BufReader::new(file);
    let mut header = None;
    let mut moments = Vec::new();
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let limit = MAX_LINE_BYTES;
        if io::Read::take(&mut reader, limit).read_until(b'\n', &mut text).map_err(io_error)? == 0 {
            break;
        }
        let wrong = |source| RecordingError::Line { path: path.to_owned(), line, source };
        if header.is_none() {
            let found: Header = serde_json::from_slice(&text).map_err(wrong)?;
            if found.format != FORMAT {
                return Err(RecordingError::Format { path: path.to_owned(), found: found.format });
            }
            header = Some(found);
        } else if !text.trim_ascii().is_empty() {
            moments.push(serde_json::from_slice(&text).map_err(wrong)?);
        }
    }
    match header {
        Some(header) if !moments.is_empty() => Ok((header, moments)),
        _ => Err(RecordingError::Empty { path: path.to_owned() }),
    }
}

/// Writes a recording line by line, so that one that is cut short can still be played.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Writer {
    /// Creates `path`, readable by its owner only, and refuses to overwrite a file.
    ///
    /// # Errors
    ///
    /// Fails when the file exists or cannot be written.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let mut options = File::options();
        options.write(true).create_new(true);
        crate::service::owner_only(&mut options);
        let file =
            options.open(path).map_err(|source| RecordingError::Io { path: path.to_owned(), source })?;
        let mut writer = Self { path: path.to_owned(), out: BufWriter::new(file) };
        writer.line(header)?;
        Ok(writer)
    }

    /// Appends one tick.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn push(&mut self, moment: &Moment) -> Result<(), RecordingError> {
        self.line(moment)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), RecordingError> {
        let written = serde_json::to_writer(&mut self.out, value)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .and_then(|()| self.out.flush());
        written.map_err(|source| RecordingError::Io { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{connection::Moved, process::ProcessId};

    use super::*;

    fn header() -> Header {
        Header {
            format: FORMAT.into(),
            host: HostInfo { hostname: "web01".into(), ..HostInfo::default() },
            coverage: Coverage::default(),
            interval_ms: 1000,
        }
    }

    #[test]
    fn what_is_recorded_is_played() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        let talk =
            Some(Talk { processes: vec![(ProcessId::new(1, 2), Moved::default())], ..Talk::default() });
        let moment = Moment { host: HostTick::default(), sample: Sample::default(), talk };
        Writer::create(&path, &header()).unwrap().push(&moment).unwrap();
        assert_eq!(read(&path).unwrap(), (header(), vec![moment]));
    }

    #[test]
    fn a_recording_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        Writer::create(&path, &header()).unwrap();
        assert!(matches!(Writer::create(&path, &header()), Err(RecordingError::Io { .. })));
    }

    #[test]
    fn another_file_is_refused_with_its_line_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwd");
        std::fs::write(&path, "root:x:0:0\n").unwrap();
        let text = read(&path).unwrap_err().to_string();
        assert!(text.contains("line 1") && text.contains("bwusaged record"), "{text}");
        std::fs::write(&path, "").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("holds no moments"));
    }
}
