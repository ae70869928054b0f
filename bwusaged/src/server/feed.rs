//! What changed, as messages: built and encoded once per tick for each kind of viewer, and shared.

use std::{collections::HashMap, iter::Peekable, rc::Rc};

use bwusage_proto::{
    frame::DAEMON_TO_CLIENT_MAX,
    message::{Encoded, MessageError, Reply, Retired, SnapshotHead, Tick},
    snapshot::{Activity, OTHERS, ProcessInfo},
};

use super::{About, access::Viewer};
use crate::usage::store::Store;

/// Decoded, a page takes at most so much: half of what a client accepts.
const PAGE_BYTES: usize = DAEMON_TO_CLIENT_MAX / 2;
/// Decoded, a row or an entry takes at most so much beside what its programs chose.
const ROW_BYTES: usize = 1024;
/// Decoded, a text takes so much beside its bytes.
const TEXT_BYTES: usize = 32;

/// Messages ready to be sent, in order.
pub(super) type Pages = Rc<[Encoded]>;

/// The messages of the present tick, as far as somebody has asked for them.
#[derive(Debug, Default)]
pub(super) struct Feed {
    since: HashMap<(Viewer, u64), Option<Pages>>,
}

impl Feed {
    /// The store moved on.
    pub(super) fn forget(&mut self) {
        self.since.clear();
    }

    /// Everything that `viewer` may know and that changed after tick `seq` (0: everything). `None` when that is too long
    /// ago to tell.
    pub(super) fn since(
        &mut self,
        store: &Store,
        viewer: &Viewer,
        seq: u64,
    ) -> Result<Option<Pages>, MessageError> {
        if let Some(known) = self.since.get(&(viewer.clone(), seq)) {
            return Ok(known.clone());
        }
        let pages = ticks(store, viewer, seq)
            .map(|ticks| encode(ticks.into_iter().map(|tick| Reply::Tick(Box::new(tick)))));
        let pages = pages.transpose()?;
        self.since.insert((viewer.clone(), seq), pages.clone());
        Ok(pages)
    }
}

/// The message that opens a snapshot.
pub(super) fn head(store: &Store, about: &About) -> Reply {
    Reply::Snapshot(Box::new(SnapshotHead {
        host: about.host.clone(),
        interval_ms: about.interval_ms,
        started_at_unix_ms: about.started_at_unix_ms,
        window: store.window().iter().copied().collect(),
        coverage: about.coverage.clone(),
    }))
}

pub(super) fn encode(replies: impl ExactSizeIterator<Item = Reply>) -> Result<Pages, MessageError> {
    let last = replies.len().saturating_sub(1);
    replies.enumerate().map(|(i, reply)| reply.encode(i < last)).collect()
}

/// The pages of a tick. The last one carries what is said once.
fn ticks(store: &Store, viewer: &Viewer, seq: u64) -> Option<Vec<Tick>> {
    let gone = store.gone_since(seq)?.filter(|&(_, user)| viewer.may_see_row(user)).map(|(row, _)| row);
    let (infos, changed) = rows(store, viewer, seq);
    let retired = store
        .retired()
        .filter(|retired| retired.seq > seq && viewer.may_see_row(retired.value.user.as_ref()))
        .map(|retired| retired.value.clone());
    let (mut infos, mut changed, mut retired) =
        (infos.into_iter().peekable(), changed.into_iter().peekable(), retired.peekable());
    let mut pages = Vec::new();
    loop {
        let mut room = PAGE_BYTES;
        let infos_here = fill(&mut infos, &mut room, described_bytes);
        // Rows are described before they are counted.
        if infos.peek().is_some() {
            room = 0;
        }
        let changed_here = fill(&mut changed, &mut room, |_| ROW_BYTES);
        let retired_here = fill(&mut retired, &mut room, retired_bytes);
        let page = Tick { retired: retired_here, ..page(store, infos_here, changed_here) };
        if infos.peek().is_none() && changed.peek().is_none() && retired.peek().is_none() {
            pages.push(Tick {
                host: Some(store.host().clone()),
                gone: gone.collect(),
                residuals: store.residuals(),
                ledger: store.ledger(),
                fault: store.fault().map(Into::into),
                ..page
            });
            return Some(pages);
        }
        pages.push(page);
    }
}

/// As many of `from` as there is room for; one always goes into an empty page.
fn fill<T>(
    from: &mut Peekable<impl Iterator<Item = T>>,
    room: &mut usize,
    bytes: impl Fn(&T) -> usize,
) -> Vec<T> {
    let mut filled = Vec::new();
    while let Some(next) = from.next_if(|next| *room == PAGE_BYTES || bytes(next) <= *room) {
        *room = room.saturating_sub(bytes(&next));
        filled.push(next);
    }
    filled
}

fn described_bytes(info: &ProcessInfo) -> usize {
    let texts = info.command_line.iter().flatten().chain(&info.exe).chain([&info.app]).chain(&info.title);
    ROW_BYTES + texts.map(|text| text.len() + TEXT_BYTES).sum::<usize>()
}

fn retired_bytes(retired: &Retired) -> usize {
    ROW_BYTES + retired.app.len() + retired.unit.as_ref().map_or(0, String::len)
}

fn rows(store: &Store, viewer: &Viewer, seq: u64) -> (Vec<ProcessInfo>, Vec<Activity>) {
    let (mut infos, mut changed) = (Vec::new(), Vec::new());
    if let Some(user) = viewer.summed_up_against() {
        if seq == 0 {
            infos.push(Viewer::others_info());
        }
        changed.push(Activity { row: OTHERS, ..store.others(user) });
    }
    for row in store.rows().filter(|row| viewer.may_see_row(row.info.value.user.as_ref())) {
        if row.info.seq > seq {
            infos.push(viewer.redact(&row.info.value).into_owned());
        }
        if row.activity.seq > seq {
            changed.push(row.activity.value.clone());
        }
    }
    (infos, changed)
}

fn page(store: &Store, infos: Vec<ProcessInfo>, changed: Vec<Activity>) -> Tick {
    Tick {
        seq: store.seq(),
        taken_at_unix_ms: store.taken_at().map_or(0, |at| at.unix_ms),
        window_ms: u32::try_from(store.span_ms()).unwrap_or(u32::MAX),
        host: None,
        infos,
        changed,
        gone: Vec::new(),
        residuals: Vec::new(),
        ledger: None,
        fault: None,
        retired: Vec::new(),
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
