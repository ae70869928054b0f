//! From answers to text. Pure: the same input always gives the same bytes.

pub(crate) mod alerts;
pub(crate) mod connections;
mod grid;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod quality;
pub(crate) mod status;
pub(crate) mod table;

use anstyle::Style;

/// Names of columns.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is over, or matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// `text` in `style`; taken out again by the output where colours are not wanted.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
