use proptest::prelude::*;

use super::*;
use crate::{
    process::{Category, Container, ProcessId, UserId},
    snapshot::{ProcessInfo, Resources, RowId},
    units::Scope,
};

fn process(row: u64, app: &str, rx: u64) -> Process {
    let mut counters = Counters::default();
    counters[Scope::Lan].wire.rx_bytes = rx;
    Process {
        info: ProcessInfo {
            id: Some(ProcessId::new(row as Pid * 10, row)),
            name: format!("{app}-{row}"),
            app: app.into(),
            exe: Some(format!("/usr/bin/{app}")),
            command_line: Some(vec![app.into()]),
            user: Some(UserId::Uid(1000)),
            started_at_unix_ms: Some(1_000 + row),
            unit: Some(format!("{app}.service")),
            ..ProcessInfo::unknown(RowId(row))
        },
        counters,
        rates: Rates { rx_bytes_per_s: rx, tx_bytes_per_s: 1 },
        resources: Some(Resources { cpu_centipercent: Some(100), rss_bytes: 4096, ..Resources::default() }),
        exited_at_unix_ms: None,
    }
}

fn mirror(processes: impl IntoIterator<Item = Process>) -> Mirror {
    let processes = processes.into_iter().map(|process| (process.info.row, process)).collect();
    Mirror { processes, ..Mirror::default() }
}

const FIRST_TRAFFIC_OF_RETIRED: u64 = 1_000;

fn retire(mirror: &mut Mirror, app: &str, user: Option<u32>, processes: u64, rx: u64) {
    let mut counters = Counters::default();
    counters[Scope::Internet].wire.rx_bytes = rx;
    let user = user.map(UserId::Uid);
    let unit = Some(format!("{app}.service"));
    let first_traffic_at_unix_ms = Some(FIRST_TRAFFIC_OF_RETIRED);
    let (app, container, category) = (app.into(), None, None);
    let retired =
        Retired { app, user, unit, container, category, processes, first_traffic_at_unix_ms, counters };
    mirror.retired.insert(retired.key(), retired);
}

fn users() -> Users {
    Users::from_iter([(UserId::Uid(1000), "alice"), (UserId::Uid(1001), "bob")])
}

fn names(table: &Table) -> Vec<&str> {
    table.rows.iter().map(|row| row.name.as_str()).collect()
}

fn by_process() -> Query<'static> {
    Query { by: Grouping::Process, ..Query::default() }
}

#[test]
fn an_application_adds_up_its_processes_living_and_given_up() {
    let mut ended = process(3, "curl", 30);
    ended.exited_at_unix_ms = Some(9_000);
    let mut mirror = mirror([process(1, "curl", 10), process(2, "sshd", 5), ended]);
    retire(&mut mirror, "curl", Some(1000), 7, 200);
    retire(&mut mirror, "curl", Some(1001), 1, 1_000);
    let table = table(&mirror, &users(), &Query::default());
    assert_eq!(names(&table), ["curl", "sshd"]);
    let curl = &table.rows[0];
    assert_eq!(curl.counters.total().wire.rx_bytes, 1_240);
    assert_eq!(curl.counters[Scope::Internet].wire.rx_bytes, 1_200);
    assert_eq!((curl.processes, curl.rates.rx_bytes_per_s), (10, 40));
    assert_eq!(curl.pids, [10], "an ended process cannot be named by its number");
    assert_eq!(curl.users, ["alice", "bob"]);
    assert_eq!(curl.started_at_unix_ms, Some(1_001));
    assert_eq!(curl.exited_at_unix_ms, None);
}

#[test]
fn an_application_whose_processes_are_all_gone_keeps_its_row() {
    let mut mirror = mirror([]);
    retire(&mut mirror, "curl", None, 200, 20_000_000);
    let table = table(&mirror, &users(), &Query::default());
    assert_eq!(names(&table), ["curl"]);
    assert_eq!((table.rows[0].processes, table.rows[0].pids.len()), (200, 0));
    assert_eq!(table.rows[0].first_traffic_at_unix_ms, Some(FIRST_TRAFFIC_OF_RETIRED));
    assert_eq!((table.rows[0].cpu_centipercent, table.rows[0].rss_bytes), (None, None));
}

#[test]
fn an_ended_process_uses_no_memory_but_keeps_its_row_and_number() {
    let mut ended = process(3, "curl", 30);
    ended.exited_at_unix_ms = Some(9_000);
    let table = table(&mirror([ended]), &users(), &by_process());
    let row = &table.rows[0];
    assert_eq!((row.pid, row.exited_at_unix_ms), (Some(30), Some(9_000)));
    assert_eq!((row.cpu_centipercent, row.rss_bytes), (None, None));
}

