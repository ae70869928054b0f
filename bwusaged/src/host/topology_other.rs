//! What hangs on what, where nothing tells.

use bwusage_proto::process::ProcessId;

/// Nothing.
#[derive(Debug, Default)]
pub(super) struct Topology {
    pub(super) carriers: Vec<(ProcessId, String)>,
    pub(super) stacking: Vec<(String, String)>,
}

impl Topology {
    #[expect(clippy::unused_self, reason = "other systems remember what they looked up")]
    pub(super) fn look(&mut self, _: &[ProcessId]) {}
}
