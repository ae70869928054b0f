//! One open page: what it has been told, and so what it is to be told next.

use std::sync::Arc;

use axum::body::Bytes;
use bwusage_proto::users::Users;

use crate::{
    access::Sight,
    events,
    moment::{Live, Moment},
    pace::Pace,
    question::Question,
};

/// The state of one event stream: pure, a moment in, events out.
///
/// A viewer that reads slowly, or wants to be told seldom, sees fewer moments. It then lacks no point of the charts: they
/// come as a backfill. Nor does it lack a byte: speeds are of all the time since it was told last.
#[derive(Debug)]
pub(crate) struct Viewer {
    question: Question,
    sight: Sight,
    pace: Pace,
    told_until_unix_ms: u64,
    /// The moment that it was told last; none after the daemon was away.
    told: Option<Arc<Moment>>,
}

impl Viewer {
    /// A viewer that asks `question`, is shown what `sight` shows, and already has the window up to `since_unix_ms`.
    pub(crate) fn new(question: Question, sight: Sight, pace: Pace, since_unix_ms: u64) -> Self {
        Self { question, sight, pace, told_until_unix_ms: since_unix_ms, told: None }
    }

    /// From now on it is shown what `sight` shows.
    pub(crate) fn look_with(&mut self, sight: &Sight) {
        self.sight.clone_from(sight);
    }

    /// The events that bring this viewer to `moment`; none while there is nothing to say.
    pub(crate) fn catch_up(&mut self, moment: &Arc<Moment>, users: &Users) -> Vec<Bytes> {
        match &**moment {
            Moment::Connecting => Vec::new(),
            Moment::Away(down) => {
                self.told = None;
                vec![events::down(down)]
            }
            Moment::Live(live) => {
                let told = self.told.take();
                let before = told.as_deref().and_then(|told| told.live().ok());
                let before = before.filter(|before| before.connection == live.connection);
                if before.is_some_and(|before| !live.is_due_after(before, self.pace)) {
                    self.told = told;
                    return Vec::new();
                }
                let events = self.catch_up_with(live, before, users);
                self.told = Some(Arc::clone(moment));
                events
            }
        }
    }

    /// `before` is what it was told last over the same connection to the daemon.
    fn catch_up_with(&mut self, live: &Live, before: Option<&Live>, users: &Users) -> Vec<Bytes> {
        let mut events = Vec::new();
        if before.is_none() {
            events.push(live.hello());
        }
        let missed = || {
            live.window_since(self.told_until_unix_ms).filter(|point| point.at_unix_ms < live.at_unix_ms())
        };
        if missed().next().is_some() {
            events.push(events::backfill(missed()));
        }
        self.told_until_unix_ms = live.at_unix_ms();
        events.push(live.tick());
        let seen = live.seen_by(&self.sight);
        let top = match before {
            Some(before) => seen.top_since(&before.seen_by(&self.sight), &self.question, users),
            None => seen.top(&self.question, users),
        };
        events.extend(events::top(top));
        events
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bwusage_proto::client::ClientError;

    use super::*;
    use crate::{events::Down, question::Parameters, sample};

    fn viewer(since_unix_ms: u64) -> Viewer {
        Viewer::new(
            Question::new(&Parameters::default()).unwrap(),
            Sight::everything(),
            Pace::default(),
            since_unix_ms,
        )
    }

    /// The names of the events, and how many points the backfill among them has.
    fn told(viewer: &mut Viewer, moment: Moment) -> (Vec<String>, usize) {
        let bytes = viewer.catch_up(&Arc::new(moment), &Users::new()).concat();
        let text = String::from_utf8(bytes).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("event: ")).map(Into::into).collect();
        let points = text.split("event: backfill").nth(1).map_or(0, |rest| {
            let data = rest.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            let columns: serde_json::Value = serde_json::from_str(data).unwrap();
            columns["at_unix_ms"].as_array().unwrap().len()
        });
        (names, points)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().copied().map(Into::into).collect()
    }

