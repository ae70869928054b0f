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
}
