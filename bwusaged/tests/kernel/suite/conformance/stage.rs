//! Where a case is played: a network, a daemon, and the processes that moved bytes.

use crate::suite::{
    daemon::Daemon,
    folder::Folder,
    namespace::{Frames, Namespace},
    network::{Family, Network},
    top::{Row, Top},
    traffic::{Generator, Truth},
};

use super::{
    limits,
    outcome::{Outcome, Wire},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Near,
    Far,
}

pub(super) struct Stage<'a> {
    folder: &'a Folder,
    pub(super) network: &'a Network,
    moved: Vec<Moved>,
    bystanders: Vec<(Side, u32, String)>,
    pub(super) cable: Cable,
    /// What else is worth knowing, for the table.
    pub(super) note: Option<String>,
}

/// Which processes move what the far interface counts, packet by packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cable {
    BothEnds,
    /// At the far end, several processes take the same packet.
    NearEnd,
    Unused,
}

/// What one process knows that it moved.
struct Moved {
    side: Side,
    pid: u32,
    name: String,
    truth: Truth,
}

/// A process of the case.
pub(super) struct Actor {
    pub(super) generator: Generator,
    side: Side,
    name: String,
}

/// More ticks than pass before an engine that looks for processes afterwards gives up.
const LOOK_TICKS: u32 = 40;

/// Who counts: one daemon, or one at each end where it sees its own network namespace only.
struct Watchers<'a> {
    near: Daemon<'a>,
    far: Option<Daemon<'a>>,
}

/// The tables of the watchers.
struct Tops {
    near: Top,
    far: Option<Top>,
}

impl<'a> Watchers<'a> {
    fn start([near, far]: &'a [Folder; 2], network: &Network) -> Self {
        if !limits::sees_one_namespace() {
            return Self { near: Daemon::start(near), far: None };
        }
        let far = Some(Daemon::start_in(far, network.far()));
        Self { near: Daemon::start_in(near, network.near()), far }
    }

    fn look(&self) -> Tops {
        for daemon in std::iter::once(&self.near).chain(&self.far) {
            daemon.settle();
            daemon.assert_nothing_lost();
        }
        Tops { near: self.near.top_by_pid(), far: self.far.as_ref().map(Daemon::top_by_pid) }
    }
}

impl Tops {
    fn row(&self, side: Side, pid: u32, name: &str) -> Option<&Row> {
        let top = self.far.as_ref().filter(|_| side == Side::Far).unwrap_or(&self.near);
        top.rows.iter().find(|row| row.pid == Some(pid) && row.name.as_deref() == Some(name))
    }
}

/// Plays a case on a cable and under a daemon of its own. An engine that looks for processes afterwards may do so until everything
/// is found, but not for ever.
pub(super) fn play(case: fn(&mut Stage)) -> Outcome {
    let (folder, network) = (Folder::new(), Network::new());
    let folders = [Folder::new(), Folder::new()];
    let watchers = Watchers::start(&folders, &network);
    let before = network.carried();
    let (moved, bystanders) = (Vec::new(), Vec::new());
    let mut stage =
        Stage { folder: &folder, network: &network, moved, bystanders, cable: Cable::BothEnds, note: None };
    case(&mut stage);
    let carried = network.carried().since(before);
    let mut outcome = stage.compare(&watchers.look(), carried);
    if watchers.far.is_some() {
        for _ in 0..LOOK_TICKS {
            if outcome.check(&limits::EXACT).is_ok() {
                break;
            }
            outcome = stage.compare(&watchers.look(), carried);
        }
    }
    outcome
}

impl<'a> Stage<'a> {
    pub(super) fn start(&self, side: Side, name: &str, words: &[&str]) -> Actor {
        let generator = Generator::start(self.folder, self.namespace(side), name, words);
        Actor { generator, side, name: name.into() }
    }

