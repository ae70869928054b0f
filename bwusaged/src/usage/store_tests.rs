use bwusage_proto::{
    process::{Category, Container},
    units::Scope,
};

use super::*;
use crate::engine::Identity;

fn at(seconds: u64) -> Moment {
    Moment { unix_ms: 1_700_000_000_000 + seconds * 1000, steady_ms: seconds * 1000 }
}

fn rx(bytes: u64) -> Counters {
    let mut counters = Counters::default();
    counters[Scope::Internet].wire.rx_bytes = bytes;
    counters
}

fn process(pid: u32, bytes: u64) -> ProcessSample {
    let identity = Identity { name: format!("p{pid}"), user: Some(UserId::Uid(pid)), ..Identity::default() };
    ProcessSample { id: ProcessId::new(pid, 1), counters: rx(bytes), identity: Some(identity), ended: false }
}

fn ended(pid: u32, bytes: u64) -> ProcessSample {
    ProcessSample { ended: true, ..process(pid, bytes) }
}

fn tick(store: &mut Store, seconds: u64, processes: Vec<ProcessSample>) {
    store.advance(at(seconds), Sample { processes, ..Sample::default() }, HostTick::default());
}

fn row(store: &Store, pid: u32) -> &Row {
    store.rows().find(|row| row.info.value.id.is_some_and(|id| id.pid == pid)).expect("the process has a row")
}

fn everything(store: &Store) -> u64 {
    let rows = store.rows().map(|row| row.activity.value.counters);
    let retired = store.retired().map(|retired| retired.value.counters);
    rows.chain(retired).map(|counters| counters.total().wire.rx_bytes).sum()
}

#[test]
fn speed_is_growth_over_the_time_that_really_passed() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 1000)]);
    assert_eq!(row(&store, 1).activity.value.rates.rx_bytes_per_s, 0);
    tick(&mut store, 4, vec![process(1, 9000)]);
    assert_eq!(row(&store, 1).activity.value.rates.rx_bytes_per_s, 2000);
}

#[test]
fn a_process_that_is_not_mentioned_stands_still_and_keeps_its_total() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 0)]);
    tick(&mut store, 1, vec![process(1, 500)]);
    assert_eq!(store.busy(), [ProcessId::new(1, 1)]);
    tick(&mut store, 2, vec![]);
    let activity = &row(&store, 1).activity;
    assert_eq!((activity.value.rates, activity.seq), (Rates::default(), 3));
    assert_eq!(activity.value.counters, rx(500));
    tick(&mut store, 3, vec![]);
    assert_eq!(row(&store, 1).activity.seq, 3, "nothing changed any more");
    assert!(store.busy().is_empty());
}

#[test]
fn a_missed_tick_loses_nothing() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 10)]);
    tick(&mut store, 60, vec![process(1, 70)]);
    assert_eq!(row(&store, 1).activity.value.counters, rx(70));
}

#[test]
fn a_reused_pid_starts_from_zero() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![ended(1, 900)]);
    let again = ProcessSample { id: ProcessId::new(1, 2), ..process(1, 5) };
    tick(&mut store, 1, vec![again]);
    let totals: Vec<_> = store.rows().map(|row| row.activity.value.counters).collect();
    assert_eq!(totals, [rx(900), rx(5)]);
}

#[test]
fn an_engine_that_began_anew_adds_to_what_was_counted() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 900)]);
    tick(&mut store, 1, vec![process(1, 50)]);
    assert_eq!(row(&store, 1).activity.value.counters, rx(950));
    tick(&mut store, 2, vec![process(1, 60)]);
    assert_eq!(row(&store, 1).activity.value.counters, rx(960));
}

#[test]
fn an_ended_process_keeps_its_name_and_its_row_for_ten_minutes() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![ended(1, 900)]);
    let released = Sample { released: vec![ProcessId::new(1, 1)], ..Sample::default() };
    store.advance(at(599), released, HostTick::default());
    assert_eq!(row(&store, 1).info.value.name, "p1");
    assert!(row(&store, 1).activity.value.exited_at_unix_ms.is_some());
    tick(&mut store, 600, vec![]);
    assert_eq!(store.rows().len(), 0);
    assert_eq!(everything(&store), 900);
    assert_eq!(store.gone_since(2).unwrap().count(), 1);
    assert_eq!(store.gone_since(3).unwrap().count(), 0);
}

