use super::*;
use crate::{
    alerts::tests::machine::{ALICE, BOB, Machine, process},
    server::access::{Policy, Visibility},
};

fn everything() -> Viewer {
    Policy::default().viewer_of(&BOB, true)
}

fn own(user: &UserId) -> Viewer {
    Policy { visibility: Visibility::Own, group: None }.viewer_of(user, false)
}

fn received(machine: &Machine, scope: &Scope, viewer: &Viewer) -> Option<u64> {
    let user = match scope {
        Scope::User(name) if name == "alice" => Some(ALICE),
        _ => None,
    };
    let target = Target { scope, user: user.as_ref(), viewer };
    read(&machine.store, &[target])[0].moved.map(|moved| moved.rx)
}

fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.run(process(1, "curl", &ALICE));
    machine.run(process(2, "curl", &BOB));
    machine.run(process(3, "nginx", &BOB).in_group("/system.slice/nginx.service"));
    machine.run(
        process(4, "redis", &BOB).in_group(&format!("/system.slice/docker-{}.scope", "4b1c".repeat(16))),
    );
    for (pid, bytes) in [(1, 100), (2, 20), (3, 3), (4, 7)] {
        machine.moves(pid, bytes);
    }
    machine.tick();
    machine
}

#[test]
fn each_scope_is_the_sum_of_its_processes() {
    let machine = machine();
    let of = |scope: Scope| received(&machine, &scope, &everything());
    assert_eq!(of(Scope::App("curl".into())), Some(120));
    assert_eq!(of(Scope::User("alice".into())), Some(100));
    assert_eq!(of(Scope::Unit("nginx.service".into())), Some(3));
    assert_eq!(of(Scope::Container("4b1c4b1c4b1c".into())), Some(7));
    assert_eq!(of(Scope::Container("docker:4b1c4b1c4b1c".into())), Some(7));
    assert_eq!(of(Scope::Container("4b1c".into())), Some(0), "too short to be meant");
    assert_eq!(of(Scope::App("nobody".into())), Some(0), "what does not run moved nothing");
    assert_eq!(of(Scope::Interface("eth7".into())), None, "what is not there is not known");
}

#[test]
fn what_others_moved_is_not_read_for_somebody_who_may_not_see_it() {
    let machine = machine();
    let curl = Scope::App("curl".into());
    assert_eq!(received(&machine, &curl, &own(&ALICE)), Some(100));
    assert_eq!(received(&machine, &Scope::Unit("nginx.service".into()), &own(&ALICE)), Some(0));
    assert_eq!(received(&machine, &Scope::User("alice".into()), &own(&BOB)), Some(0));
}

#[test]
fn a_process_that_lost_its_row_still_counts() {
    let mut machine = machine();
    machine.end(1);
    machine.wait(3600);
    assert!(machine.store.rows().all(|row| row.info.value.user != Some(ALICE)));
    assert_eq!(received(&machine, &Scope::App("curl".into()), &everything()), Some(120));
    assert_eq!(received(&machine, &Scope::User("alice".into()), &everything()), Some(100));
}

#[test]
fn what_stays_on_the_machine_is_no_traffic() {
    let mut machine = Machine::new();
    machine.run(process(1, "postgres", &ALICE));
    machine.moves_inside(1, 5000);
    machine.tick();
    assert_eq!(received(&machine, &Scope::App("postgres".into()), &everything()), Some(0));
    assert!(applications(&machine.store).is_empty());
}

#[test]
fn the_machine_is_what_its_interfaces_counted() {
    let mut machine = Machine::new();
    machine.eth0.rx_bytes = 5000;
    machine.tick();
    machine.eth0.rx_bytes += 2000;
    machine.lost = 40;
    machine.tick();
    let viewer = own(&ALICE);
    // The machine's since the daemon started, an interface's since it exists.
    for (scope, rx) in [(Scope::Host, 2000), (Scope::Interface("eth0".into()), 7000)] {
        let reading = read(&machine.store, &[Target { scope: &scope, user: None, viewer: &viewer }])[0];
        assert_eq!((reading.moved.unwrap().rx, reading.lost), (rx, Some(40)), "{scope:?}");
    }
}

#[test]
fn applications_are_told_apart_by_user_and_by_whether_anybody_sees_them() {
    let mut machine = Machine::new();
    machine.run(process(1, "cron", &BOB));
    machine.run(process(2, "cron", &ALICE).in_group("/system.slice/cron.service"));
    machine.moves(1, 5);
    machine.moves(2, 6);
    machine.tick();
    let found = applications(&machine.store);
    assert_eq!(found[&("cron", Some(&BOB))], Moving { bytes: 5, background_bytes: 5 });
    assert_eq!(found[&("cron", Some(&ALICE))], Moving { bytes: 6, background_bytes: 0 });
}
