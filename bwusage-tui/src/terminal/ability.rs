//! What the terminal can show, judged by the environment.

use std::io::{self, IsTerminal as _};

use crate::view::{Depth, Theme};

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colour {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even if `NO_COLOR` is set.
    Always,
    /// Never.
    Never,
}

/// Why nothing can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    /// Input or output is a file or a pipe.
    #[error("bwusage-tui needs a terminal, and its input or output is none")]
    NoTerminal,
    /// The terminal cannot move its cursor.
    #[error("bwusage-tui needs a terminal that can move its cursor, and TERM is \"dumb\"")]
    Dumb,
}

/// Checks that there is a terminal to draw on.
///
/// # Errors
///
/// Says what is missing.
pub fn check() -> Result<(), Unable> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Unable::NoTerminal);
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Err(Unable::Dumb),
        _ => Ok(()),
    }
}

/// How to draw, out of the environment variables that `env` reads. `unicode` is what to assume where no variable
/// names a locale.
#[must_use]
pub fn theme(colour: Colour, ascii: bool, unicode: bool, env: impl Fn(&str) -> Option<String>) -> Theme {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let utf8 = locale.map_or(unicode, |locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    // The console of Linux has no braille in its font.
    let ascii = ascii || !utf8 || term == "linux";
    Theme { depth: depth(colour, &term, set), ascii }
}

fn depth(colour: Colour, term: &str, set: impl Fn(&str) -> Option<String>) -> Depth {
    if colour == Colour::Never || (colour == Colour::Auto && set("NO_COLOR").is_some()) {
        return Depth::None;
    }
    let truecolor = set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    if truecolor || set("WT_SESSION").is_some() || term.ends_with("-direct") {
        Depth::True
    } else if term.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Ansi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(colour: Colour, variables: &[(&str, &str)]) -> Theme {
        let env =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        theme(colour, false, false, env)
    }

    #[test]
    fn no_color_counts_only_when_it_is_not_empty() {
        assert_eq!(judged(Colour::Auto, &[("NO_COLOR", "1")]).depth, Depth::None);
        assert_eq!(judged(Colour::Auto, &[("NO_COLOR", "")]).depth, Depth::Ansi);
        assert_eq!(judged(Colour::Always, &[("NO_COLOR", "1")]).depth, Depth::Ansi);
        assert_eq!(judged(Colour::Never, &[("COLORTERM", "truecolor")]).depth, Depth::None);
    }

    #[test]
    fn a_gradient_needs_a_terminal_that_says_it_can() {
        assert_eq!(judged(Colour::Auto, &[("COLORTERM", "truecolor")]).depth, Depth::True);
        assert_eq!(judged(Colour::Auto, &[("TERM", "xterm-256color")]).depth, Depth::Indexed);
        assert_eq!(judged(Colour::Auto, &[("TERM", "vt100")]).depth, Depth::Ansi);
    }

    #[test]
    fn the_first_locale_variable_decides() {
        assert!(!judged(Colour::Auto, &[("LANG", "de_DE.UTF-8")]).ascii);
        assert!(judged(Colour::Auto, &[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(judged(Colour::Auto, &[]).ascii);
        assert!(judged(Colour::Auto, &[("TERM", "linux"), ("LANG", "C.UTF-8")]).ascii);
    }
}
