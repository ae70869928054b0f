//! The engine that plays a recording, so that every client can be tested and shown without root.

use std::{cell::RefCell, collections::VecDeque, path::Path, rc::Rc};

use bwusage_proto::{
    quality::REPLAY_OF,
    snapshot::{Coverage, HostInfo},
};

use super::{
    Engine, EngineError, Sample, Talk,
    recording::{self, Header, Moment},
};
use crate::host::{Host, HostTick};

/// A recording being played, a moment per tick. After the last one the machine stands still.
#[derive(Debug)]
struct Tape {
    header: Header,
    coming: VecDeque<Moment>,
    /// The host's half of the moment that the engine's half was taken from.
    host: HostTick,
    /// Who talked to whom when that was last recorded.
    talk: Option<Talk>,
}

/// The engine's half of the tape.
#[derive(Debug)]
pub struct ReplayEngine(Rc<RefCell<Tape>>);

/// The host's half of the tape.
#[derive(Debug)]
pub struct ReplayHost(Rc<RefCell<Tape>>);

/// Opens a recording as both engine and host.
///
/// # Errors
///
/// Fails when the file is no recording.
pub fn open(path: &Path) -> Result<(ReplayEngine, ReplayHost), EngineError> {
    let (header, moments) = recording::read(path)?;
    Ok(play(header, moments))
}

/// Plays `moments`, one per sample.
#[must_use]
pub fn play(header: Header, moments: Vec<Moment>) -> (ReplayEngine, ReplayHost) {
    let tape = Tape { header, coming: moments.into(), host: HostTick::default(), talk: None };
    let tape = Rc::new(RefCell::new(tape));
    (ReplayEngine(Rc::clone(&tape)), ReplayHost(tape))
}

impl Engine for ReplayEngine {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        let tape = &mut *self.0.borrow_mut();
        match tape.coming.pop_front() {
            Some(moment) => {
                tape.host = moment.host;
                tape.talk = moment.talk.or(tape.talk.take());
                if tape.coming.is_empty() {
                    // Held for good: residuals and losses are totals, so they must go on being said.
                    tape.coming.push_back(Moment {
                        sample: Sample {
                            processes: Vec::new(),
                            released: Vec::new(),
                            names: Vec::new(),
                            ..moment.sample.clone()
                        },
                        host: HostTick {
                            processes: Vec::new(),
                            appeared: Vec::new(),
                            ended: Vec::new(),
                            ..tape.host.clone()
                        },
                        talk: None,
                    });
                }
                Ok(moment.sample)
            }
            None => Ok(Sample::default()),
        }
    }

    fn talk(&mut self) -> Result<Option<Talk>, EngineError> {
        Ok(self.0.borrow().talk.clone())
    }

    fn coverage(&self) -> Coverage {
        let recorded = &self.0.borrow().header.coverage;
        Coverage {
            engine: format!(
                "{REPLAY_OF}{}",
                if recorded.engine.is_empty() { "a recording" } else { &recorded.engine }
            ),
            // What was never the count of each packet did not become one.
            quality: recorded.estimate().map_or("recorded", |estimate| estimate.word).into(),
            ..recorded.clone()
        }
    }
}

impl Host for ReplayHost {
    fn info(&self) -> HostInfo {
        self.0.borrow().header.host.clone()
    }

    fn sample(&mut self, _: &[bwusage_proto::process::ProcessId]) -> HostTick {
        self.0.borrow().host.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bwusage_proto::snapshot::{HostSample, ResidualReason};

    #[test]
    fn what_was_computed_when_it_was_recorded_is_still_computed() {
        for (recorded, played) in [("exact", "recorded"), ("", "recorded"), ("computed", "computed")] {
            let coverage = Coverage { quality: recorded.into(), ..Coverage::default() };
            let header = Header {
                format: recording::FORMAT.into(),
                host: HostInfo::default(),
                coverage,
                interval_ms: 1000,
            };
            let coverage = play(header, Vec::new()).0.coverage();
            assert_eq!((coverage.quality.as_str(), coverage.is_recorded()), (played, true));
        }
    }

    #[test]
    fn the_machine_stands_still_after_the_last_moment() {
        let header = Header {
            format: recording::FORMAT.into(),
            host: HostInfo::default(),
            coverage: Coverage::default(),
            interval_ms: 1000,
        };
        let moment = Moment {
            sample: Sample {
                residuals: vec![(ResidualReason::KernelTcp, bwusage_proto::units::Counters::default())],
                released: vec![bwusage_proto::process::ProcessId::new(1, 2)],
                ..Sample::default()
            },
            host: HostTick {
                sample: HostSample { uptime_ms: Some(7), ..HostSample::default() },
                ..HostTick::default()
            },
            talk: Some(Talk::default()),
        };
        let (mut engine, mut host) = play(header, vec![moment]);
        assert_eq!(engine.talk().unwrap(), None, "nothing was played yet");
        assert_eq!(engine.sample().unwrap().released.len(), 1);
        for _ in 0..3 {
            let sample = engine.sample().unwrap();
            assert_eq!((sample.released.len(), sample.residuals.len()), (0, 1));
            assert_eq!(host.sample(&[]).sample.uptime_ms, Some(7));
            assert_eq!(engine.talk().unwrap(), Some(Talk::default()));
        }
    }
}
