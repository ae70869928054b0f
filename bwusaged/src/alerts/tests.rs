use bwusage_proto::alert::{AlertState, EventKind, NewRule};
use jiff::tz::TimeZone;

use super::*;
use crate::server::access::Visibility;

pub(crate) mod machine;
use machine::{ALICE, BOB, Machine, process};

const MINUTE_S: u64 = 60;

fn calendar() -> Calendar {
    Calendar::new(TimeZone::UTC, 1)
}

fn root() -> Asker {
    Asker { user: UserId::Uid(0), administrator: true }
}

fn user(user: &UserId) -> Asker {
    Asker { user: user.clone(), administrator: false }
}

/// A machine and what watches it.
struct Watched {
    machine: Machine,
    alerts: Alerts,
    policy: Policy,
}

impl Watched {
    fn new(visibility: Visibility) -> Self {
        let policy = Policy { visibility, group: None };
        let mut machine = Machine::new();
        machine.run(process(1, "curl", &ALICE));
        machine.tick();
        Self { machine, alerts: Alerts::new(None, 7, policy, calendar()), policy }
    }

    fn add(&mut self, asker: &Asker, text: &str) -> RuleId {
        let new = NewRule { cooldown_s: 0, ..NewRule::new(text).unwrap() };
        self.alerts.add(asker, new, self.machine.now.unix_ms).unwrap().id
    }

    /// Lets `seconds` pass, a look each.
    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.machine.tick();
            self.look();
        }
    }

    fn look(&mut self) {
        self.alerts.look(self.machine.now, &self.machine.store);
    }

    /// What was told to `asker` since this was asked before, oldest first.
    fn told(&self, asker: &Asker, after: u64) -> Vec<(RuleId, EventKind, Option<String>)> {
        let events = self.alerts.events(asker, Some((7, after)), u64::MAX).events;
        events.into_iter().map(|event| (event.rule, event.kind, event.subject)).collect()
    }

    fn state(&self, rule: RuleId) -> AlertState {
        let list = self.alerts.list(&root(), self.machine.now.unix_ms);
        list.rules.iter().find(|known| known.id == rule).unwrap().status.state
    }

    /// The daemon ends and another one begins, with what was saved.
    fn restart(&mut self) {
        let saved = serde_json::to_string(&self.alerts.image()).unwrap();
        let image = serde_json::from_str(&saved).unwrap();
        self.alerts = Alerts::new(Some(image), 99, self.policy, calendar());
        self.machine.restart();
    }
}

