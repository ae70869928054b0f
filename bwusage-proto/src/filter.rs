//! The one filter language, the same in every client.
//!
//! | text | meaning |
//! |---|---|
//! | `fire fox` | both words; each is looked for in name, application, title, path, user, command line, and as a process number |
//! | `fire \| fox` | either; binds less tightly than words side by side, and parentheses group |
//! | `!fire` | not |
//! | `"two words"` | one word; `\"` and `\\` inside |
//! | `/fire.*x/` | a regular expression |
//! | `user:alice` `pid:42` `app:` `title:` `name:` `exe:` `unit:` `ct:` | only there; `ct` is the container |
//! | `category:background` | app, terminal, service, container, kernel or background |
//! | `remote:example.org` `remote:192.0.2.7` `remote:10.0.0.0/8` `port:443` `port:https` `proto:udp` `state:listen` `iface:eth0` | only there, of connections; a port is of either end |
//! | `rx>1M` `tx>=100k` `cpu>5` `mem<1G` `rx_total>1G` `tx_total=0` | speeds, percent of one core, memory, totals |
//!
//! A table of processes knows nothing of a single connection: [`Filter::of_processes`] refuses those fields there, rather than
//! to match nothing.
//!
//! Small letters match both cases; a capital letter matches only itself. `1M` is 1024², as the columns show it; `1MB` is
//! 1000². A number that is not known fulfils no comparison.

use std::{cmp::Ordering, net::IpAddr, str::FromStr};

use regex_lite::Regex;

use crate::{process::Pid, table::Row};

mod error;
mod network;
mod parse;
pub use error::{FilterError, NotOfProcesses};
pub use network::{Network, NotANetwork};

/// A filter that was read and can be asked.
#[derive(Debug, Clone)]
pub struct Filter(Expr);

impl Filter {
    /// Reads a filter. Empty text matches everything.
    ///
    /// # Errors
    ///
    /// Says what is wrong and at which character.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(Self)
    }

    /// What every one of `filters` matches.
    #[must_use]
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Expr::All(filters.into_iter().map(|Self(expr)| expr).collect()))
    }

    /// `word` as filter text that looks for exactly these characters.
    #[must_use]
    pub fn quote(word: &str) -> String {
        format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
    }

    /// Whether it can be asked about processes.
    ///
    /// # Errors
    ///
    /// Names the first field that only connections have.
    pub fn of_processes(&self) -> Result<(), NotOfProcesses> {
        self.0.connection_field().map_or(Ok(()), |field| Err(NotOfProcesses { field }))
    }

    /// Whether `row` is one of those that were asked for.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        self.accepts(row)
    }

    pub(crate) fn accepts(&self, subject: &impl Subject) -> bool {
        self.0.holds(subject)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// What a filter looks at.
pub(crate) trait Subject {
    /// Whether any text of `field` passes `test`.
    fn any_text(&self, field: TextField, test: &dyn Fn(&str) -> bool) -> bool;
    /// Whether `pid` is among the process numbers.
    fn has_pid(&self, pid: Pid) -> bool;
    /// The number, where it is known.
    fn number(&self, field: NumberField) -> Option<u64>;
    /// Whether either end of a connection is `port`, or its service.
    fn has_port(&self, _port: u16) -> bool {
        false
    }
    /// The other end of a connection.
    fn remote(&self) -> Option<IpAddr> {
        None
    }
}

/// A place where text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextField {
    Name,
    App,
    Exe,
    User,
    CommandLine,
    Unit,
    Container,
    Title,
    Category,
    Remote,
    Protocol,
    State,
    Interface,
    Service,
}

impl TextField {
    /// Where a word without a field is looked for: not in units, of which nearly every process has one.
    const ANYWHERE: [Self; 8] = [
        Self::Name,
        Self::App,
        Self::Title,
        Self::Exe,
        Self::User,
        Self::CommandLine,
        Self::Remote,
        Self::Service,
    ];

