//! From question to answer over the socket of a real daemon that plays a recording.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use bwusage_proto::{
    client::Client,
    connection::{ConnectionsQuery, Moved, Protocol, State},
    process::{ProcessId, UserId},
    snapshot::{Coverage, HostInfo},
    transport::Endpoint,
    units::{Counters, Scope},
};
use bwusaged::engine::{
    Identity, ProcessSample, Sample, SocketSample, Talk,
    recording::{FORMAT, Header, Moment, Writer},
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;

struct Daemon {
    child: Child,
    folder: TempDir,
}

impl Daemon {
    fn start(processes: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = folder.path().join("recording");
        let header = Header {
            format: FORMAT.into(),
            host: HostInfo::default(),
            coverage: Coverage::default(),
            interval_ms: 1000,
        };
        let mut writer = Writer::create(&recording, &header).expect("a recording");
        writer.push(&moment(processes)).expect("a moment");
        let mut child = Command::new(env!("CARGO_BIN_EXE_bwusaged"))
            .arg(format!("--engine=replay:{}", recording.display()))
            .arg("--socket")
            .arg(folder.path().join("s"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("bwusaged");
        let mut log = BufReader::new(child.stderr.take().expect("a log")).lines();
        assert!(log.any(|line| line.expect("a line").contains("ready")), "bwusaged did not start");
        Self { child, folder }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.folder.path().join("s"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 5,000 open connections of the first process.
fn talk() -> Talk {
    let socket = |number: u16| SocketSample {
        process: Some(ProcessId::new(1, 1)),
        protocol: Protocol::TCP,
        local: ([192, 0, 2, 15], 10_000 + number).into(),
        remote: Some(([198, 51, 100, number.to_be_bytes()[1]], 443).into()),
        inbound: Some(false),
        state: State::Established,
        interface: None,
        opened_at_unix_ms: Some(1_795_000_000_000),
        moved: Moved { rx_bytes: 200_000 + u64::from(number), tx_bytes: 1_000 },
    };
    Talk {
        sockets: (0..5_000).map(socket).collect(),
        remotes: Vec::new(),
        processes: vec![(ProcessId::new(1, 1), Moved { rx_bytes: 1_100_000_000, tx_bytes: 5_000_000 })],
    }
}

fn moment(processes: u32) -> Moment {
    let process = |pid| {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = 1_000_341_504 + u64::from(pid);
        let identity = Identity {
            name: "firefox".into(),
            exe: Some("/usr/lib/firefox/firefox".into()),
            user: Some(UserId::Uid(1000)),
            ..Identity::default()
        };
        ProcessSample { id: ProcessId::new(pid, 1), counters, identity: Some(identity), ended: false }
    };
    let sample = Sample { processes: (1..=processes).map(process).collect(), ..Sample::default() };
    Moment { sample, talk: Some(talk()), ..Moment::default() }
}

fn round_trip(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for processes in [300, 5_000, 50_000] {
        let daemon = Daemon::start(processes);
        let mut client =
            runtime.block_on(Client::connect(&daemon.endpoint(), "bench")).expect("a connection");
        if processes == 300 {
            criterion.bench_function("connections/5000", |bencher| {
                let question = ConnectionsQuery::default();
                bencher.iter(|| runtime.block_on(client.connections(question)).expect("connections"));
            });
            criterion.bench_function("ping", |bencher| {
                bencher.iter(|| runtime.block_on(client.ping()).expect("a pong"));
            });
            criterion.bench_function("connect", |bencher| {
                bencher.iter(|| {
                    runtime.block_on(Client::connect(&daemon.endpoint(), "bench")).expect("a connection")
                });
            });
        }
        criterion.bench_with_input(BenchmarkId::new("snapshot", processes), &(), |bencher, ()| {
            bencher.iter(|| runtime.block_on(client.snapshot()).expect("a snapshot"));
        });
    }
}

criterion_group!(benches, round_trip);
criterion_main!(benches);