/// Every form of the language, with what makes it hold and what ends that.
type Form = (&'static str, fn(&mut Watched), fn(&mut Watched));

const FORMS: [Form; 14] = [
    ("app curl: rx > 1kB / 5m", |w| w.machine.moves(1, 2000), |w| w.pass(6 * MINUTE_S)),
    ("user 1000: total > 1kB / 5m", |w| w.machine.moves(1, 2000), |w| w.pass(6 * MINUTE_S)),
    ("rx > 1kB / 5m", |w| w.machine.eth0.rx_bytes += 2000, |w| w.pass(6 * MINUTE_S)),
    ("interface eth0: tx > 1kB / 5m", |w| w.machine.eth0.tx_bytes += 2000, |w| w.pass(6 * MINUTE_S)),
    ("app curl: rx > 80% of 2kB / month", |w| w.machine.moves(1, 2000), next_month),
    ("total > 1kB / day", |w| w.machine.eth0.tx_bytes += 2000, next_month),
    ("rate.rx > 1kB/s for 3s", stream, |w| w.pass(2)),
    ("app curl: rate.rx > 1kB/s", stream, |w| w.pass(2)),
    ("cpu > 90% for 3s", |w| w.machine.cpu_percent = 95, |w| calm(w, |m| m.cpu_percent = 1)),
    ("mem > 90%", |w| w.machine.memory_percent = 95, |w| calm(w, |m| m.memory_percent = 10)),
    ("mem > 900B", |w| w.machine.memory_percent = 95, |w| calm(w, |m| m.memory_percent = 10)),
    ("ledger.lost > 0", |w| w.machine.lost += 1, |w| w.pass(11 * MINUTE_S)),
    ("new application", begin_steam, |w| w.pass(2 * MINUTE_S)),
    ("background application moves data", |w| w.machine.moves(1, 1), |w| w.pass(2 * MINUTE_S)),
];

fn stream(watched: &mut Watched) {
    for _ in 0..5 {
        watched.machine.moves(1, 2000);
        watched.machine.eth0.rx_bytes += 2000;
        watched.pass(1);
    }
}

fn calm(watched: &mut Watched, change: fn(&mut Machine)) {
    change(&mut watched.machine);
    watched.pass(2);
}

fn next_month(watched: &mut Watched) {
    watched.machine.wait(31 * 86_400);
    watched.look();
}

fn begin_steam(watched: &mut Watched) {
    watched.machine.run(process(2, "steam", &BOB));
    watched.machine.moves(2, 1);
}

#[test]
fn every_form_fires_survives_a_restart_and_resolves() {
    for (text, raise, end) in FORMS {
        let mut watched = Watched::new(Visibility::Names);
        let rule = watched.add(&root(), text);
        watched.pass(3);
        assert_eq!((watched.told(&root(), 0), watched.state(rule)), (vec![], AlertState::Ok), "{text}");
        raise(&mut watched);
        // As long as the slowest of them takes; what streams goes on.
        for _ in 0..4 {
            if text.contains("rate") {
                watched.machine.moves(1, 2000);
                watched.machine.eth0.rx_bytes += 2000;
            }
            watched.pass(1);
        }
        let kinds = |told: Vec<(RuleId, EventKind, Option<String>)>| -> Vec<EventKind> {
            told.into_iter().map(|(_, kind, _)| kind).collect()
        };
        assert_eq!(kinds(watched.told(&root(), 0)), [EventKind::Firing], "{text}");
        watched.restart();
        watched.pass(1);
        assert_eq!(watched.state(rule), AlertState::Firing, "{text}");
        assert_eq!(watched.told(&root(), 1), [], "{text}: nothing is told twice");
        end(&mut watched);
        assert_eq!(kinds(watched.told(&root(), 1)), [EventKind::Resolved], "{text}");
        assert_ne!(watched.state(rule), AlertState::Firing, "{text}");
    }
}

#[test]
fn a_sum_goes_on_where_the_last_daemon_left_it() {
    let mut watched = Watched::new(Visibility::Names);
    watched.add(&root(), "app curl: rx > 1kB / 1d");
    watched.pass(1);
    watched.machine.moves(1, 600);
    watched.pass(1);
    watched.restart();
    watched.machine.moves(1, 300);
    watched.pass(1);
    assert_eq!(watched.told(&root(), 0), []);
    watched.machine.moves(1, 101);
    watched.pass(1);
    assert_eq!(watched.told(&root(), 0).len(), 1, "600, and 401 that the new daemon counted from its start");
}

#[test]
fn what_the_machine_counted_before_a_restart_is_not_counted_again() {
    let mut watched = Watched::new(Visibility::Names);
    watched.machine.eth0.rx_bytes = 1 << 40;
    watched.add(&root(), "rx > 1kB / 1d");
    watched.pass(2);
    watched.restart();
    watched.pass(2);
    assert_eq!(watched.told(&root(), 0), []);
}

#[test]
fn a_users_rule_covers_what_that_user_may_see_and_an_administrators_everything() {
    let mut watched = Watched::new(Visibility::Own);
    watched.machine.run(process(2, "curl", &BOB));
    let rules =
        [user(&ALICE), user(&BOB), root()].map(|asker| watched.add(&asker, "app curl: rx > 1kB / 1d"));
    let [_, _, news] = [user(&ALICE), user(&BOB), root()].map(|asker| watched.add(&asker, "new application"));
    watched.pass(1);
    watched.machine.moves(2, 2000);
    watched.machine.run(process(3, "steam", &ALICE));
    watched.pass(1);
    let fired: Vec<_> = watched.told(&root(), 0).into_iter().map(|(rule, ..)| rule).collect();
    assert!(!fired.contains(&rules[0]) && fired.contains(&rules[1]) && fired.contains(&rules[2]));
    assert!(fired.contains(&news), "an application that is new to the machine");
    assert_eq!(watched.told(&user(&ALICE), 0), [], "alice's curl moved nothing, and bob's is none of hers");
}

#[test]
fn an_application_is_new_to_those_who_could_not_see_it_before() {
    let mut watched = Watched::new(Visibility::Own);
    watched.machine.run(process(2, "curl", &BOB));
    watched.machine.moves(2, 5);
    let hers = watched.add(&user(&ALICE), "new application");
    let all = watched.add(&root(), "new application");
    watched.pass(1);
    watched.machine.moves(1, 5);
    watched.pass(1);
    let fired: Vec<_> = watched.told(&root(), 0).into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!((fired.contains(&hers), fired.contains(&all)), (true, false));
}

#[test]
fn rules_and_events_are_their_owners_and_administrators_to_see_and_change() {
    let mut watched = Watched::new(Visibility::All);
    let rule = watched.add(&user(&ALICE), "cpu > 90%");
    watched.machine.cpu_percent = 95;
    watched.pass(1);
    let (alice, bob, now) = (user(&ALICE), user(&BOB), watched.machine.now.unix_ms);
    let listed = |watched: &Watched, asker: &Asker| watched.alerts.list(asker, now).rules.len();
    assert_eq!([&alice, &bob, &root()].map(|asker| listed(&watched, asker)), [1, 0, 1]);
    let query = LogQuery { rule: None, before: None, limit: 10 };
    let logged = |asker: &Asker| watched.alerts.page(asker, query).events.len();
    assert_eq!([&alice, &bob, &root()].map(logged), [1, 0, 1]);
    assert_eq!([&alice, &bob, &root()].map(|asker| watched.told(asker, 0).len()), [1, 0, 1]);
    let alerts = &mut watched.alerts;
    assert_eq!(alerts.remove(&bob, rule), Err(Refused::NoSuchRule(rule)));
    assert_eq!(alerts.enable(&bob, rule, false, now), Err(Refused::NoSuchRule(rule)));
    assert_eq!(alerts.snooze(&bob, rule, Some(now), now), Err(Refused::NoSuchRule(rule)));
    assert_eq!(alerts.enable(&alice, rule, false, now).unwrap().status.state, AlertState::Off);
    assert_eq!(
        alerts.snooze(&root(), rule, Some(now + 1), now).unwrap().snoozed_until_unix_ms,
        Some(now + 1)
    );
    assert_eq!(alerts.remove(&root(), rule), Ok(()));
    assert_eq!(watched.alerts.list(&root(), now).rules, []);
}

#[test]
fn who_is_no_administrator_any_more_has_rules_that_cover_only_their_own() {
    let mut watched = Watched::new(Visibility::Own);
    watched.machine.run(process(2, "nginx", &BOB));
    let was = Asker { administrator: true, ..user(&ALICE) };
    watched.add(&was, "app nginx: rx > 1kB / 1d");
    watched.pass(1);
    watched.machine.moves(2, 999);
    watched.pass(1);
    watched.alerts.meet(&user(&ALICE));
    watched.machine.moves(2, 999);
    watched.pass(1);
    let list = watched.alerts.list(&user(&ALICE), 0);
    assert_eq!(list.rules[0].status.measured.unwrap().value, 0);
    assert!(!list.rules[0].covers_all && watched.told(&root(), 0).is_empty());
}

#[test]
fn no_user_has_so_many_rules_that_others_have_none() {
    let mut watched = Watched::new(Visibility::Names);
    let new = || NewRule::new("cpu > 90%").unwrap();
    let added =
        |alerts: &mut Alerts, asker: &Asker| (0..300).map_while(|_| alerts.add(asker, new(), 0).ok()).count();
    assert_eq!(added(&mut watched.alerts, &user(&ALICE)), 64);
    assert_eq!(watched.alerts.add(&user(&ALICE), new(), 0), Err(Refused::TooManyOfUser));
    assert_eq!(added(&mut watched.alerts, &user(&BOB)), 64);
    assert_eq!(added(&mut watched.alerts, &user(&UserId::Uid(5))), 64);
    assert_eq!(watched.alerts.add(&user(&UserId::Uid(6)), new(), 0), Err(Refused::TooMany));
    assert_eq!(added(&mut watched.alerts, &root()), 64);
}

#[test]
fn what_is_wrong_with_a_rule_is_said() {
    let mut watched = Watched::new(Visibility::Names);
    let mut refused = |change: fn(&mut NewRule)| {
        let mut new = NewRule::new("cpu > 90%").unwrap();
        change(&mut new);
        watched.alerts.add(&root(), new, 0).unwrap_err().to_string()
    };
    assert!(refused(|new| new.text = "cpu > x".into()).ends_with("such as 90% at 7"));
    assert_eq!(refused(|new| new.text = "user alice: cpu > 5%".into()), "there is no user \"alice\" here");
    assert!(refused(|new| new.note = Some("x".repeat(600))).contains("longer than 512 bytes"));
    assert!(refused(|new| new.cooldown_s = u32::MAX).contains("31 days"));
}

#[test]
fn a_rule_of_a_newer_version_is_kept_for_it() {
    let mut watched = Watched::new(Visibility::Names);
    watched.add(&root(), "cpu > 90%");
    let mut image = watched.alerts.image();
    image.rules[0].0.text = "temperature > 90C".into();
    watched.alerts = Alerts::new(Some(image), 7, watched.policy, calendar());
    let cpu = watched.add(&root(), "cpu > 90%");
    watched.machine.cpu_percent = 95;
    watched.pass(1);
    let list = watched.alerts.list(&root(), 0);
    assert!(list.rules[0].status.unknown.as_ref().is_some_and(|why| why.contains("does not understand")));
    assert_eq!(watched.told(&root(), 0), [(cpu, EventKind::Firing, None)], "the others are watched");
    assert_eq!(watched.alerts.image().rules[0].0.text, "temperature > 90C");
}

#[test]
fn a_change_is_saved_at_once_and_a_sum_after_some_seconds() {
    let mut watched = Watched::new(Visibility::Names);
    assert!(watched.alerts.to_save(0, false).is_some(), "the log begins");
    assert!(watched.alerts.to_save(0, false).is_none());
    watched.add(&root(), "cpu > 90%");
    watched.add(&root(), "app curl: rx > 1GB / 1d");
    assert!(watched.alerts.to_save(1000, false).is_some());
    watched.pass(1);
    assert!(watched.alerts.to_save(2000, false).is_none());
    assert!(watched.alerts.to_save(11_000, false).is_some(), "the sum begins");
    watched.pass(20);
    assert!(watched.alerts.to_save(500_000, false).is_none(), "nothing moved: nothing is written");
    watched.machine.moves(1, 5);
    watched.pass(1);
    assert!(watched.alerts.to_save(12_000, false).is_none());
    assert!(watched.alerts.to_save(21_000, false).is_some());
    assert!(watched.alerts.to_save(22_000, true).is_none());
    assert!(watched.alerts.to_save(31_000, true).is_some(), "what could not be saved is tried again");
    watched.machine.cpu_percent = 95;
    watched.pass(1);
    assert!(watched.alerts.to_save(31_001, false).is_some(), "an event");
    assert!(watched.alerts.last_words().is_none());
}

#[test]
fn a_look_is_taken_once_a_second_at_most() {
    let mut watched = Watched::new(Visibility::Names);
    let rule = watched.add(&root(), "cpu > 90%");
    watched.pass(1);
    watched.machine.cpu_percent = 95;
    let almost =
        Moment { unix_ms: watched.machine.now.unix_ms + 999, steady_ms: watched.machine.now.steady_ms + 999 };
    watched.machine.tick();
    watched.alerts.look(almost, &watched.machine.store);
    assert_eq!(watched.state(rule), AlertState::Ok);
    watched.look();
    assert_eq!(watched.state(rule), AlertState::Firing);
}

#[test]
fn what_was_moved_before_a_rule_was_made_can_be_added() {
    let mut watched = Watched::new(Visibility::Names);
    let rule = watched.add(&root(), "app curl: rx > 1kB / day");
    watched.pass(1);
    let midnight = watched.machine.now.unix_ms / 86_400_000 * 86_400_000;
    let status = |watched: &Watched| watched.alerts.list(&root(), 0).rules[0].status.clone();
    assert!(status(&watched).known_from_unix_ms.is_some());
    watched.alerts.remember(rule, &[(midnight, 900)], midnight);
    watched.machine.moves(1, 101);
    watched.pass(1);
    let told = status(&watched);
    assert_eq!((told.measured.unwrap().value, told.known_from_unix_ms), (1001, None));
    assert_eq!(told.state, AlertState::Firing);
}

#[test]
fn a_rule_that_is_tried_out_says_what_it_would_and_is_not_kept() {
    let mut watched = Watched::new(Visibility::Names);
    watched.machine.cpu_percent = 95;
    watched.pass(1);
    let try_out = |watched: &mut Watched, text: &str| {
        let mut attempt = watched.alerts.attempt(&root(), &NewRule::new(text).unwrap()).unwrap();
        watched.alerts.try_out(&mut attempt, watched.machine.now, &watched.machine.store);
        if attempt.needs_another() {
            watched.machine.moves(1, 5000);
            watched.machine.tick();
            watched.alerts.try_out(&mut attempt, watched.machine.now, &watched.machine.store);
        }
        attempt.trial(watched.machine.now.unix_ms)
    };
    assert_eq!(try_out(&mut watched, "cpu > 90%").holds, Some(true));
    assert_eq!(try_out(&mut watched, "mem > 90%").holds, Some(false));
    assert_eq!(try_out(&mut watched, "app curl: rate.rx > 4kB/s").holds, Some(true));
    assert_eq!(try_out(&mut watched, "app curl: rate.rx > 6kB/s").holds, Some(false));
    for text in ["rx > 1kB / 1d", "new application"] {
        let trial = try_out(&mut watched, text);
        assert!(trial.holds.is_none() && trial.status.unknown.is_some(), "{text}");
    }
    assert_eq!(watched.alerts.list(&root(), 0).rules, []);
}
