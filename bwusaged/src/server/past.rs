//! How much was moved when: the question is passed on to the thread that reads the database, as far as its viewer may know the answer.

use std::net::IpAddr;

use bwusage_proto::{
    history::{Bucket, HistoryQuery},
    message::{Refusal, RefusalCode},
    process::{ProcessId, UserId},
};

use super::{Shared, access::Viewer};
use crate::{
    history::{
        query::{self, Asker},
        reader::Asked,
        remotes::Directory,
    },
    usage::store::Store,
};

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
    let asker =
        Asker { only: viewer.summed_up_against().cloned(), remotes_of: viewer.knows_remotes_of().cloned() };
    if query.bucket == Bucket::Second {
        // They are in memory, so that no file must be readable, and so few that nobody waits.
        let look = |seconds: &_| query::seconds::answer(seconds, &query, &asker, &archive.reader.terms());
        return Ok(Asked::answered(archive.writer.seconds(look)));
    }
    if let Some(fault) = archive.writer.unreadable() {
        return Err(Refusal {
            code: RefusalCode::Unavailable as u16,
            message: format!("the history cannot be read: {fault}"),
            hint: Some("see what the daemon says of it: bwusage-ctl status".into()),
        });
    }
    archive.reader.ask(query, asker)
}

/// The history learns whose a process is, and what a host is called, as connections do.
impl Directory for Store {
    fn user(&self, process: ProcessId) -> Option<Option<UserId>> {
        match self.row(process) {
            Some(row) => Some(row.info.value.user.clone()),
            None => self.remotes().owner(process).map(|owner| owner.user.clone()),
        }
    }

    fn host(&self, address: IpAddr) -> String {
        self.remotes().name(address).map_or_else(|| address.to_string(), Into::into)
    }
}
