//! The filter as it is being typed: text, the filter it stands for, and what is wrong with it.

use bwusage_proto::filter::Filter;

use crate::field::{Edit, Field};

/// What is filtered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Subject {
    /// Processes, or what they have in common: fields that only connections have are refused.
    Processes,
    /// Connections.
    #[default]
    Connections,
}

/// Text and its meaning. While the text means nothing, the last filter that meant something stays in force.
#[derive(Debug, Default)]
pub struct FilterBar {
    of: Subject,
    field: Field,
    in_force: Option<Filter>,
    error: Option<String>,
}

impl FilterBar {
    /// A bar that starts with `text`.
    #[must_use]
    pub fn new(of: Subject, text: &str) -> Self {
        let mut bar = Self { of, field: Field::new(text), ..Self::default() };
        bar.read();
        bar
    }

    /// What was typed.
    #[must_use]
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The filter that decides which rows are shown; `None` shows all.
    #[must_use]
    pub fn in_force(&self) -> Option<&Filter> {
        self.in_force.as_ref()
    }

    /// What is wrong with the text, and where.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// True when there is nothing to show or clear.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.field.text().is_empty()
    }

    /// Types or pastes.
    pub fn insert(&mut self, text: &str) {
        self.field.insert(text);
        self.read();
    }

    /// Applies an editing key.
    pub fn edit(&mut self, edit: Edit) {
        self.field.edit(edit);
        self.read();
    }

    /// Removes the filter.
    pub fn clear(&mut self) {
        *self = Self { of: self.of, ..Self::default() };
    }

    fn read(&mut self) {
        if self.field.text().trim().is_empty() {
            (self.in_force, self.error) = (None, None);
            return;
        }
        match meaning(self.of, self.field.text()) {
            Ok(filter) => (self.in_force, self.error) = (Some(filter), None),
            Err(error) => self.error = Some(error),
        }
    }
}

fn meaning(of: Subject, text: &str) -> Result<Filter, String> {
    let filter = Filter::parse(text).map_err(|error| error.to_string())?;
    match (of, filter.of_processes()) {
        (Subject::Processes, Err(error)) => Err(format!("{error}; 3 shows connections")),
        _ => Ok(filter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_typed_filter_keeps_the_last_one_that_made_sense() {
        let mut bar = FilterBar::new(Subject::Processes, "fire");
        bar.insert(" (x");
        assert!(bar.in_force().is_some());
        assert!(bar.error().is_some_and(|error| error.contains('6')), "{:?}", bar.error());
    }

    #[test]
    fn correcting_the_text_removes_the_complaint() {
        let mut bar = FilterBar::new(Subject::Processes, "(");
        bar.edit(Edit::Backspace);
        assert!(bar.error().is_none() && bar.in_force().is_none());
    }

    #[test]
    fn clearing_shows_everything_again() {
        let mut bar = FilterBar::new(Subject::Processes, "fire");
        bar.clear();
        assert!(bar.in_force().is_none() && bar.is_empty());
    }

    #[test]
    fn what_only_connections_have_is_refused_of_processes_also_after_clearing() {
        let mut bar = FilterBar::new(Subject::Processes, "ssh");
        bar.clear();
        bar.insert("ssh !port:443");
        let refusal = "port: filters connections, not processes; 3 shows connections";
        assert_eq!(bar.error(), Some(refusal));
        let bar = FilterBar::new(Subject::Connections, "!port:443");
        assert!(bar.error().is_none() && bar.in_force().is_some());
    }
}
