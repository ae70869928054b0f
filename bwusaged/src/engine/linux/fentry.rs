//! Programs at the kernel's own functions, in place of the two tracepoints that tell which calls use a socket. Linux calls
//! them through trampolines (x86-64: 5.5, arm64: 6.4).

use aya::{
    Btf, Ebpf,
    programs::{FEntry, FExit, ProgramError},
};
use bwusage_proto::snapshot::Hook;

use super::{
    loader::{Attached, program},
    preflight::{self, has_function},
};
use crate::engine::EngineError;

/// A program at a function. Those of one function stand together.
struct Call {
    program: &'static str,
    function: &'static str,
    at: At,
    purpose: &'static str,
    /// What its absence means; `None` where nothing can be counted without it.
    without: Option<Without>,
}

#[derive(Clone, Copy)]
enum At {
    Entry,
    Exit,
}

/// A function that a kernel may lack.
#[derive(Clone, Copy)]
struct Without {
    /// Why a kernel lacks it.
    why: &'static str,
    /// What is not seen then; `None` when there is nothing to see.
    blind_spot: Option<&'static str>,
}

const NO_IPV6: Option<Without> = Some(Without {
    why: "this kernel has no IPv6, or keeps it in a module",
    blind_spot: Some("if IPv6 is in a module: what programs themselves sent and received by it (payload)"),
});
const NO_SENDPAGE: Option<Without> =
    Some(Without { why: "since Linux 6.5 sendfile() is an ordinary send", blind_spot: None });
const NO_PACKET: Option<Without> = Some(Without {
    why: "this kernel has no packet sockets, or keeps them in a module",
    blind_spot: Some("if packet sockets are in a module: the frames that programs send past IP"),
});
const NO_COMMON: Option<Without> = Some(Without {
    why: "this kernel has no such function",
    blind_spot: Some("the payload that raw sockets of IPv6 receive"),
});
const NO_SPLICE: Option<Without> = Some(Without {
    why: "this kernel has no such function",
    blind_spot: Some("who takes over a connection by splice(2) only, before it answers"),
});

const SENDS: &str = "who sends";
const SENT: &str = "how much payload was sent";
const RECEIVES: &str = "who receives";
const RECEIVED: &str = "how much payload was received";
const FRAMES: &str = "frames that are sent past IP";

const CALLS: [Call; 16] = [
    entry("before_inet_sendmsg", "inet_sendmsg", SENDS, None),
    exit("after_inet_sendmsg", "inet_sendmsg", SENT, None),
    entry("before_inet6_sendmsg", "inet6_sendmsg", SENDS, NO_IPV6),
    exit("after_inet6_sendmsg", "inet6_sendmsg", SENT, NO_IPV6),
    entry("before_inet_sendpage", "inet_sendpage", SENDS, NO_SENDPAGE),
    exit("after_inet_sendpage", "inet_sendpage", SENT, NO_SENDPAGE),
    entry("before_inet_recvmsg", "inet_recvmsg", RECEIVES, None),
    exit("after_inet_recvmsg", "inet_recvmsg", RECEIVED, None),
    entry("before_inet6_recvmsg", "inet6_recvmsg", RECEIVES, NO_IPV6),
    exit("after_inet6_recvmsg", "inet6_recvmsg", RECEIVED, NO_IPV6),
    entry("before_common_recvmsg", "sock_common_recvmsg", RECEIVES, NO_COMMON),
    exit("after_common_recvmsg", "sock_common_recvmsg", RECEIVED, NO_COMMON),
    entry("before_splice", "tcp_splice_read", RECEIVES, NO_SPLICE),
    exit("after_splice", "tcp_splice_read", RECEIVED, NO_SPLICE),
    exit("after_packet_sendmsg", "packet_sendmsg", FRAMES, NO_PACKET),
    exit("after_packet_sendmsg_spkt", "packet_sendmsg_spkt", FRAMES, NO_PACKET),
];

const fn entry(
    program: &'static str,
    function: &'static str,
    purpose: &'static str,
    without: Option<Without>,
) -> Call {
    Call { program, function, at: At::Entry, purpose, without }
}

const fn exit(
    program: &'static str,
    function: &'static str,
    purpose: &'static str,
    without: Option<Without>,
) -> Call {
    Call { program, function, at: At::Exit, purpose, without }
}