    /// How it is written, where only connections have it.
    const fn of_connections(self) -> Option<&'static str> {
        match self {
            Self::Remote => Some("remote"),
            Self::Protocol => Some("proto"),
            Self::State => Some("state"),
            Self::Interface => Some("iface"),
            Self::Service => Some("port"),
            Self::Name
            | Self::App
            | Self::Exe
            | Self::User
            | Self::CommandLine
            | Self::Unit
            | Self::Container
            | Self::Title
            | Self::Category => None,
        }
    }
}

/// A number that can be compared. Processor use is in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberField {
    RxRate,
    TxRate,
    RxTotal,
    TxTotal,
    Cpu,
    Memory,
}

#[derive(Debug, Clone)]
enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Anywhere { text: TextTest, pid: Option<Pid> },
    Text { field: TextField, text: TextTest },
    Pid(Pid),
    Port(u16),
    Remote(Network),
    Compare { field: NumberField, comparison: Comparison, value: u64 },
}

impl Expr {
    fn connection_field(&self) -> Option<&'static str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::connection_field),
            Self::Not(part) => part.connection_field(),
            Self::Text { field, .. } => field.of_connections(),
            Self::Port(_) => Some("port"),
            Self::Remote(_) => Some("remote"),
            Self::Anywhere { .. } | Self::Pid(_) | Self::Compare { .. } => None,
        }
    }

    fn holds(&self, subject: &impl Subject) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(subject)),
            Self::Not(part) => !part.holds(subject),
            Self::Anywhere { text, pid } => {
                pid.is_some_and(|pid| subject.has_pid(pid))
                    || TextField::ANYWHERE
                        .iter()
                        .any(|&field| subject.any_text(field, &|found| text.passes(found)))
            }
            Self::Text { field, text } => subject.any_text(*field, &|found| text.passes(found)),
            Self::Pid(pid) => subject.has_pid(*pid),
            Self::Port(port) => subject.has_port(*port),
            Self::Remote(network) => subject.remote().is_some_and(|remote| network.holds(remote)),
            Self::Compare { field, comparison, value } => {
                subject.number(*field).is_some_and(|number| comparison.holds(number.cmp(value)))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
        }
    }
}

#[derive(Debug, Clone)]
enum TextTest {
    /// Exactly these characters.
    Exact(String),
    /// These characters, small, in either case.
    AnyCase(String),
    Pattern(Regex),
}

impl TextTest {
    /// Smart case: capital letters mean themselves.
    fn word(word: &str) -> Self {
        if word.chars().any(char::is_uppercase) {
            Self::Exact(word.into())
        } else {
            Self::AnyCase(word.to_lowercase())
        }
    }

    fn passes(&self, text: &str) -> bool {
        match self {
            Self::Exact(word) => text.contains(word.as_str()),
            Self::AnyCase(word) if text.is_ascii() => {
                let (text, word) = (text.as_bytes(), word.as_bytes());
                word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
            }
            Self::AnyCase(word) => text.to_lowercase().contains(word.as_str()),
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        process::{Category, Container},
        snapshot::RowId,
        table::RowKey,
        units::{Counters, Rates, Scope},
    };

    fn row() -> Row {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = 3 << 30;
        Row {
            key: RowKey::Process(RowId(1)),
            pid: Some(4242),
            pids: vec![4242],
            name: "Web Content".into(),
            app: "firefox".into(),
            users: vec!["alice".into()],
            counters,
            rates: Rates { rx_bytes_per_s: 2_500_000, tx_bytes_per_s: 0 },
            cpu_centipercent: Some(840),
            rss_bytes: None,
            disk_read_bytes_per_s: None,
            disk_write_bytes_per_s: None,
            exe: Some("/usr/lib/firefox/firefox-bin".into()),
            command_line: Some(vec!["firefox".into(), "--profile".into(), "Ärger".into()]),
            started_at_unix_ms: None,
            exited_at_unix_ms: None,
            unit: Some("app-gnome-firefox-3021.scope".into()),
            container: Some(Container {
                runtime: "docker".into(),
                id: "0123456789abcdef".into(),
                name: None,
            }),
            title: Some("Firefox Web Browser".into()),
            category: Some(Category::App),
            first_traffic_at_unix_ms: None,
            processes: 1,
        }
    }

    fn matches(text: &str) -> bool {
        Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&row())
    }

