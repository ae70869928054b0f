//! The text format of Prometheus, version 0.0.4, as far as it is needed: families of samples with labels.

use std::fmt::{Display, Write as _};

/// What a number does over time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only grows, until whoever counts begins anew.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// The answer to a scrape while it is written.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// One family while its samples are written.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins the family `name`. A family is begun once, and has all its samples together.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        push(&mut self.0, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { text: &mut self.0, name }
    }

    /// A family of one gauge without labels; nothing where it is not known.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: Option<impl Display>) {
        self.one(name, Kind::Gauge, help, value);
    }

    /// A family of one counter without labels; nothing where it is not known.
    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: Option<impl Display>) {
        self.one(name, Kind::Counter, help, value);
    }

    fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.family(name, kind, help).sample(&[], value);
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// Adds a sample. No two of a family have the same labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            push(self.text, format_args!("{before}{name}=\""));
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    // No line may end but ours, whatever a reader takes for an end.
                    c if c.is_control() => self.text.push(char::REPLACEMENT_CHARACTER),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        push(self.text, format_args!("{} {value}\n", if labels.is_empty() { "" } else { "}" }));
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_its_kind_and_its_samples() {
        let mut exposition = Exposition::default();
        exposition.family("a_bytes_total", Kind::Counter, "Bytes.").sample(&[("x", "1"), ("y", "2")], 7_u64);
        exposition.gauge("b_ratio", "Share.", Some(0.5));
        exposition.gauge("c", "Unknown.", None::<u64>);
        let expected = "# HELP a_bytes_total Bytes.\n# TYPE a_bytes_total counter\na_bytes_total{x=\"1\",y=\"2\"} 7\n\
                        # HELP b_ratio Share.\n# TYPE b_ratio gauge\nb_ratio 0.5\n";
        assert_eq!(exposition.finish(), expected);
    }

    #[test]
    fn no_label_can_end_its_line_or_begin_another_sample() {
        let mut exposition = Exposition::default();
        let hostile = "\"} 1\nbwusage_up 0 #\\\r\u{85}";
        exposition.family("a", Kind::Gauge, "h").sample(&[("x", hostile)], 1);
        let text = exposition.finish();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.ends_with("a{x=\"\\\"} 1\\nbwusage_up 0 #\\\\\u{fffd}\u{fffd}\"} 1\n"), "{text}");
    }
}
