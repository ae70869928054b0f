//! Elsewhere nothing is read.

use super::Own;

pub(super) fn look() -> Own {
    Own::default()
}
