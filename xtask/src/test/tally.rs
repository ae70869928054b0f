//! How many passed, failed and were left out, also as other programs report it.

use std::{fmt, ops::Add};

/// A count of checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Tally {
    pub(super) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    pub(super) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Reads nextest's closing line: `Summary [ 1.2s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
    pub(super) fn from_nextest(line: &str) -> Option<Self> {
        let (_, counts) = line.split_once("Summary [")?.1.split_once(':')?;
        let of = |word: &str| number_before(counts, word).unwrap_or(0);
        Some(Self {
            passed: of("passed"),
            failed: of("failed") + of("timed out") + of("exec failed"),
            skipped: of("skipped"),
        })
    }

    /// Reads a closing line of cargo's own test runner:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    pub(super) fn from_libtest(line: &str) -> Option<Self> {
        let counts = line.trim_start().strip_prefix("test result: ")?;
        let of = |word: &str| number_before(counts, word).unwrap_or(0);
        Some(Self { passed: of("passed"), failed: of("failed"), skipped: of("ignored") })
    }

    /// Reads the closing lines of Node's own test runner, each of which has one number: `ℹ pass 12`, `ℹ fail 1`,
    /// `ℹ cancelled 0`, `ℹ skipped 0`, `ℹ todo 0`.
    pub(super) fn from_node(line: &str) -> Option<Self> {
        let (what, number) = line.trim_end().strip_prefix("ℹ ")?.split_once(' ')?;
        let number = number.parse().ok()?;
        let none = Self::default();
        match what {
            "pass" => Some(Self { passed: number, ..none }),
            "fail" | "cancelled" => Some(Self { failed: number, ..none }),
            "skipped" | "todo" => Some(Self { skipped: number, ..none }),
            _ => None,
        }
    }
}

/// The number right before `word`, where `word` ends a part of the list.
fn number_before(list: &str, word: &str) -> Option<u64> {
    list.split([',', ';', '.']).find_map(|part| {
        let (number, what) = part.trim().split_once(' ')?;
        let what = what.split(" (").next().unwrap_or(what);
        (what == word).then(|| number.parse().ok()).flatten()
    })
}

impl Add for Tally {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_fail_in_nextest_counts_as_failed() {
        let line = "     Summary [   1.203s] 10 tests run: 7 passed (1 slow, 1 flaky), 1 failed, 2 timed out, 3 skipped";
        assert_eq!(Tally::from_nextest(line), Some(Tally { passed: 7, failed: 3, skipped: 3 }));
    }

    #[test]
    fn a_clean_run_of_nextest_is_read() {
        let line = "     Summary [   0.034s] 8 tests run: 8 passed, 0 skipped";
        assert_eq!(Tally::from_nextest(line), Some(Tally { passed: 8, failed: 0, skipped: 0 }));
        assert_eq!(Tally::from_nextest("        PASS [   0.007s] (1/8) a b"), None);
    }

    #[test]
    fn cargos_own_runner_is_read() {
        let line =
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(Tally::from_libtest(line), Some(Tally { passed: 3, failed: 0, skipped: 1 }));
        assert_eq!(Tally::from_libtest("test a ... ok"), None);
    }

    #[test]
    fn nodes_own_runner_is_read_line_by_line() {
        let lines =
            ["ℹ tests 6", "ℹ suites 0", "ℹ pass 2", "ℹ fail 1", "ℹ cancelled 1", "ℹ skipped 2", "ℹ todo 0"];
        let sum = lines.into_iter().filter_map(Tally::from_node).fold(Tally::default(), |sum, one| sum + one);
        assert_eq!(sum, Tally { passed: 2, failed: 2, skipped: 2 });
        assert_eq!(Tally::from_node("✔ a test that ℹ pass 3 (1ms)"), None);
        assert_eq!(Tally::from_node("ℹ duration_ms 12.5"), None);
    }

    #[test]
    fn the_closing_line_is_plain() {
        assert_eq!((Tally::PASSED + Tally::FAILED).to_string(), "1 passed, 1 failed, 0 skipped");
    }
}
