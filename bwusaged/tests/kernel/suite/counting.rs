//! How the daemons of a test count. A test runs on one thread, which starts its daemons.

use std::cell::Cell;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    Exact,
    Light,
}

thread_local! {
    static COUNTING: Cell<Counting> = const { Cell::new(Counting::Exact) };
}

impl Counting {
    /// What `--counting` calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Light => "light",
        }
    }

    /// Light mode is not: on a busy cable its wire is further off than it should be now and then (0.59 % with sendfile, 0.55 % for
    /// a download older than the daemon), and some bytes of closed connections have no remote host. Its tests run when they are
    /// asked for: `cargo nextest run -p bwusaged --test kernel --run-ignored only -E 'test(light::)'`.
    pub(super) const fn is_finished(self) -> bool {
        matches!(self, Self::Exact)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Exact, Self::Light].into_iter().find(|counting| counting.name() == name)
    }

    /// Runs `test`, whose daemons count in this mode.
    pub(super) fn run<T>(self, test: impl FnOnce() -> T) -> T {
        COUNTING.set(self);
        test()
    }

    /// The mode of the test that this thread runs.
    pub(super) fn of_this_test() -> Self {
        COUNTING.get()
    }

    /// Which share of the wire may be off, in thousandths. Light mode does not see the headers of what came twice, nor those
    /// of selective acknowledgements: measured 0.3 % at most on a cable that loses nothing.
    pub(super) const fn wire_tolerance_permille(self) -> u64 {
        match self {
            Self::Exact => 1,
            Self::Light => 5,
        }
    }
}
