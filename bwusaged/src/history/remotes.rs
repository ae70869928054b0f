//! Adds up what each user moved to and from each remote host, minute by minute. Pure: the time is an argument.
//!
//! The engine says who talks to whom when it is asked, once a minute, and what each conversation has come to. What that grew by since
//! the time before is booked in the minutes since, the oldest first, as far as the same user's processes moved so much in them;
//! what they moved beside it has no known host. So the hosts of a user never add up to more than the user moved.
//!
//! Invariant: once a minute is over, its hosts, the unknown one included, are what was moved in it, less what is beyond
//! [`MOST_A_MINUTE`]: that is in no host's sum.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use bwusage_proto::{
    connection::Moved,
    process::{ProcessId, UserId},
    units::Counters,
};

use crate::{engine::Talk, usage::store::Mover};

pub(super) mod stored;

/// Most hosts of one user that are told apart in one minute: the largest.
pub const MOST_A_MINUTE: usize = 200;
/// Most names in the database: others choose them. Beyond it a host that is new is in no host's sum, until names that are nowhere any
/// more are forgotten.
pub const MOST_NAMES: i64 = 200_000;
/// Most users of whom it is known what they moved in a minute.
const MOST_USERS: usize = 1024;
/// Minutes that wait for a reading. Without one they are given up: their bytes have no host, not even the unknown one.
const MOST_MINUTES: usize = 10;

/// Who is at the two ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ends {
    /// Whose process; `None` where nobody knows.
    pub user: Option<UserId>,
    /// The remote host: the name that was asked for to reach it, else its address; `None` where nobody knows.
    pub host: Option<String>,
}

/// What is known about the two ends of a conversation.
pub trait Directory {
    /// Whose a process is; `None` of one that is not known.
    fn user(&self, process: ProcessId) -> Option<Option<UserId>>;
    /// What a host is called.
    fn host(&self, address: IpAddr) -> String;
}

/// What was booked, by minute.
pub type Booked = BTreeMap<i64, HashMap<Ends, Moved>>;

/// What adds up.
#[derive(Debug, Default)]
pub struct Remotes {
    /// The most that each conversation has come to.
    seen: HashMap<(ProcessId, IpAddr), Moved>,
    /// What was moved and has no host yet: by minute and user.
    open: BTreeMap<i64, HashMap<Option<UserId>, Moved>>,
    /// Where the last reading was ahead of what the processes had moved: the reading comes after the tick.
    ahead: HashMap<Ends, Moved>,
}

impl Remotes {
    /// `mover` moved `counters` in `minute`.
    pub fn moved(&mut self, minute: i64, mover: &Mover, counters: &Counters) {
        let Mover::Process { user, .. } = mover else { return };
        let users = self.open.entry(minute).or_default();
        if users.len() < MOST_USERS || users.contains_key(user) {
            let wire = counters.total().wire;
            *users.entry(user.clone()).or_default() +=
                Moved { rx_bytes: wire.rx_bytes, tx_bytes: wire.tx_bytes };
        }
        while self.open.len() > MOST_MINUTES {
            self.open.pop_first();
        }
    }

    /// Whether a minute is over that has no hosts yet.
    #[must_use]
    pub fn is_due(&self, current: i64) -> bool {
        self.open.keys().any(|&minute| minute != current)
    }

