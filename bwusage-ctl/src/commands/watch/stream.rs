//! Into a pipe: one JSON object a line.
//!
//! An interrupt ends the process as it ends any other in a pipeline: a handler could not run while the reader makes us
//! wait.

use std::time::{SystemTime, UNIX_EPOCH};

use bwusage_proto::{
    client::{ClientError, Event, Follow},
    report::{EndReason, Moment, TopReport, WATCH_SCHEMA, WatchRecord},
    table::table,
    users::Users,
};

use crate::{
    cli::Watch,
    failure::{Exit, Failure, client_code},
    output,
};

/// Where the stream stands.
#[derive(Debug, Default)]
struct Progress {
    samples: u64,
    last_sample_at: Option<Moment>,
    /// Another run of the daemon, not yet said.
    restarted: bool,
    in_gap: bool,
}

/// What an event means for the stream.
#[derive(Debug, PartialEq)]
enum Step {
    Sample,
    Gap,
    /// A failed attempt inside a gap.
    Nothing,
    Fail,
}

impl Progress {
    fn step(&mut self, event: &Event) -> Step {
        match event {
            Event::Up { restarted } => {
                (self.restarted, self.in_gap) = (*restarted, false);
                Step::Sample
            }
            Event::Tick => Step::Sample,
            Event::Down { error, .. } if !error.is_transient() => Step::Fail,
            Event::Down { .. } if self.in_gap => Step::Nothing,
            Event::Down { .. } => {
                self.in_gap = true;
                Step::Gap
            }
        }
    }
}

pub(super) async fn run(mut follow: Follow, first: Event, arguments: &Watch) -> Result<Exit, Failure> {
    let users = Users::new();
    let mut progress = Progress::default();
    let mut event = first;
    loop {
        match (progress.step(&event), event) {
            (Step::Sample, _) => {
                sample(&follow, &users, arguments, &mut progress)?;
                if arguments.count == Some(progress.samples) {
                    end(EndReason::Count, &progress)?;
                    return Ok(Exit::Done);
                }
            }
            (Step::Gap, Event::Down { error, .. }) => gap(&error, &progress)?,
            (Step::Fail, Event::Down { error, .. }) => {
                end(EndReason::Failed, &progress)?;
                return Err(error.into());
            }
            _ => {}
        }
        event = follow.next().await;
    }
}

fn sample(follow: &Follow, users: &Users, arguments: &Watch, progress: &mut Progress) -> Result<(), Failure> {
    let (Some(mirror), Some(daemon)) = (follow.mirror(), follow.daemon()) else { return Ok(()) };
    let query = arguments.rows.query();
    let table = table(mirror, users, &query);
    output::json(&WatchRecord::Sample {
        seq: mirror.seq,
        restarted: std::mem::take(&mut progress.restarted),
        top: TopReport::new(mirror, &table, query.by, &daemon.version),
    })?;
    progress.samples += 1;
    progress.last_sample_at = Some(Moment(mirror.taken_at_unix_ms));
    Ok(())
}

fn gap(error: &ClientError, progress: &Progress) -> Result<(), Failure> {
    output::json(&WatchRecord::Gap {
        schema: WATCH_SCHEMA,
        at: now(),
        last_sample_at: progress.last_sample_at,
        code: client_code(error),
        message: error.to_string(),
    })
}

fn end(reason: EndReason, progress: &Progress) -> Result<(), Failure> {
    output::json(&WatchRecord::End { schema: WATCH_SCHEMA, at: now(), reason, samples: progress.samples })
}

fn now() -> Moment {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(since_epoch.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bwusage_proto::version::VersionRange;

    use super::*;

    fn down(error: ClientError) -> Event {
        Event::Down { error, retry_in: Duration::ZERO }
    }

    #[test]
    fn a_lost_daemon_is_one_gap_however_often_it_is_tried() {
        let mut progress = Progress::default();
        assert_eq!(progress.step(&Event::Tick), Step::Sample);
        assert_eq!(progress.step(&down(ClientError::Goodbye)), Step::Gap);
        assert_eq!(progress.step(&down(ClientError::Goodbye)), Step::Nothing);
        assert_eq!(progress.step(&Event::Up { restarted: true }), Step::Sample);
        assert!(progress.restarted);
        assert_eq!(
            progress.step(&down(ClientError::Goodbye)),
            Step::Gap,
            "the next loss is a gap of its own"
        );
    }

    #[test]
    fn a_daemon_of_another_version_is_not_waited_for() {
        let mismatch = ClientError::VersionMismatch {
            daemon_version: String::new(),
            theirs: VersionRange { min: 9, max: 9 },
            ours: VersionRange::OURS,
            client: String::new(),
        };
        assert_eq!(Progress::default().step(&down(mismatch)), Step::Fail);
    }
}