    fn namespace(&self, side: Side) -> &'a Namespace {
        match side {
            Side::Near => self.network.near(),
            Side::Far => self.network.far(),
        }
    }

    /// Starts a server at the far end. Returns its address too.
    pub(super) fn serve(&self, name: &str, words: &[&str]) -> (Actor, String) {
        let mut server = self.start(Side::Far, name, words);
        let address = server.generator.address();
        (server, address)
    }

    /// Starts a server of downloads and uploads.
    pub(super) fn serve_tcp(&self, family: Family) -> (Actor, String) {
        self.serve("bw-server", &["serve-tcp", family.far_address()])
    }

    /// Waits until a client has done its work.
    pub(super) fn done(&mut self, mut actor: Actor) {
        let truth = actor.generator.done();
        self.moved(&actor, truth);
    }

    /// Tells a server that no more clients come.
    pub(super) fn finish(&mut self, mut actor: Actor) {
        let truth = actor.generator.finish();
        self.moved(&actor, truth);
    }

    /// The same for a process that lets others do the work: whatever stands under its name is wrong.
    pub(super) fn finish_bystander(&mut self, mut actor: Actor) {
        assert_eq!(actor.generator.finish(), Truth { sent: 0, received: 0 });
        self.bystanders.push((actor.side, actor.generator.pid(), actor.name.clone()));
        self.moved(&actor, Truth { sent: 0, received: 0 });
    }

    /// Waits until a process named `name` that `actor` started has done its work.
    pub(super) fn lived(&mut self, actor: &mut Actor, name: &str) {
        let (pid, truth) = actor.generator.lived();
        self.moved.push(Moved { side: actor.side, pid, name: name.into(), truth });
    }

    fn moved(&mut self, actor: &Actor, truth: Truth) {
        let pid = actor.generator.pid();
        self.moved.push(Moved { side: actor.side, pid, name: actor.name.clone(), truth });
    }

    /// Runs one client at the near end, and lets the server finish.
    pub(super) fn client(&mut self, server: Actor, name: &str, words: &[&str]) {
        let client = self.start(Side::Near, name, words);
        self.done(client);
        self.finish(server);
    }

    fn compare(&self, top: &Tops, carried: Frames) -> Outcome {
        let (mut truth, mut counted, mut payload_off, mut elsewhere, mut below) = (0, 0, 0, 0, 0);
        for process in &self.moved {
            let Truth { sent, received } = process.truth;
            let row = top.row(process.side, process.pid, &process.name);
            let in_row = |of: fn(&Row) -> u64| row.map_or(0, of);
            for (true_bytes, payload, wire) in [
                (
                    sent,
                    in_row(|row| row.total.tx_payload_bytes_total),
                    in_row(|row| row.total.tx_bytes_total),
                ),
                (
                    received,
                    in_row(|row| row.total.rx_payload_bytes_total),
                    in_row(|row| row.total.rx_bytes_total),
                ),
            ] {
                truth += true_bytes;
                counted += payload;
                payload_off += true_bytes.abs_diff(payload);
                elsewhere += true_bytes.saturating_sub(payload);
                // What carries payload is longer than the payload. Where it is shorter, another process has the rest.
                below += true_bytes.saturating_sub(wire);
            }
        }
        let astray: u64 = self
            .bystanders
            .iter()
            .filter_map(|(side, pid, name)| top.row(*side, *pid, name))
            .map(|row| row.total.rx_bytes_total + row.total.tx_bytes_total)
            .sum();
        let wire = (self.cable != Cable::Unused).then(|| self.wire(top, carried));
        // Without payload, it is the wire that must stand under the right name.
        let unnamed = wire.as_ref().filter(|_| truth == 0).map_or(0, |wire| wire.off);
        let misnamed = elsewhere.max(below).max(astray).max(unnamed);
        let dropped = self.network.dropped().iter().sum::<u64>();
        let lossy = (dropped > 0)
            .then(|| format!("packets that had no room at the other end, sent and not carried: {dropped}"));
        let notes: Vec<String> = self.note.clone().into_iter().chain(lossy).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Outcome { truth, counted, payload_off, misnamed, wire, note }
    }

    /// What the processes at each end are said to have moved, beside what the cable carried.
    fn wire(&self, top: &Tops, carried: Frames) -> Wire {
        let mut wire = Wire { carried: 0, counted: 0, off: 0 };
        // The far end receives what the near one sends.
        for (side, sent, received) in [
            (Side::Near, carried.rx_bytes, carried.tx_bytes),
            (Side::Far, carried.tx_bytes, carried.rx_bytes),
        ] {
            let mut pids: Vec<(u32, &str)> = self
                .moved
                .iter()
                .filter(|process| process.side == side)
                .map(|process| (process.pid, process.name.as_str()))
                .collect();
            pids.sort_unstable();
            pids.dedup();
            if pids.is_empty() || (side == Side::Far && self.cable == Cable::NearEnd) {
                continue;
            }
            let sum = |of: fn(&Row) -> u64| -> u64 {
                pids.iter().filter_map(|&(pid, name)| top.row(side, pid, name)).map(of).sum()
            };
            for (carried, counted) in
                [(sent, sum(|row| row.total.tx_bytes_total)), (received, sum(|row| row.total.rx_bytes_total))]
            {
                wire.carried += carried;
                wire.counted += counted;
                wire.off += carried.abs_diff(counted);
            }
        }
        wire
    }
}
