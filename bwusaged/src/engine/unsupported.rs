//! Systems without an engine of their own yet: recordings can still be played.

use super::{Engine, EngineError};

/// Always fails: there is no engine for this system.
///
/// # Errors
///
/// [`EngineError::Unsupported`].
pub(super) fn open() -> Result<Box<dyn Engine>, EngineError> {
    Err(EngineError::Unsupported { os: std::env::consts::OS })
}
