//! Where rules, states and events are kept while the daemon does not run.

use serde::{Deserialize, Serialize};

use super::{Kept, known::Known, log::Log, state::State};

mod file;
mod keeper;
pub use file::FileShelf;
pub use keeper::{Keeper, Saved};

/// Everything that is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Image {
    /// The number of the newest rule ever.
    pub last_rule: u64,
    /// The rules, oldest first, each with what is remembered of it.
    pub rules: Vec<(Kept, State)>,
    /// What happened.
    pub log: Log,
    /// Which applications moved data before.
    pub known: Known,
}

/// A place for an [`Image`]. It may block: see [`Keeper`].
pub trait Shelf: Send {
    /// What was put there last, whole; `None` before the first time. After an error the place is as good as new.
    ///
    /// # Errors
    ///
    /// Says what became of what was there.
    fn load(&mut self) -> Result<Option<Image>, ShelfError>;

    /// Puts `image` there in place of the one before. Whatever happens, one of both can be read afterwards.
    ///
    /// # Errors
    ///
    /// Says why it cannot; the next one may succeed.
    fn save(&mut self, image: &Image) -> Result<(), ShelfError>;
}

/// Why alerts cannot be kept, or were not.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The file cannot be read.
    #[error("alerts cannot be read from {path}")]
    Read {
        /// The file.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("alerts cannot be written to {path}; they go on, but will not survive a restart")]
    Write {
        /// The file.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file makes no sense.
    #[error("alerts in {path} could not be read and were set aside as {aside}; rules must be added again")]
    Corrupt {
        /// The file.
        path: String,
        /// Where it is now.
        aside: String,
    },
    /// The file is of another version.
    #[error(
        "alerts in {path} are of a newer bwusaged and were set aside as {aside}; go back to that version to use them"
    )]
    Newer {
        /// The file.
        path: String,
        /// Where it is now.
        aside: String,
    },
}

impl ShelfError {
    /// The error and its causes, in one line.
    #[must_use]
    pub fn text(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}
