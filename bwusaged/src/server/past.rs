//! How much was moved when: the question is passed on to the thread that reads the database, as far as its viewer may know the answer.

use bwusage_proto::{
    history::HistoryQuery,
    message::{Refusal, RefusalCode},
};

use super::{Shared, access::Viewer};
use crate::history::{query::Asker, reader::Asked};

/// Asks on behalf of `viewer`.
///
/// A viewer sees the same of the past as of the present: names and counters of others, or one sum of them.
pub(super) fn ask(shared: &Shared, viewer: &Viewer, query: HistoryQuery) -> Result<Asked, Refusal> {
    let Some(archive) = &shared.archive else {
        return Err(Refusal {
            code: RefusalCode::Unavailable as u16,
            message: "this daemon remembers nothing".into(),
            hint: Some("set history = true in its configuration, and restart it".into()),
        });
    };
    if let Some(fault) = archive.writer.unreadable() {
        return Err(Refusal {
            code: RefusalCode::Unavailable as u16,
            message: format!("the history cannot be read: {fault}"),
            hint: Some("see what the daemon says of it: bwusage-ctl status".into()),
        });
    }
    archive.reader.ask(query, Asker { only: viewer.summed_up_against().cloned() })
}