    #[test]
    fn a_word_is_looked_for_everywhere() {
        for text in
            ["content", "fire", "browser", "lib/", "/usr/lib", "alice", "4242", "--profile", "ärg", ""]
        {
            assert!(matches(text), "{text}");
        }
        for text in ["chrome", "424", "bob"] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn a_capital_letter_matches_only_itself() {
        assert!(matches("web"));
        assert!(matches("Web"));
        assert!(!matches("WEB"));
        assert!(matches("/^web/"));
        assert!(!matches("/^wEb/"));
    }

    #[test]
    fn words_are_and_bars_are_or_and_bind_less() {
        assert!(matches("fire alice"));
        assert!(!matches("fire bob"));
        assert!(matches("bob eve | fire alice"));
        assert!(matches("fire (bob | alice)"));
        assert!(!matches("bob (fire | alice)"));
        assert!(matches("!bob !(eve | mallory)"));
        assert!(!matches("!fire"));
        assert!(matches("!!fire"));
    }

    #[test]
    fn a_field_is_looked_for_only_there() {
        assert!(matches("user:alice app:fire name:content exe:/usr pid:4242"));
        assert!(matches("unit:gnome ct:docker ct:docker:0123 ct:abcdef"));
        assert!(matches(r#"title:"web browser" category:app"#));
        assert!(!matches("category:background") && !matches("title:content"));
        assert!(!matches("gnome") && !matches("unit:docker") && !matches("ct:podman"));
        assert!(!matches("user:fire"));
        assert!(!matches("name:fire"));
        assert!(matches(r#"name:"web content""#));
        assert!(matches("name:/^web\\s/"));
        assert!(!matches("pid:42"));
    }

    #[test]
    fn a_field_that_only_connections_have_is_refused_for_processes_however_deep() {
        let refused = |text: &str| Filter::parse(text).unwrap().of_processes().map_err(|error| error.field);
        for (text, field) in [
            ("port:443", "port"),
            ("port:https", "port"),
            ("remote:192.0.2.0/24", "remote"),
            ("remote:example", "remote"),
            ("proto:udp", "proto"),
            ("state:listen", "state"),
            ("iface:/^eth/", "iface"),
            ("user:alice !(curl | iface:eth0)", "iface"),
        ] {
            assert_eq!(refused(text), Err(field), "{text}");
        }
        for text in
            ["", "443", "example.org", r#""port:443""#, "user:a app:b unit:c ct:d pid:1 rx>1M | !cpu>5"]
        {
            assert_eq!(refused(text), Ok(()), "{text}");
        }
        let both = Filter::all(["curl", "port:443"].map(|text| Filter::parse(text).unwrap()));
        let error = both.of_processes().unwrap_err().to_string();
        assert_eq!(error, "port: filters connections, not processes");
    }

    #[test]
    fn numbers_are_compared_in_the_units_of_the_columns() {
        for text in [
            "rx>1M",
            "rx >= 2.4MB",
            "rx<=2.5MB",
            "tx=0",
            "cpu>8",
            "cpu<8.5",
            "cpu=8.4",
            "rx_total>=3G",
            "rx_total=3GiB",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in ["rx>2500000", "tx>0", "cpu>8.4", "rx_total>3G", "tx_total>0"] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn an_unknown_number_fulfils_no_comparison() {
        assert!(!matches("mem>0"));
        assert!(!matches("mem<1T"));
        assert!(!matches("mem=0"));
    }

    proptest! {
        #[test]
        fn any_word_finds_itself_when_quoted(word in any::<String>()) {
            let mut row = row();
            row.name = format!("before {word} after");
            let filter = Filter::parse(&format!("name:{}", Filter::quote(&word))).unwrap();
            prop_assert!(filter.matches(&row), "{:?}", filter);
        }

        #[test]
        fn not_is_the_opposite(text in "[a-z|! ()/:>]{0,12}") {
            if let (Ok(filter), Ok(not)) = (Filter::parse(&text), Filter::parse(&format!("!({text})"))) {
                prop_assert_eq!(filter.matches(&row()), !not.matches(&row()));
            }
        }
    }
}
