//! Systems without an engine of their own yet: recordings can still be played.

use super::{Engine, EngineError, Wanted};

/// Always fails: there is no engine for this system.
///
/// # Errors
///
/// [`EngineError::Unsupported`].
pub(super) fn open(_: Wanted) -> Result<Box<dyn Engine>, EngineError> {
    Err(EngineError::Unsupported { os: std::env::consts::OS })
}
