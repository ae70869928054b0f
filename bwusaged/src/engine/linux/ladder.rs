//! The ways of counting, best first, and which of them this machine allows.

use bwusage_proto::snapshot::{Coverage, Rung as Tried, RungState};

use super::{
    hooked,
    loader::{Ownership, Plan},
    packets,
};
use crate::{
    engine::{Counting, Engine, EngineError, Rung, Sample, Talk, Wanted},
    privilege::Capability,
};

/// The engine in use, and what became of the others.
struct Chosen {
    engine: Box<dyn Engine>,
    rungs: Vec<Tried>,
}

impl Engine for Chosen {
    fn sample(&mut self) -> Result<Sample, EngineError> {
        self.engine.sample()
    }

    fn talk(&mut self) -> Result<Option<Talk>, EngineError> {
        self.engine.talk()
    }

    fn coverage(&self) -> Coverage {
        Coverage { rungs: self.rungs.clone(), ..self.engine.coverage() }
    }

    fn capabilities(&self) -> &'static [Capability] {
        self.engine.capabilities()
    }
}

/// Opens the rung that is asked for, or the best that this machine allows.
///
/// # Errors
///
/// Says what is missing and what to do about it: of the best rung when none is possible.
pub(in crate::engine) fn open(wanted: Wanted) -> Result<Box<dyn Engine>, EngineError> {
    let asked = |rung| wanted.rung.is_none_or(|wanted| wanted == rung);
    let mut rungs: Vec<Tried> = Vec::new();
    let (mut engine, mut first_error) = (None, None);
    for rung in Rung::ALL {
        let (state, detail) = if engine.is_some() {
            (RungState::NotTried, Some("a better one counts".into()))
        } else if asked(rung) {
            match climb(rung, wanted.counting) {
                Ok(opened) => {
                    engine = Some(opened);
                    (RungState::InUse, None)
                }
                Err(error) => {
                    tracing::debug!(rung = rung.name(), %error, "cannot count this way");
                    let why = words(&error);
                    first_error.get_or_insert(error);
                    (RungState::Refused, Some(why))
                }
            }
        } else {
            (RungState::NotTried, Some("another one was asked for with --engine".into()))
        };
        let (about, remedy) = (about(rung, wanted.counting).into(), remedy(rung).into());
        let quality = quality(rung, wanted.counting).into();
        let remedy = (state == RungState::Refused).then_some(remedy);
        rungs.push(Tried { name: rung.name().into(), about, quality, state, detail, remedy });
    }
    match engine {
        Some(engine) => Ok(Box::new(Chosen { engine, rungs })),
        None => Err(first_error.unwrap_or(EngineError::NoRung { reasons: Vec::new() })),
    }
}

fn climb(rung: Rung, counting: Counting) -> Result<Box<dyn Engine>, EngineError> {
    let refuse_light = || match counting {
        Counting::Exact => Ok(()),
        Counting::Light => Err(EngineError::Counting { rung: rung.name(), counting: "light" }),
    };
    match rung {
        Rung::Tracepoints => hooked::open(Plan { ownership: Ownership::Tracepoints, counting }),
        Rung::Fentry => {
            refuse_light()?;
            hooked::open(Plan { ownership: Ownership::Fentry, counting })
        }
        Rung::Packets => {
            refuse_light()?;
            packets::open()
        }
    }
}

/// An error with everything that caused it.
fn words(error: &EngineError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

const fn about(rung: Rung, counting: Counting) -> &'static str {
    match (rung, counting) {
        (Rung::Tracepoints, Counting::Exact) => {
            "each packet of each socket (cgroup_skb); who uses a socket, by BTF tracepoints"
        }
        (Rung::Tracepoints, Counting::Light) => {
            "what the sockets count themselves; who uses a socket, by BTF tracepoints"
        }
        (Rung::Fentry, Counting::Exact) => {
            "each packet of each socket (cgroup_skb); who uses a socket, by fentry"
        }
        (Rung::Fentry, Counting::Light) => "what the sockets count themselves; who uses a socket, by fentry",
        (Rung::Packets, _) => "copies of packet headers, compared with the kernel's list of sockets",
    }
}

const fn quality(rung: Rung, counting: Counting) -> &'static str {
    match rung {
        Rung::Tracepoints | Rung::Fentry => counting.quality(),
        Rung::Packets => "sampled",
    }
}

const fn remedy(rung: Rung) -> &'static str {
    match rung {
        Rung::Tracepoints => "boot Linux 6.3 or newer, built with CONFIG_DEBUG_INFO_BTF=y; start as root",
        Rung::Fentry => {
            "not needed where tracepoints can be used; else boot a kernel whose policy allows BPF trampolines (x86-64: Linux 5.12 or newer, arm64: 6.4), built with CONFIG_DEBUG_INFO_BTF=y; start as root"
        }
        Rung::Packets => "start as root",
    }
}