#[test]
fn a_row_waits_for_the_engine_to_let_go_so_that_late_bytes_find_it() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![ended(1, 900)]);
    tick(&mut store, 6000, vec![ended(1, 950)]);
    assert_eq!(row(&store, 1).activity.value.counters, rx(950));
}

#[test]
fn too_many_ended_rows_go_to_their_application_oldest_first() {
    let mut store = Store::default();
    let count = KEEP_ENDED_ROWS as u32 + 10;
    let released = (1..=count).map(|pid| ProcessId::new(pid, 1)).collect();
    let processes = (1..=count).map(|pid| ended(pid, 3)).collect();
    store.advance(at(0), Sample { processes, released, ..Sample::default() }, HostTick::default());
    assert_eq!(store.rows().len(), KEEP_ENDED_ROWS);
    assert!(store.rows().all(|row| row.info.value.id.unwrap().pid > 10));
    assert_eq!(everything(&store), u64::from(count) * 3);
}

#[test]
fn an_idle_process_that_ended_is_forgotten_soon() {
    let mut store = Store::default();
    let appeared = vec![(ProcessId::new(7, 1), Identity { name: "idle".into(), ..Identity::default() })];
    store.advance(at(0), Sample::default(), HostTick { appeared, ..HostTick::default() });
    let ended = HostTick { ended: vec![ProcessId::new(7, 1)], ..HostTick::default() };
    store.advance(at(1), Sample::default(), ended);
    assert_eq!(store.rows().len(), 1);
    tick(&mut store, 11, vec![]);
    assert_eq!((store.rows().len(), store.retired().count()), (0, 0));
}

#[test]
fn a_process_that_executes_another_program_is_described_again() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 0)]);
    let mut after = process(1, 0);
    after.identity =
        Some(Identity { name: "curl".into(), exe: Some("/usr/bin/curl".into()), ..Identity::default() });
    tick(&mut store, 1, vec![after]);
    let info = &row(&store, 1).info;
    assert_eq!((info.value.name.as_str(), info.value.app.as_str(), info.seq), ("curl", "curl", 2));
    assert_eq!(info.value.user, Some(UserId::Uid(1)), "what is not said again stays");
}

#[test]
fn the_host_fills_what_the_engine_could_not_read_and_overrides_nothing() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 0)]);
    let identity =
        Identity { name: "older name".into(), command_line: Some(vec!["a".into()]), ..Identity::default() };
    let appeared = vec![(ProcessId::new(1, 1), identity)];
    store.advance(at(1), Sample::default(), HostTick { appeared, ..HostTick::default() });
    let info = &row(&store, 1).info.value;
    assert_eq!((info.name.as_str(), info.command_line.as_deref()), ("p1", Some(&["a".to_string()][..])));
}

fn grouped(name: &str, cgroup: &str) -> Identity {
    Identity { name: name.into(), cgroup: Some(cgroup.into()), ..Identity::default() }
}

#[test]
fn a_control_group_gives_a_process_its_unit_container_and_package() {
    let mut store = Store::default();
    let of = |pid, cgroup: &str| ProcessSample { identity: Some(grouped("x", cgroup)), ..process(pid, 1) };
    let inside = "/lxc.payload.web/system.slice/nginx.service";
    tick(
        &mut store,
        0,
        vec![of(1, inside), of(2, "/user.slice/snap.firefox.firefox-2f7b.scope"), process(3, 1)],
    );
    let info = &row(&store, 1).info.value;
    let web = Container { runtime: "lxc".into(), id: "web".into(), name: Some("web".into()) };
    assert_eq!((info.unit.as_deref(), &info.container), (Some("nginx.service"), &Some(web)));
    assert_eq!((info.app.as_str(), row(&store, 2).info.value.app.as_str()), ("x", "firefox"));
    assert_eq!((&row(&store, 3).info.value.unit, &row(&store, 3).info.value.container), (&None, &None));
    tick(&mut store, 1, vec![process(1, 2)]);
    assert!(row(&store, 1).info.value.unit.is_some(), "what cannot be read once more stays");
}

