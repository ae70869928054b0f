//! How things fail: what happened, what to type next, and the exit status that a script acts on.

use std::{error::Error, io, path::PathBuf, process::ExitCode, time::Duration};

use bwusage_proto::{
    alert::RuleError, client::ClientError, filter::NotOfProcesses, message::RefusalCode, text,
    when::WhenError,
};
use serde::Serialize;

/// How the program ends. The numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    Denied = 4,
    Mismatch = 5,
    Empty = 6,
    Holds = 7,
    TimedOut = 8,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("bwusaged did not answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    #[error("no row matches")]
    Empty,
    #[error("there is no interface {0} that had traffic")]
    NoInterface(String),
    #[error("{what} does not go with --by {by}")]
    NotOfConnections { what: String, by: &'static str },
    #[error("{0}")]
    NotOfProcesses(NotOfProcesses),
    #[error("cannot write the answer")]
    Output(#[source] io::Error),
    #[error("cannot prepare the answer as JSON")]
    Json(#[source] serde_json::Error),
    #[error("cannot draw on the terminal")]
    Terminal(#[source] io::Error),
    #[error("{0}")]
    Rule(RuleError),
    #[error("{option}: {error}")]
    When { option: &'static str, error: WhenError },
    #[error("the range ends before it begins")]
    NoTime,
    #[error("there is no time zone {0}")]
    TimeZone(String),
    #[error("there is no user {0}")]
    NoUser(String),
    #[error("this daemon remembers nothing")]
    NoHistory,
    #[error("say what to write: --format csv, ndjson or sqlite")]
    NoFormat,
    #[error("{format} holds one kind of series: --per takes one name")]
    OnePer { format: &'static str },
    #[error("a database cannot be written to standard output")]
    DatabaseToPipe,
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error(transparent)]
    NotifyConfig(#[from] crate::notify::config::ConfigError),
    #[error(transparent)]
    NotifyCursor(#[from] bwusage_proto::notify::CursorError),
    #[error("not everybody was told")]
    Untold,
    #[error("there is no home directory to keep anything in")]
    NoHome,
    #[error("cannot start")]
    Start(#[source] io::Error),
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => client_exit(error),
            Self::Timeout(_) => Exit::TimedOut,
            Self::Empty | Self::NoInterface(_) => Exit::Empty,
            Self::NotOfConnections { .. }
            | Self::NotOfProcesses(_)
            | Self::Rule(_)
            | Self::When { .. }
            | Self::NoTime
            | Self::TimeZone(_)
            | Self::NoUser(_)
            | Self::NoFormat
            | Self::OnePer { .. }
            | Self::DatabaseToPipe
            | Self::NotifyConfig(_) => Exit::Usage,
            // Whoever read has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(_)
            | Self::Json(_)
            | Self::Terminal(_)
            | Self::Start(_)
            | Self::NoHistory
            | Self::Exists(_)
            | Self::File { .. }
            | Self::Database { .. }
            | Self::NotifyCursor(_)
            | Self::Untold
            | Self::NoHome => Exit::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Client(error) => client_code(error),
            Self::Timeout(_) => "timeout",
            Self::Empty | Self::NoInterface(_) => "empty",
            Self::NotOfConnections { .. }
            | Self::NotOfProcesses(_)
            | Self::Rule(_)
            | Self::When { .. }
            | Self::NoTime
            | Self::TimeZone(_)
            | Self::NoUser(_)
            | Self::NoFormat
            | Self::OnePer { .. }
            | Self::DatabaseToPipe => "usage",
            Self::NoHistory => "no_history",
            Self::Exists(_) | Self::File { .. } | Self::Database { .. } => "file",
            Self::NotifyConfig(_) => "notify_config",
            Self::NotifyCursor(_) | Self::NoHome => "notify_state",
            Self::Untold => "untold",
            Self::Output(_) => "output",
            Self::Json(_) => "json",
            Self::Terminal(_) => "terminal",
            Self::Start(_) => "start",
        }
    }

    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Client(error) => error.hints(),
            Self::Timeout(_) => vec!["give it more time:   --timeout 30s".into()],
            Self::Empty => vec!["rows without traffic are left out unless you say --all".into()],
            Self::NotOfConnections { by, .. } => {
                vec![format!("see what does:   bwusage-ctl connections --by {by} --help")]
            }
            Self::NotOfProcesses(_) => vec![
                "with the same filter:   bwusage-ctl connections --filter EXPR".into(),
                "hosts, services or interfaces:   bwusage-ctl top --by remote|port|interface --filter EXPR"
                    .into(),
            ],
            Self::NoInterface(_) => vec!["see which there are:   bwusage-ctl ledger".into()],
            Self::Rule(_) => vec!["see what can be written:   bwusage-ctl alerts add --help".into()],
            Self::NoHistory => vec!["see why:   bwusage-ctl status".into()],
            Self::Exists(_) => vec!["write over it:   --force".into()],
            Self::NotifyConfig(error) => vec![error.hint()],
            Self::NotifyCursor(error) => error.hint().into_iter().collect(),
            Self::NoHome => vec!["name a file:   --state FILE".into()],
            Self::NoTime => vec!["put the earlier one first:   --from -7d --to yesterday".into()],
            Self::TimeZone(_) => vec!["write it as in the IANA database:   --tz Europe/Berlin".into()],
            Self::NoUser(_) => vec!["one that has no name any more goes by number:   --user 1000".into()],
            Self::NoFormat => vec!["or let the name of the file say it:   --out usage.csv".into()],
            Self::OnePer { .. } => vec!["write a file for each, or a database:   --format sqlite".into()],
            Self::DatabaseToPipe => vec!["name a file:   --out usage.sqlite".into()],
            Self::Output(_)
            | Self::Json(_)
            | Self::Terminal(_)
            | Self::Start(_)
            | Self::When { .. }
            | Self::File { .. }
            | Self::Database { .. }
            | Self::Untold => Vec::new(),
        }
    }

    /// The error and its causes in one sentence, safe for a terminal.
    pub(crate) fn message(&self) -> String {
        let message = match self {
            // Its text has the reason already.
            Self::Client(ClientError::Unreachable { .. }) => self.to_string(),
            _ => chain(self),
        };
        text::escape(&message).into_owned()
    }

    /// Tells it on standard error, and also in JSON where the caller reads that.
    pub(crate) fn tell(&self, json: bool) -> Exit {
        let exit = self.exit();
        if exit != Exit::Done {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{style}error:{style:#} {}", self.message());
            for hint in self.hints() {
                anstream::eprintln!("  {}", text::escape(&hint));
            }
            if json && let Ok(line) = serde_json::to_string(&self.report()) {
                anstream::eprintln!("{line}");
            }
        }
        exit
    }

    fn report(&self) -> FailureReport {
        let hints = self.hints();
        FailureReport {
            schema: "bwusage.error/1",
            code: self.code(),
            exit_code: self.exit() as u8,
            message: self.message(),
            hint: (!hints.is_empty()).then(|| hints.join("\n")),
        }
    }
}

/// `error` and its causes. Not escaped.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push_str(": ");
        chain.push_str(&error.to_string());
        cause = error.source();
    }
    chain
}

/// `bwusage.error/1`.
#[derive(Debug, Serialize)]
struct FailureReport {
    schema: &'static str,
    code: &'static str,
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

/// The name of what went wrong, for scripts.
pub(crate) fn client_code(error: &ClientError) -> &'static str {
    match error {
        ClientError::Unreachable { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => "permission_denied",
            io::ErrorKind::TimedOut => "timeout",
            _ => "unreachable",
        },
        ClientError::Greeting { .. } => "not_bwusaged",
        ClientError::VersionMismatch { .. } => "version_mismatch",
        ClientError::Busy { .. } => "busy",
        ClientError::TurnedAway { .. } => "turned_away",
        ClientError::Refused(refusal) if refusal.code == RefusalCode::NotFound as u16 => "not_found",
        ClientError::Refused(_) => "refused",
        ClientError::Goodbye => "shutting_down",
        ClientError::Lost(_) => "lost",
        ClientError::Timeout(_) => "timeout",
        ClientError::Protocol(_) => "protocol",
    }
}

fn client_exit(error: &ClientError) -> Exit {
    match error {
        ClientError::Unreachable { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => Exit::Denied,
            io::ErrorKind::TimedOut => Exit::TimedOut,
            _ => Exit::Unreachable,
        },
        ClientError::Goodbye | ClientError::Lost(_) => Exit::Unreachable,
        ClientError::Greeting { .. } | ClientError::VersionMismatch { .. } | ClientError::Protocol(_) => {
            Exit::Mismatch
        }
        ClientError::Refused(refusal) if refusal.code == RefusalCode::Denied as u16 => Exit::Denied,
        ClientError::Refused(refusal) if refusal.code == RefusalCode::NotFound as u16 => Exit::Empty,
        ClientError::Timeout(_) => Exit::TimedOut,
        ClientError::Busy { .. } | ClientError::TurnedAway { .. } | ClientError::Refused(_) => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{message::Refusal, transport::Endpoint, version::VersionRange};

    use super::*;

    fn unreachable(kind: io::ErrorKind) -> Failure {
        ClientError::Unreachable { endpoint: Endpoint::new("/x/bwusage.sock"), source: kind.into() }.into()
    }

    #[test]
    fn every_way_to_be_unreachable_has_its_own_answer() {
        let missing = unreachable(io::ErrorKind::NotFound);
        assert_eq!(missing.message(), "cannot reach bwusaged at /x/bwusage.sock (no such file)");
        assert_eq!(missing.exit(), Exit::Unreachable);
        assert!(missing.hints()[0].starts_with("the daemon is not running - start it:"));
        let denied = unreachable(io::ErrorKind::PermissionDenied);
        assert_eq!((denied.exit(), denied.code()), (Exit::Denied, "permission_denied"));
        assert_eq!(unreachable(io::ErrorKind::ConnectionRefused).exit(), Exit::Unreachable);
    }

    #[test]
    fn a_version_mismatch_tells_both_ranges() {
        let failure = Failure::from(ClientError::VersionMismatch {
            daemon_version: "2.1.0".into(),
            theirs: VersionRange { min: 2, max: 3 },
            ours: VersionRange { min: 1, max: 1 },
            client: "bwusage-ctl".into(),
        });
        let message = failure.message();
        assert!(message.starts_with("bwusaged 2.1.0 speaks protocol 2-3, this bwusage-ctl "), "{message}");
        assert!(message.ends_with(" speaks 1"), "{message}");
        assert_eq!((failure.exit(), failure.hints().len()), (Exit::Mismatch, 1));
    }

    #[test]
    fn causes_are_told_and_cannot_act_on_the_terminal() {
        let failure = Failure::Output(io::Error::other("disk\x1b[2J full"));
        assert_eq!(failure.message(), r"cannot write the answer: disk\x1b[2J full");
    }

    #[test]
    fn a_reader_that_has_read_enough_is_no_failure() {
        assert_eq!(Failure::Output(io::ErrorKind::BrokenPipe.into()).exit(), Exit::Done);
        assert_eq!(Failure::Output(io::ErrorKind::StorageFull.into()).exit(), Exit::Failed);
    }

    #[test]
    fn a_script_gets_code_status_and_hint() {
        let refusal =
            |code: RefusalCode| Refusal { code: code as u16, message: "no".into(), hint: Some("ask".into()) };
        let denied = Failure::from(ClientError::Refused(refusal(RefusalCode::Denied)));
        let report = serde_json::to_value(denied.report()).unwrap();
        let expected = serde_json::json!({
            "schema": "bwusage.error/1", "code": "refused", "exit_code": 4, "message": "bwusaged refused: no", "hint": "ask",
        });
        assert_eq!(report, expected);
        assert_eq!(Failure::from(ClientError::Refused(refusal(RefusalCode::TooMany))).exit(), Exit::Failed);
        let unknown = Failure::from(ClientError::Refused(refusal(RefusalCode::NotFound)));
        assert_eq!((unknown.exit(), unknown.code()), (Exit::Empty, "not_found"));
    }
}