impl Call {
    fn hook(&self) -> String {
        let at = match self.at {
            At::Entry => "fentry",
            At::Exit => "fexit",
        };
        format!("{at}/{}", self.function)
    }
}

/// The oldest kernel whose programs can do what ours do, and a function of its that tells: of the helpers that are needed, the
/// one that came last. Atomic exchange followed one release later.
const OLDEST: (&str, &str) = ("bpf_get_current_task_btf", "5.12");

/// Refuses to go on when the kernel cannot run programs like ours at its functions, whatever the reason.
pub(super) fn check(btf: &Btf) -> Result<(), EngineError> {
    refuse_without(|function| has_function(btf, function))
}

fn refuse_without(has: impl Fn(&str) -> bool) -> Result<(), EngineError> {
    let needed = CALLS.iter().filter(|call| call.without.is_none());
    let mut needed = std::iter::once(OLDEST).chain(needed.map(|call| (call.function, OLDEST.1)));
    match needed.find(|&(function, _)| !has(function)) {
        Some((hook, since)) => {
            Err(EngineError::KernelTooOld { release: preflight::kernel_release(), hook, since })
        }
        None => Ok(()),
    }
}

/// What became of the programs.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) hooks: Vec<Hook>,
    /// What the functions that this kernel lacks would have shown.
    pub(super) blind_spots: Vec<&'static str>,
}

/// Loads and attaches every program whose function exists.
///
/// # Errors
///
/// When the kernel refuses one of a function that it has.
pub(super) fn attach(programs: &mut Ebpf, btf: &Btf, kept: &mut Attached) -> Result<Outcome, EngineError> {
    outcome(|function| has_function(btf, function), |call| attach_one(programs, btf, call, kept))
}

fn outcome(
    has: impl Fn(&str) -> bool,
    mut attach: impl FnMut(&Call) -> Result<(), EngineError>,
) -> Result<Outcome, EngineError> {
    let mut outcome = Outcome::default();
    for call in &CALLS {
        let mut hook = Hook { name: call.hook(), purpose: call.purpose.into(), attached: true, detail: None };
        match call.without {
            Some(without) if !has(call.function) => {
                hook.attached = false;
                hook.detail = Some(without.why.into());
                let new = without.blind_spot.filter(|spot| !outcome.blind_spots.contains(spot));
                outcome.blind_spots.extend(new);
            }
            _ => attach(call)?,
        }
        outcome.hooks.push(hook);
    }
    Ok(outcome)
}

fn attach_one(programs: &mut Ebpf, btf: &Btf, call: &Call, kept: &mut Attached) -> Result<(), EngineError> {
    match call.at {
        At::Entry => {
            let entry: &mut FEntry = program(programs, call.program)?;
            entry
                .load(call.function, btf)
                .and_then(|()| entry.attach())
                .and_then(|link| entry.take_link(link))
                .map(|link| kept.keep(link))
        }
        At::Exit => {
            let exit: &mut FExit = program(programs, call.program)?;
            exit.load(call.function, btf)
                .and_then(|()| exit.attach())
                .and_then(|link| exit.take_link(link))
                .map(|link| kept.keep(link))
        }
    }
    .map_err(|error| refusal(call, error))
}