#[test]
fn a_process_that_was_moved_after_its_start_belongs_where_the_host_finds_it() {
    let mut store = Store::default();
    let identity = Some(grouped("x", "/user.slice/user@1.service/session.slice/shell.service"));
    tick(&mut store, 0, vec![ProcessSample { identity, ..process(1, 1) }]);
    let found = grouped("x", "/user.slice/user@1.service/app.slice/app-flatpak-org.x.Y-7.scope");
    let appeared = vec![(ProcessId::new(1, 1), found)];
    store.advance(at(1), Sample::default(), HostTick { appeared, ..HostTick::default() });
    let info = &row(&store, 1).info.value;
    assert_eq!((info.unit.as_deref(), info.app.as_str()), (Some("app-flatpak-org.x.Y-7.scope"), "org.x.Y"));
}

#[test]
fn what_is_given_up_keeps_its_unit_until_there_are_too_many_and_never_loses_a_byte() {
    let mut store = Store::default();
    let count = (KEEP_RETIRED + KEEP_ENDED_ROWS) as u32 + 10;
    let of = |pid| ProcessSample {
        identity: Some(grouped("x", &format!("/system.slice/run-u{pid}.service"))),
        ..ended(pid, 3)
    };
    let released = (1..=count).map(|pid| ProcessId::new(pid, 1)).collect();
    let processes = (1..=count).map(of).collect();
    store.advance(at(0), Sample { processes, released, ..Sample::default() }, HostTick::default());
    let units = || store.retired().map(|retired| (retired.value.unit.as_deref(), retired.value.processes));
    assert!(units().any(|unit| unit == (Some("run-u1.service"), 1)));
    assert_eq!(units().find(|(unit, _)| unit.is_none()), Some((None, 10)));
    assert_eq!((units().count(), everything(&store)), (KEEP_RETIRED + 1, u64::from(count) * 3));
}

#[test]
fn an_application_is_dated_by_its_first_process_however_long_that_is_gone() {
    let mut store = Store::default();
    for second in [5, 9] {
        let released = vec![ProcessId::new(second, 1)];
        let processes = vec![ProcessSample { identity: Some(grouped("x", "/")), ..ended(second, 3) }];
        let sample = Sample { processes, released, ..Sample::default() };
        store.advance(at(second.into()), sample, HostTick::default());
    }
    tick(&mut store, 700, vec![]);
    let retired: Vec<_> = store.retired().map(|retired| &retired.value).collect();
    assert_eq!((retired.len(), retired[0].processes), (1, 2));
    assert_eq!(retired[0].first_traffic_at_unix_ms, Some(at(5).unix_ms));
}

#[test]
fn programs_that_each_have_a_name_of_their_own_are_bounded_and_never_lose_a_byte() {
    let mut store = Store::default();
    let count = (3 * KEEP_RETIRED + KEEP_ENDED_ROWS) as u32;
    let of = |pid| {
        let identity = Identity {
            name: format!("name{pid}"),
            user: Some(UserId::Uid(pid)),
            cgroup: Some("/".into()),
            ..Identity::default()
        };
        ProcessSample { identity: Some(identity), ..ended(pid, 3) }
    };
    let released = (1..=count).map(|pid| ProcessId::new(pid, 1)).collect();
    let processes = (1..=count).map(of).collect();
    store.advance(at(0), Sample { processes, released, ..Sample::default() }, HostTick::default());
    tick(&mut store, 600, vec![]);
    let retired = || store.retired().map(|retired| &retired.value);
    assert!(retired().count() <= 3 * KEEP_RETIRED + 1, "{}", retired().count());
    assert!(retired().any(|retired| retired.app == OTHER_PROGRAMS && retired.user.is_some()));
    let rest = retired().find(|retired| retired.user.is_none()).unwrap();
    assert_eq!(
        (rest.app.as_str(), rest.processes),
        (OTHER_PROGRAMS, u64::from(count) - 3 * KEEP_RETIRED as u64)
    );
    assert_eq!(
        (everything(&store), retired().map(|retired| retired.processes).sum()),
        (u64::from(count) * 3, u64::from(count))
    );
}

#[test]
fn others_are_one_sum_that_a_retirement_does_not_change() {
    let mut store = Store::default();
    let released = vec![ProcessId::new(1, 1)];
    let processes = vec![ended(1, 100), process(2, 10), process(3, 1)];
    store.advance(at(0), Sample { processes, released, ..Sample::default() }, HostTick::default());
    assert_eq!(store.others(&UserId::Uid(3)).counters, rx(110));
    tick(&mut store, 601, vec![]);
    assert_eq!(store.rows().len(), 2);
    assert_eq!(store.others(&UserId::Uid(3)).counters, rx(110));
}

