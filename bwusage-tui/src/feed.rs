//! Follows the daemon in a task of its own, so that no key press interrupts a connection that is being made.

use std::{error::Error as _, io, sync::Arc, time::Duration};

use bwusage_proto::{
    client::{ClientError, Event, Follow},
    transport::Endpoint,
};
use tokio::sync::{mpsc, watch};

use crate::app::{Msg, Questions, Trouble};

mod ask;
use ask::Task;

/// The name by which the daemon's log knows this client.
const NAME: &str = "bwusage-tui";
/// Messages on the way to the model. More are never useful: the daemon merges what is not read.
const IN_FLIGHT: usize = 2;

/// What the model wants of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Connect now.
    RetryNow,
    /// Subscribe anew, with this time between two ticks.
    Interval(Duration),
    /// Ask this at every interval, and nothing else any more.
    Ask(Questions),
}

/// The two ends of a running feed. Dropping it ends its tasks.
#[derive(Debug)]
pub struct Feed {
    messages: mpsc::Receiver<Msg>,
    answers: mpsc::Receiver<Msg>,
    commands: mpsc::UnboundedSender<Command>,
    task: watch::Sender<Task>,
}

impl Feed {
    /// Begins to follow `endpoint`. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(endpoint: Endpoint, interval: Duration) -> Self {
        let (to_model, messages) = mpsc::channel(IN_FLIGHT);
        let (commands, from_model) = mpsc::unbounded_channel();
        tokio::spawn(follow(endpoint.clone(), interval, to_model, from_model));
        let (answers_to_model, answers) = mpsc::channel(IN_FLIGHT);
        let (task, asked) = watch::channel(Task { questions: Questions::default(), every: interval });
        tokio::spawn(ask::ask(endpoint, asked, answers_to_model));
        Self { messages, answers, commands, task }
    }

    /// The next message for the model; `None` when a task ended, which it does only by a fault.
    pub async fn next(&mut self) -> Option<Msg> {
        tokio::select! {
            msg = self.messages.recv() => msg,
            msg = self.answers.recv() => msg,
        }
    }

    /// Passes a wish on. A task that ended is noticed by [`Feed::next`].
    pub fn command(&self, command: Command) {
        match command {
            Command::Ask(questions) => return self.task.send_modify(|task| task.questions = questions),
            Command::Interval(every) => self.task.send_modify(|task| task.every = every),
            Command::RetryNow => {}
        }
        let _ = self.commands.send(command);
    }
}

async fn follow(
    endpoint: Endpoint,
    interval: Duration,
    to_model: mpsc::Sender<Msg>,
    mut from_model: mpsc::UnboundedReceiver<Command>,
) {
    let mut follow = Follow::new(endpoint.clone(), NAME, interval);
    // Kept here because a change of the interval begins a new `Follow`, which has never met a daemon before.
    let mut instance = None;
    loop {
        let event = tokio::select! {
            event = follow.next() => event,
            command = from_model.recv() => {
                match command {
                    Some(Command::RetryNow) => follow.retry_now(),
                    Some(Command::Ask(_)) => {} // The other task does it.
                    Some(Command::Interval(interval)) => follow = Follow::new(endpoint.clone(), NAME, interval),
                    None => return,
                }
                continue;
            }
        };
        let mirror = || follow.mirror().cloned().map(Arc::new);
        let msg = match event {
            Event::Up { .. } => {
                let now = follow.daemon().map(|daemon| daemon.instance);
                let restarted = instance.is_some() && instance != now;
                instance = now;
                mirror().map(|mirror| Msg::Up { mirror, restarted })
            }
            Event::Tick => mirror().map(Msg::Tick),
            Event::Down { error, retry_in } => Some(Msg::Down(trouble(&error, retry_in))),
        };
        if let Some(msg) = msg
            && to_model.send(msg).await.is_err()
        {
            return;
        }
    }
}

/// A failed connection in the words of the screen.
fn trouble(error: &ClientError, retry_in: Duration) -> Trouble {
    let denied = matches!(error, ClientError::Unreachable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied);
    Trouble {
        headline: headline(error),
        sentence: sentence(error),
        hints: error.hints(),
        needs_user: denied || !error.is_transient(),
        retry_in,
    }
}

fn headline(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => "not running".into(),
            io::ErrorKind::ConnectionRefused => "connection refused".into(),
            io::ErrorKind::PermissionDenied => "permission denied".into(),
            kind => kind.to_string(),
        },
        ClientError::Lost(_) => "connection lost".into(),
        ClientError::Goodbye => "it shut down".into(),
        ClientError::Timeout(_) => "no answer".into(),
        ClientError::Busy { .. } => "too many connections".into(),
        error => error.to_string(),
    }
}

/// The error with its causes. That of an unreachable daemon already says why.
fn sentence(error: &ClientError) -> String {
    let mut sentence = error.to_string();
    if !matches!(error, ClientError::Unreachable { .. }) {
        let mut source = error.source();
        while let Some(cause) = source {
            sentence = format!("{sentence}: {cause}");
            source = cause.source();
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable(kind: io::ErrorKind) -> ClientError {
        ClientError::Unreachable { endpoint: Endpoint::new("/run/x.sock"), source: kind.into() }
    }

    #[test]
    fn a_closed_door_needs_the_user_and_a_restart_does_not() {
        let second = Duration::from_secs(1);
        assert!(trouble(&unreachable(io::ErrorKind::PermissionDenied), second).needs_user);
        assert!(!trouble(&unreachable(io::ErrorKind::ConnectionRefused), second).needs_user);
    }

    #[test]
    fn the_cause_is_told_once() {
        let text = sentence(&unreachable(io::ErrorKind::NotFound));
        assert_eq!(text, "cannot reach bwusaged at /run/x.sock (no such file)");
        let text = sentence(&ClientError::Lost(io::Error::other("reset")));
        assert_eq!(text, "the connection to bwusaged was lost: reset");
    }
}