#[test]
fn what_was_not_measured_stays_unknown_in_a_sum_of_nothing_else() {
    let (mut unknown, mut known) = (process(1, "a", 1), process(2, "a", 1));
    unknown.resources = Some(Resources { cpu_centipercent: None, rss_bytes: 1, ..Resources::default() });
    let alone = table(&mirror([unknown.clone()]), &users(), &Query::default());
    assert_eq!((alone.rows[0].cpu_centipercent, alone.rows[0].disk_read_bytes_per_s), (None, None));
    known.resources = Some(Resources { cpu_centipercent: Some(5), rss_bytes: 1, ..Resources::default() });
    let both = table(&mirror([unknown, known]), &users(), &Query::default());
    assert_eq!((both.rows[0].cpu_centipercent, both.rows[0].rss_bytes), (Some(5), Some(2)));
}

#[test]
fn rows_without_traffic_appear_only_on_request() {
    let mirror = mirror([process(1, "busy", 1), process(2, "idle", 0)]);
    assert_eq!(names(&table(&mirror, &users(), &by_process())), ["busy-1"]);
    let all = table(&mirror, &users(), &Query { idle: true, ..by_process() });
    assert_eq!(names(&all), ["busy-1", "idle-2"]);
}

#[test]
fn the_row_of_other_users_has_no_process_number() {
    let mut others = process(1, "other users", 9);
    others.info.id = None;
    let table = table(&mirror([others]), &users(), &by_process());
    assert_eq!(
        (table.rows[0].pid, table.rows[0].pids.len(), table.rows[0].name.as_str()),
        (None, 0, "other users-1")
    );
}

fn container(id: &str) -> Container {
    Container { runtime: "docker".into(), id: id.into(), name: None }
}

#[test]
fn rows_without_a_unit_or_a_container_share_one_that_says_so() {
    let (mut loose, mut packed) = (process(1, "curl", 10), process(2, "curl", 20));
    (loose.info.unit, packed.info.container) = (None, Some(container("0123456789abcdef")));
    let mut mirror = mirror([loose, packed, process(3, "sshd", 5)]);
    retire(&mut mirror, "sshd", None, 2, 100);
    let by = |by| table(&mirror, &users(), &Query { by, ..Query::default() });
    assert_eq!(names(&by(Grouping::Unit)), ["sshd.service", "curl.service", "(no unit)"]);
    assert_eq!(names(&by(Grouping::Container)), ["(no container)", "docker:0123456789ab"]);
    assert_eq!(names(&by(Grouping::User)), ["(unknown user)", "alice"]);
    let units = by(Grouping::Unit).rows;
    assert_eq!((units[0].processes, &units[0].key), (3, &RowKey::Unit(Some("sshd.service".into()))));
    let containers = by(Grouping::Container).rows;
    assert_eq!((containers[0].app.as_str(), containers[1].app.as_str()), ("", "curl"));
    assert_eq!((&containers[0].unit, containers[1].unit.as_deref()), (&None, Some("curl.service")));
    assert_eq!(containers[1].key, RowKey::Container(Some(container("0123456789abcdef"))));
}

#[test]
fn of_one_category_others_are_not_even_added_up() {
    let (mut hidden, mut shown) = (process(1, "curl", 10), process(2, "curl", 20));
    hidden.info.category = Some(Category::Background);
    hidden.info.first_traffic_at_unix_ms = Some(7);
    shown.info.category = Some(Category::Terminal);
    let mut mirror = mirror([hidden, shown, process(3, "sshd", 5)]);
    retire(&mut mirror, "curl", None, 2, 100);
    mirror.retired.values_mut().for_each(|retired| retired.category = Some(Category::Background));
    let by_category = table(&mirror, &users(), &Query { by: Grouping::Category, ..Query::default() });
    assert_eq!(names(&by_category), ["background", "terminal", "(no category)"]);
    let background = Query { category: Some(Category::Background), ..Query::default() };
    let apps = table(&mirror, &users(), &background);
    assert_eq!((names(&apps), apps.rows[0].counters.total().wire.rx_bytes), (vec!["curl"], 110));
    assert_eq!(
        (apps.rows[0].category, apps.rows[0].first_traffic_at_unix_ms),
        (Some(Category::Background), Some(7))
    );
    let processes = table(&mirror, &users(), &Query { by: Grouping::Process, ..background });
    assert_eq!(names(&processes), ["curl-1"]);
}

#[test]
fn the_key_of_a_process_is_that_of_its_row() {
    let mut one = process(1, "curl", 10);
    one.info.container = Some(container("0123"));
    let mirror = mirror([one.clone()]);
    for by in Grouping::ALL {
        let table = table(&mirror, &users(), &Query { by, ..Query::default() });
        assert_eq!(table.rows[0].key, RowKey::of(by, RowId(1), &one));
        assert_eq!(Grouping::named(by.name()), Some(by));
    }
}