#[test]
fn processor_and_disk_speeds_need_two_measurements() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 0)]);
    let used = |cpu_time_ms, disk| HostTick {
        processes: vec![ProcessUse {
            id: ProcessId::new(1, 1),
            cpu_time_ms,
            rss_bytes: 4096,
            disk_read_bytes: Some(disk),
            disk_write_bytes: None,
        }],
        ..HostTick::default()
    };
    store.advance(at(1), Sample::default(), used(100, 1000));
    let resources = row(&store, 1).activity.value.resources.unwrap();
    assert_eq!((resources.cpu_centipercent, resources.rss_bytes), (None, 4096));
    store.advance(at(3), Sample::default(), used(600, 5000));
    let resources = row(&store, 1).activity.value.resources.unwrap();
    assert_eq!((resources.cpu_centipercent, resources.disk_read_bytes_per_s), (Some(2500), Some(2000)));
    assert_eq!(resources.disk_write_bytes_per_s, None, "unknown is not zero");
}

#[test]
fn the_window_holds_the_past_and_is_bounded() {
    let mut store = Store::default();
    for second in 0..WINDOW_POINTS as u64 + 5 {
        tick(&mut store, second, vec![]);
    }
    assert_eq!(store.window().len(), WINDOW_POINTS);
    assert_eq!(store.window()[0].at_unix_ms, at(5).unix_ms);
}

fn started_by(pid: u32, parent: u32, exe: &str) -> ProcessSample {
    let identity = Identity {
        name: format!("p{pid}"),
        exe: Some(exe.into()),
        parent: Some(parent),
        cgroup: Some("/".into()),
        ..Identity::default()
    };
    ProcessSample { identity: Some(identity), ..process(pid, 1) }
}

fn app(store: &Store, pid: u32) -> &str {
    &row(store, pid).info.value.app
}

fn category(store: &Store, pid: u32) -> Option<Category> {
    row(store, pid).info.value.category
}

const BROWSER: &str = "/opt/browser/browser";
const HELPER: &str = "/opt/browser/helper";

#[test]
fn a_helper_belongs_to_the_application_that_started_it_over_several_generations() {
    let mut store = Store::default();
    let renderer = started_by(102, 101, "/opt/browser/parts/renderer");
    tick(&mut store, 0, vec![started_by(100, 1, BROWSER), started_by(101, 100, HELPER), renderer]);
    assert_eq!([100, 101, 102].map(|pid| app(&store, pid)), ["browser"; 3]);
}

#[test]
fn a_helper_that_was_met_before_its_parent_is_described_again() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![started_by(102, 101, HELPER)]);
    assert_eq!(app(&store, 102), "helper");
    tick(&mut store, 1, vec![started_by(101, 100, HELPER)]);
    tick(&mut store, 2, vec![started_by(100, 1, BROWSER)]);
    assert_eq!([101, 102].map(|pid| (app(&store, pid), row(&store, pid).info.seq)), [("browser", 3); 2]);
    tick(&mut store, 3, vec![started_by(100, 1, BROWSER)]);
    assert_eq!(row(&store, 102).info.seq, 3, "nothing changed any more");
}

#[test]
fn a_parent_that_executes_another_program_keeps_only_its_own_helpers() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![started_by(100, 1, BROWSER), started_by(101, 100, HELPER)]);
    tick(&mut store, 1, vec![started_by(100, 1, "/opt/other/other")]);
    assert_eq!((app(&store, 100), app(&store, 101)), ("other", "helper"));
}

#[test]
fn the_number_of_a_later_process_makes_it_no_parent() {
    let mut store = Store::default();
    let later = ProcessSample { id: ProcessId::new(100, 9), ..started_by(100, 1, BROWSER) };
    tick(&mut store, 0, vec![started_by(101, 100, HELPER), later]);
    assert_eq!(app(&store, 101), "helper");
}

#[test]
fn processes_that_claim_to_have_started_each_other_do_no_harm() {
    let mut store = Store::default();
    let (one, other) = ("/opt/browser/a/browser", "/opt/browser/a/helper");
    tick(
        &mut store,
        0,
        vec![started_by(100, 101, one), started_by(101, 100, other), started_by(102, 102, one)],
    );
    assert_eq!(store.rows().len(), 3);
}

