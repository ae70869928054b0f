//! stub
use super::{Engine, EngineError};
pub(super) fn open() -> Result<Box<dyn Engine>, EngineError> {
    Err(EngineError::Unsupported { os: "linux" })
}
