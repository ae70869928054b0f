//! How far it is, for whoever looks.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, or nothing where nobody looks.
pub(super) struct Progress {
    bar: ProgressBar,
    from_unix_s: i64,
    to_unix_s: i64,
}

impl Progress {
    /// For so many `rounds` over the time from `from_unix_s` to `to_unix_s`.
    pub(super) fn new(rounds: usize, from_unix_s: i64, to_unix_s: i64, is_quiet: bool) -> Self {
        let target = if is_quiet || !io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let length = seconds(from_unix_s, to_unix_s).saturating_mul(rounds as u64);
        let bar = ProgressBar::with_draw_target(Some(length), target);
        if let Ok(style) = ProgressStyle::with_template("exporting {bar:30} {percent:>3} %  {eta} left") {
            bar.set_style(style);
        }
        Self { bar, from_unix_s, to_unix_s }
    }

    /// In this round, everything before `unix_s` is done.
    pub(super) fn at(&self, round: usize, unix_s: i64) {
        let whole = seconds(self.from_unix_s, self.to_unix_s);
        let done = seconds(self.from_unix_s, unix_s).min(whole);
        self.bar.set_position(whole.saturating_mul(round as u64).saturating_add(done));
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn seconds(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_follow_each_other_to_the_end() {
        let progress = Progress::new(2, 100, 200, true);
        progress.at(0, 150);
        assert_eq!(progress.bar.position(), 50);
        progress.at(1, 210);
        assert_eq!((progress.bar.position(), progress.bar.length()), (200, Some(200)));
    }
}