fn with_terminal(pid: u32, parent: u32, terminal: Option<bool>) -> ProcessSample {
    let mut sample = started_by(pid, parent, "/usr/bin/x");
    sample.identity.as_mut().unwrap().terminal = terminal;
    sample
}

#[test]
fn what_a_terminal_program_leaves_behind_is_in_the_background() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![with_terminal(100, 1, Some(true)), with_terminal(101, 100, Some(false))]);
    assert_eq!([100, 101].map(|pid| category(&store, pid)), [Some(Category::Terminal); 2]);
    tick(&mut store, 1, vec![ProcessSample { ended: true, identity: None, ..process(100, 1) }]);
    assert_eq!(
        [100, 101].map(|pid| category(&store, pid)),
        [Some(Category::Terminal), Some(Category::Background)]
    );
}

#[test]
fn a_process_that_was_over_with_its_parent_keeps_its_category() {
    let mut store = Store::default();
    let ended = |sample| ProcessSample { ended: true, ..sample };
    tick(&mut store, 0, vec![with_terminal(99, 1, Some(true))]);
    tick(&mut store, 1, vec![ended(with_terminal(100, 99, None)), ended(with_terminal(101, 100, None))]);
    assert_eq!([100, 101].map(|pid| category(&store, pid)), [Some(Category::Terminal); 2]);
}

#[test]
fn a_process_whose_terminal_was_closed_is_in_the_background() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![with_terminal(100, 1, Some(true)), with_terminal(101, 100, Some(false))]);
    let detached = HostTick { detached: vec![ProcessId::new(100, 1)], ..HostTick::default() };
    store.advance(at(1), Sample::default(), detached);
    assert_eq!([100, 101].map(|pid| category(&store, pid)), [Some(Category::Background); 2]);
}

#[test]
fn what_the_first_process_adopted_is_not_started_from_its_terminal() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![with_terminal(1, 0, Some(true)), with_terminal(100, 1, Some(false))]);
    assert_eq!(
        (category(&store, 1), category(&store, 100)),
        (Some(Category::Terminal), Some(Category::Background))
    );
}

#[test]
fn the_first_byte_is_dated_once_and_survives_another_program() {
    let mut store = Store::default();
    tick(&mut store, 0, vec![process(1, 0)]);
    assert_eq!(row(&store, 1).info.value.first_traffic_at_unix_ms, None);
    tick(&mut store, 5, vec![process(1, 7)]);
    tick(&mut store, 6, vec![started_by(1, 1, "/usr/bin/other")]);
    let appeared = vec![(ProcessId::new(1, 1), Identity { name: "again".into(), ..Identity::default() })];
    store.advance(at(7), Sample::default(), HostTick { appeared, ..HostTick::default() });
    let info = &row(&store, 1).info.value;
    assert_eq!((info.app.as_str(), info.first_traffic_at_unix_ms), ("other", Some(at(5).unix_ms)));
}

#[test]
fn a_container_is_called_as_its_runtime_says_by_whoever_is_asked() {
    let mut store = Store::default();
    let id = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";
    let mut identity = grouped("x", &format!("/system.slice/docker-{id}.scope"));
    identity.container_name = Some("shop-web-1".into());
    tick(&mut store, 0, vec![ProcessSample { identity: Some(identity.clone()), ..process(1, 1) }]);
    identity.container_name = None;
    let appeared = vec![(ProcessId::new(1, 1), identity)];
    store.advance(at(1), Sample::default(), HostTick { appeared, ..HostTick::default() });
    let info = &row(&store, 1).info.value;
    assert_eq!(info.container.as_ref().unwrap().name.as_deref(), Some("shop-web-1"));
    assert_eq!(info.category, Some(Category::Container));
}

#[test]
fn what_is_given_up_is_told_apart_by_category() {
    let mut store = Store::default();
    let released = vec![ProcessId::new(1, 1), ProcessId::new(2, 1)];
    let over = |sample| ProcessSample { ended: true, ..sample };
    let processes = vec![over(with_terminal(1, 0, Some(true))), over(with_terminal(2, 0, Some(false)))];
    store.advance(at(0), Sample { processes, released, ..Sample::default() }, HostTick::default());
    tick(&mut store, 601, vec![]);
    let mut categories: Vec<_> = store.retired().map(|retired| retired.value.category).collect();
    categories.sort();
    assert_eq!(categories, [Some(Category::Terminal), Some(Category::Background)]);
}
