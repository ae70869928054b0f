//! What a subscriber gets: everything once, then what changed; late or slow, it ends up in the same place.

use std::time::Duration;

use bwusage_proto::{
    client::{Client, Event, Follow},
    message::{Reply, Request, Subscribe},
    mirror::Mirror,
    units::Rates,
};

use crate::daemon::{Daemon, block_on};

/// Everything was played: apt-get has ended and nothing moves any more.
fn is_over(mirror: &Mirror) -> bool {
    let ended = mirror.processes.values().any(|process| process.exited_at_unix_ms.is_some());
    ended && mirror.seq > 95 && mirror.processes.values().all(|process| process.rates == Rates::default())
}

fn totals(mirror: &Mirror) -> Vec<(String, u64, u64)> {
    let total = |process: &bwusage_proto::mirror::Process| {
        let traffic = process.counters.total();
        (process.info.name.clone(), traffic.wire.rx_bytes, traffic.payload.tx_bytes)
    };
    mirror.processes.values().map(total).collect()
}

#[test]
fn a_slow_and_a_late_reader_end_up_where_a_quick_one_is() {
    let daemon = Daemon::start();
    block_on(async {
        let connect = async || Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut quick = connect().await.subscribe(Duration::ZERO).await.unwrap();
        let mut slow = connect().await.subscribe(Duration::from_secs(2)).await.unwrap();
        let mut quick_ticks = 0;
        while !is_over(quick.mirror()) {
            quick.tick().await.unwrap();
            quick_ticks += 1;
        }
        let mut slow_ticks = 0;
        while !is_over(slow.mirror()) {
            slow.tick().await.unwrap();
            slow_ticks += 1;
        }
        let late = connect().await.snapshot().await.unwrap();
        assert!(slow_ticks * 3 < quick_ticks, "{slow_ticks} slow ticks, {quick_ticks} quick ones");
        assert_eq!(totals(quick.mirror()), totals(slow.mirror()));
        assert_eq!(totals(quick.mirror()), totals(&late));
        assert!(totals(&late).iter().map(|(_, rx, _)| rx).sum::<u64>() > 100_000_000);
    });
}

#[test]
fn a_late_client_sees_the_past_minutes_at_once() {
    let daemon = Daemon::start();
    block_on(async {
        let client = Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut early = client.subscribe(Duration::ZERO).await.unwrap();
        while early.mirror().seq < 20 {
            early.tick().await.unwrap();
        }
        let late = Client::connect(&daemon.endpoint(), "test").await.unwrap().snapshot().await.unwrap();
        assert!(late.window.len() >= 20);
        assert!(
            late.window
                .iter()
                .skip(1)
                .all(|point| point.network.is_some() && point.cpu_centipercent.is_some())
        );
        // What the early one collected tick by tick is what the daemon hands out.
        let known = early.mirror().window.iter().filter(|point| late.window.contains(point)).count();
        assert_eq!(known, early.mirror().window.len());
    });
}

#[test]
fn a_tick_holds_what_changed_and_nothing_else() {
    let daemon = Daemon::start();
    let mut raw = daemon.greeted();
    assert!(matches!(raw.ask(&Request::Subscribe(Subscribe { interval_ms: 0 })), Reply::Snapshot(_)));
    let Reply::Tick(first) = raw.reply() else { panic!("no tick") };
    assert_eq!(first.infos.len(), 14);
    let idle = first.infos.iter().find(|info| info.name == "cron").unwrap().row;
    for _ in 0..5 {
        let Reply::Tick(next) = raw.reply() else { panic!("no tick") };
        assert!(next.infos.is_empty() && next.seq > first.seq);
        assert!(next.changed.iter().all(|activity| activity.row != idle || activity.counters.is_zero()));
        assert!(next.changed.iter().any(|activity| !activity.counters.is_zero()));
    }
}

#[test]
fn a_follower_comes_back_by_itself_and_knows_that_totals_began_anew() {
    let daemon = Daemon::start();
    let endpoint = daemon.endpoint();
    block_on(async {
        let mut follow = Follow::new(endpoint, "test", Duration::ZERO);
        assert!(matches!(follow.next().await, Event::Up { restarted: false }));
        assert!(matches!(follow.next().await, Event::Tick));
        let folder = daemon.kill();
        while !matches!(follow.next().await, Event::Down { .. }) {}
        assert!(follow.mirror().is_some_and(|mirror| !mirror.processes.is_empty()), "the last state stays");
        let _daemon = Daemon::start_with(folder, &[]);
        loop {
            match follow.next().await {
                Event::Up { restarted } => break assert!(restarted),
                Event::Down { .. } => {}
                Event::Tick => panic!("a tick without a connection"),
            }
        }
        assert!(matches!(follow.next().await, Event::Tick));
    });
}