#[test]
fn the_limit_cuts_after_filter_and_order_and_says_so() {
    let mirror = mirror((1..=9).map(|n| process(n, if n % 2 == 0 { "even" } else { "odd" }, n * 100)));
    let filter = Filter::parse("app:odd").unwrap();
    let table = table(&mirror, &users(), &Query { filter: Some(&filter), limit: Some(2), ..by_process() });
    assert_eq!(names(&table), ["odd-9", "odd-7"]);
    assert_eq!((table.total, table.matched, table.truncated()), (9, 5, true));
}

#[test]
fn a_filter_sees_an_application_as_the_row_that_is_shown() {
    let mut mirror = mirror([process(1, "curl", 600), process(2, "curl", 600), process(3, "sshd", 1_100)]);
    retire(&mut mirror, "wget", Some(1001), 1, 5);
    let shown = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        let table = table(&mirror, &users(), &Query { filter: Some(&filter), ..Query::default() });
        for row in &table.rows {
            assert!(filter.matches(row), "{text} holds before and after the row is built");
        }
        table.rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(shown("rx_total>1150"), ["curl"]);
    assert_eq!(shown("pid:20"), ["curl"]);
    assert_eq!(shown("user:bob"), ["wget"]);
    assert_eq!(shown("exe:/usr/bin/s"), ["sshd"]);
    assert_eq!(shown("unit:wget.service"), ["wget"]);
    assert_eq!(shown("ct:docker"), [""; 0]);
}

#[test]
fn the_unknown_comes_last_whichever_end_comes_first() {
    let mut unknown = process(1, "a", 1);
    unknown.resources = None;
    let (mut small, mut large) = (process(2, "b", 1), process(3, "c", 1));
    small.resources.as_mut().unwrap().rss_bytes = 1;
    large.resources.as_mut().unwrap().rss_bytes = 2;
    let mirror = mirror([unknown, small, large]);
    let sorted = |order: &str| {
        let query = Query { order: order.parse().unwrap(), ..by_process() };
        table(&mirror, &users(), &query).rows.into_iter().map(|row| row.app).collect::<String>()
    };
    assert_eq!(sorted("mem"), "cba");
    assert_eq!(sorted("-mem"), "bca");
    assert_eq!(sorted("name"), "abc");
    assert_eq!(sorted("-name"), "cba");
    assert_eq!(sorted("pid"), "abc");
    assert_eq!(sorted("-pid"), "cba");
}

#[test]
fn equal_rows_keep_their_places() {
    let mirror = mirror((1..=50).map(|n| process(n, "same", 7)));
    let first = table(&mirror, &users(), &Query { limit: Some(10), ..by_process() });
    let ids: Vec<_> = first.rows.iter().map(|row| row.key.clone()).collect();
    assert_eq!(ids, (1..=10).map(|n| RowKey::Process(RowId(n))).collect::<Vec<_>>());
}

proptest! {
    /// Whatever is sorted by, a limit only cuts: the rows before it are those of the whole table.
    #[test]
    fn a_limit_is_a_prefix_of_the_whole_order(
        rows in proptest::collection::vec((0_u64..4, 0_u64..4), 1..40),
        key in proptest::sample::select(&SortKey::ALL[..]),
        reversed: bool,
        limit in 0_usize..45,
    ) {
        let mirror = mirror(rows.iter().zip(1..).map(|(&(app, rx), n)| process(n, &format!("app{app}"), rx)));
        for by in Grouping::ALL {
            let query = Query { by, order: Order { key, reversed }, idle: true, ..Query::default() };
            let whole = table(&mirror, &users(), &query);
            let cut = table(&mirror, &users(), &Query { limit: Some(limit), ..query });
            prop_assert_eq!(&cut.rows[..], &whole.rows[..limit.min(whole.rows.len())]);
            prop_assert_eq!(cut.truncated(), limit < whole.rows.len());
        }
    }

    /// Grouping neither loses nor invents a byte.
    #[test]
    fn every_grouping_adds_up_to_the_same(rows in proptest::collection::vec((0_u64..4, 0_u64..1000), 0..40)) {
        let mirror = mirror(rows.iter().zip(1..).map(|(&(app, rx), n)| process(n, &format!("app{app}"), rx)));
        let sum = |by| {
            let rows = table(&mirror, &users(), &Query { by, ..Query::default() }).rows;
            rows.iter().map(|row| row.counters.total().wire.rx_bytes).sum::<u64>()
        };
        for by in Grouping::ALL {
            prop_assert_eq!(sum(by), rows.iter().map(|(_, rx)| rx).sum::<u64>());
        }
    }
}