/// Explains why the kernel refused a program at a function that it has. Where it looked at the program it says so at length;
/// without a word, it wants none there at all.
fn refusal(call: &Call, error: ProgramError) -> EngineError {
    let at_all = match error {
        ProgramError::LoadError { io_error, verifier_log } if verifier_log.to_string().trim().is_empty() => {
            Ok(io_error)
        }
        ProgramError::SyscallError(error) => Ok(error.io_error),
        error => Err(error),
    };
    match at_all {
        Ok(source) => EngineError::NoTrampolines {
            release: preflight::kernel_release(),
            function: call.function,
            source,
        },
        Err(error) => {
            EngineError::Attach { program: call.program, hook: call.function, source: error.into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use aya_obj::{Object, ProgramSection, VerifierLog};

    use super::{super::loader::OBJECT, *};

    fn attached(outcome: &Outcome) -> Vec<&str> {
        outcome.hooks.iter().filter(|hook| hook.attached).map(|hook| hook.name.as_str()).collect()
    }

    #[test]
    fn an_oldish_kernel_is_watched_at_every_function() {
        let outcome = outcome(|_| true, |_| Ok(())).unwrap();
        assert_eq!(attached(&outcome).len(), CALLS.len());
        assert!(outcome.hooks.iter().all(|hook| hook.detail.is_none()), "{:?}", outcome.hooks);
        assert!(outcome.blind_spots.is_empty());
    }

    #[test]
    fn a_new_kernel_lacks_sendpage_and_nothing_else() {
        let mut tried = Vec::new();
        let outcome = outcome(
            |function| function != "inet_sendpage",
            |call| {
                tried.push(call.function);
                Ok(())
            },
        )
        .unwrap();
        assert!(!tried.contains(&"inet_sendpage"), "{tried:?}");
        let absent: Vec<_> = outcome.hooks.iter().filter(|hook| !hook.attached).collect();
        assert_eq!(
            absent.iter().map(|hook| &hook.name[..]).collect::<Vec<_>>(),
            ["fentry/inet_sendpage", "fexit/inet_sendpage"]
        );
        assert!(absent.iter().all(|hook| hook.detail.as_deref().is_some_and(|why| why.contains("6.5"))));
        assert!(outcome.blind_spots.is_empty(), "nothing is missed: {:?}", outcome.blind_spots);
    }

    #[test]
    fn what_an_absent_function_would_have_shown_is_said_once() {
        let outcome = outcome(|function| !function.starts_with("inet6"), |_| Ok(())).unwrap();
        assert_eq!(outcome.hooks.iter().filter(|hook| !hook.attached).count(), 4);
        assert_eq!(outcome.blind_spots.len(), 1, "{:?}", outcome.blind_spots);
        assert!(outcome.blind_spots[0].contains("IPv6"));
    }

    #[test]
    fn a_kernel_that_refuses_one_refuses_the_rung() {
        let refused = outcome(
            |_| true,
            |call| match call.function {
                "packet_sendmsg" => Err(refusal(
                    call,
                    ProgramError::LoadError {
                        io_error: io::Error::from_raw_os_error(libc::EPERM),
                        verifier_log: VerifierLog::new(String::new()),
                    },
                )),
                _ => Ok(()),
            },
        );
        let error = refused.unwrap_err();
        assert!(matches!(error, EngineError::NoTrampolines { function: "packet_sendmsg", .. }), "{error:?}");
        let words = error.to_string();
        assert!(words.contains("--engine tracepoints"), "what to do instead: {words}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("not permitted"), "the kernel's words: {source}");
    }

    #[test]
    fn what_the_verifier_says_is_kept() {
        let refused = refusal(
            &CALLS[0],
            ProgramError::LoadError {
                io_error: io::Error::from_raw_os_error(libc::EINVAL),
                verifier_log: VerifierLog::new("unknown func bpf_sk_storage_get#107".into()),
            },
        );
        assert!(matches!(refused, EngineError::Attach { hook: "inet_sendmsg", .. }), "{refused:?}");
        let source = std::error::Error::source(&refused).unwrap().to_string();
        assert!(source.contains("unknown func bpf_sk_storage_get"), "{source}");
    }

    #[test]
    fn a_kernel_whose_programs_can_do_too_little_is_named_before_anything_is_loaded() {
        assert!(refuse_without(|_| true).is_ok());
        assert!(refuse_without(|function| function != "inet_sendpage").is_ok(), "not every one is needed");
        let words = refuse_without(|function| function != OLDEST.0).unwrap_err().to_string();
        assert!(words.contains("5.12"), "{words}");
        assert!(refuse_without(|function| function != "inet_recvmsg").is_err());
    }

    #[test]
    fn each_has_its_program_in_the_object() {
        let object = Object::parse(OBJECT).unwrap();
        for call in &CALLS {
            let section = &object.programs[call.program].section;
            let same = match call.at {
                At::Entry => matches!(section, ProgramSection::FEntry { .. }),
                At::Exit => matches!(section, ProgramSection::FExit { .. }),
            };
            assert!(same, "{} is of another kind: {section:?}", call.program);
        }
        let programs = object.programs.values();
        let theirs = |section: &ProgramSection| {
            matches!(section, ProgramSection::FEntry { .. } | ProgramSection::FExit { .. })
        };
        assert_eq!(programs.filter(|program| theirs(&program.section)).count(), CALLS.len());
    }
}
