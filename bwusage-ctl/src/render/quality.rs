//! How tables say that wire bytes are not the count of each packet.

use bwusage_proto::{quality::Estimate, text};

use super::{FAINT, paint};

/// How wire bytes come about, as far as a table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Each packet was counted.
    Counted,
    /// They are computed or sampled: their headings are marked.
    Estimated,
}

impl Wire {
    pub(crate) const fn of(estimate: Option<Estimate<'_>>) -> Self {
        if estimate.is_some() { Self::Estimated } else { Self::Counted }
    }
}

/// What headings of estimated amounts begin with.
pub(crate) const MARK: &str = "~";

/// The line below a table with such headings: what the mark means. Nothing where each packet was counted.
pub(crate) fn footnote(estimate: Option<Estimate<'_>>, width: Option<usize>) -> String {
    let Some(Estimate { word, how, .. }) = estimate else { return String::new() };
    let line = format!("{MARK} {}: {how}", text::escape(word));
    let line = width.map_or_else(|| line.clone(), |width| text::truncate(&line, width).into_owned());
    format!("{}\n", paint(FAINT, &line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(quality: &str, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&footnote(Estimate::of(quality), width)).to_string()
    }

    #[test]
    fn the_mark_is_explained_where_there_is_one() {
        let computed = drawn("computed", None);
        assert!(computed.starts_with("~ computed: wire bytes are computed from the sockets'"), "{computed}");
        assert_eq!(
            (drawn("exact", None).as_str(), drawn("computed", Some(12)).as_str()),
            ("", "~ computed:…\n")
        );
    }

    #[test]
    fn a_word_of_the_daemon_cannot_act_on_the_terminal() {
        assert!(drawn("guess\x1b[2J", None).starts_with(r"~ guess\x1b[2J: "));
    }
}