    /// Books a reading; `None` where there is none, so that every host is unknown. Every minute but `current` is over then.
    pub fn book(&mut self, current: Option<i64>, talk: Option<&Talk>, directory: &impl Directory) -> Booked {
        let grown = talk.map(|talk| self.grow(talk, directory)).unwrap_or_default();
        let before = std::mem::take(&mut self.ahead);
        let mut all: Vec<(Ends, Moved, Moved)> = Vec::with_capacity(grown.len());
        for (ends, grown) in &grown {
            let mut moved = *grown;
            moved += before.get(ends).copied().unwrap_or_default();
            all.push((ends.clone(), moved, *grown));
        }
        let nothing_new = before.into_iter().filter(|(ends, _)| !grown.contains_key(ends));
        all.extend(nothing_new.map(|(ends, moved)| (ends, moved, Moved::default())));
        all.sort_unstable_by(|(a, one, _), (b, other, _)| {
            bytes(other).cmp(&bytes(one)).then_with(|| a.cmp(b))
        });

        let mut booked = Booked::new();
        let mut told_apart: HashMap<(i64, Option<UserId>), usize> = HashMap::new();
        for (ends, mut moved, grown) in all {
            for (&minute, users) in &mut self.open {
                let Some(open) = users.get_mut(&ends.user) else { continue };
                let taken = least(*open, moved);
                if taken == Moved::default() {
                    continue;
                }
                (*open, moved) = (less(*open, taken), less(moved, taken));
                let hosts = told_apart.entry((minute, ends.user.clone())).or_default();
                *hosts += 1;
                if *hosts <= MOST_A_MINUTE {
                    *booked.entry(minute).or_default().entry(ends.clone()).or_default() += taken;
                }
            }
            // What is ahead for longer than from one reading to the next is not ahead: its process moved it as nobody.
            let ahead = least(moved, grown);
            if ahead != Moved::default() {
                self.ahead.insert(ends, ahead);
            }
        }
        let (over, still): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.open).into_iter().partition(|&(minute, _)| Some(minute) != current);
        self.open = still;
        for (minute, users) in over {
            for (user, left) in users.into_iter().filter(|(_, left)| *left != Moved::default()) {
                *booked.entry(minute).or_default().entry(Ends { user, host: None }).or_default() += left;
            }
        }
        booked
    }

    /// What grew since the reading before.
    fn grow(&mut self, talk: &Talk, directory: &impl Directory) -> HashMap<Ends, Moved> {
        let mut now: HashMap<(ProcessId, IpAddr), Moved> = HashMap::new();
        let open = talk
            .sockets
            .iter()
            .filter_map(|socket| Some(((socket.process?, socket.remote?.ip().to_canonical()), socket.moved)));
        let closed = talk
            .remotes
            .iter()
            .filter_map(|remote| Some(((remote.process, remote.remote?.to_canonical()), remote.moved)));
        for (conversation, moved) in open.chain(closed).filter(|(_, moved)| *moved != Moved::default()) {
            *now.entry(conversation).or_default() += moved;
        }
        let mut grown: HashMap<Ends, Moved> = HashMap::new();
        for (&(process, address), moved) in &mut now {
            let before = self.seen.get(&(process, address)).copied().unwrap_or_default();
            let growth = less(*moved, before);
            // A socket that was closed while the engine read is in a reading twice, and in the next one once.
            *moved = most(*moved, before);
            if growth == Moved::default() {
                continue;
            }
            let Some(user) = directory.user(process) else { continue };
            *grown.entry(Ends { user, host: Some(directory.host(address)) }).or_default() += growth;
        }
        self.seen = now;
        grown
    }
}

fn bytes(moved: &Moved) -> u64 {
    moved.rx_bytes.saturating_add(moved.tx_bytes)
}

fn least(a: Moved, b: Moved) -> Moved {
    Moved { rx_bytes: a.rx_bytes.min(b.rx_bytes), tx_bytes: a.tx_bytes.min(b.tx_bytes) }
}

fn most(a: Moved, b: Moved) -> Moved {
    Moved { rx_bytes: a.rx_bytes.max(b.rx_bytes), tx_bytes: a.tx_bytes.max(b.tx_bytes) }
}

fn less(a: Moved, b: Moved) -> Moved {
    Moved { rx_bytes: a.rx_bytes.saturating_sub(b.rx_bytes), tx_bytes: a.tx_bytes.saturating_sub(b.tx_bytes) }
}

#[cfg(test)]
mod tests;