    #[test]
    fn a_new_viewer_is_told_everything_and_the_past() {
        let events = names(&["hello", "backfill", "tick", "top"]);
        assert_eq!(told(&mut viewer(0), sample::live(1, 5)), (events, 4));
    }

    #[test]
    fn a_viewer_that_keeps_up_is_told_only_what_is_new() {
        let mut viewer = viewer(0);
        told(&mut viewer, sample::live(1, 5));
        assert_eq!(told(&mut viewer, sample::live(1, 6)), (names(&["tick", "top"]), 0));
    }

    #[test]
    fn a_slow_viewer_lacks_no_point() {
        let mut viewer = viewer(0);
        told(&mut viewer, sample::live(1, 5));
        assert_eq!(told(&mut viewer, sample::live(1, 9)), (names(&["backfill", "tick", "top"]), 3));
    }

    #[test]
    fn a_viewer_that_wants_to_be_told_seldom_lacks_no_point_either() {
        let mut viewer = Viewer { pace: Pace::new(Some(2000)).unwrap(), ..viewer(0) };
        told(&mut viewer, sample::live(1, 4));
        assert_eq!(told(&mut viewer, sample::live(1, 5)), (names(&[]), 0));
        assert_eq!(told(&mut viewer, sample::live(1, 6)), (names(&["backfill", "tick", "top"]), 1));
    }

    #[test]
    fn a_viewer_is_told_the_speed_since_it_was_told_last() {
        let mut viewer = viewer(0);
        told(&mut viewer, sample::live(1, 1));
        let bytes = viewer.catch_up(&Arc::new(sample::live(1, 5)), &Users::new()).concat();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\"window_ms\":4000") && text.contains("\"rx_bytes_per_s\":0"), "{text}");
    }

    #[test]
    fn a_viewer_that_comes_back_gets_only_what_it_lacks() {
        let seen = sample::mirror(3).taken_at_unix_ms;
        let events = names(&["hello", "backfill", "tick", "top"]);
        assert_eq!(told(&mut viewer(seen), sample::live(1, 5)), (events, 1));
    }

    #[test]
    fn a_daemon_that_comes_back_is_introduced_again() {
        let mut viewer = viewer(0);
        told(&mut viewer, sample::live(1, 5));
        let away = Moment::Away(Down::new(&ClientError::Goodbye, Duration::from_secs(1)));
        assert_eq!(told(&mut viewer, away).0, ["down"]);
        assert_eq!(told(&mut viewer, sample::live(2, 6)).0, ["hello", "tick", "top"]);
    }

    #[test]
    fn a_reconnect_between_two_looks_is_noticed() {
        let mut viewer = viewer(0);
        told(&mut viewer, sample::live(1, 5));
        assert_eq!(told(&mut viewer, sample::live(2, 6)).0, ["hello", "tick", "top"]);
    }

    #[test]
    fn nothing_is_said_before_the_first_answer_of_the_daemon() {
        assert_eq!(told(&mut viewer(0), Moment::Connecting).0, [""; 0]);
    }

    #[test]
    fn no_name_can_end_an_event_or_begin_another() {
        let bytes = viewer(0).catch_up(&Arc::new(sample::live(1, 5)), &Users::new()).concat();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("<script>"), "the hostile name is there");
        let events: Vec<_> = text.split_terminator("\n\n").collect();
        assert_eq!(events.len(), 4);
        for event in events {
            let (last, before) =
                event.lines().collect::<Vec<_>>().split_last().map(|(a, b)| (*a, b.len())).unwrap();
            let data = last.strip_prefix("data: ").expect(event);
            assert!(before <= 2 && serde_json::from_str::<serde_json::Value>(data).is_ok(), "{event}");
            assert!(!event.contains('\r'), "{event}");
        }
    }
}
