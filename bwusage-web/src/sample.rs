//! A small machine for tests.

use std::sync::Arc;

use bwusage_proto::{
    ledger::{Line, Reason, Side, Summary},
    mirror::{Mirror, Process},
    process::{Category, ProcessId, UserId},
    snapshot::{HostInfo, HostSample, Memory, ProcessInfo, RowId, WindowPoint},
    units::{Counters, Rates, Scope},
};

use crate::moment::{Live, Moment};

/// A name that would end an event, and act on a page, if it were believed.
pub(crate) const HOSTILE_NAME: &str = "a\n\nevent: top\ndata: {}\r\r<script>\u{2028}";
/// An argument that only its owner may read.
pub(crate) const SECRET: &str = "--password=sesame";

/// A machine with three processes of two applications, one of them idle, `ticks` ticks of a second after its start.
pub(crate) fn mirror(ticks: u64) -> Mirror {
    let at_unix_ms = |tick: u64| 1_795_000_000_000 + tick * 1000;
    Mirror {
        host: HostInfo { hostname: "web01\n".into(), ..HostInfo::default() },
        sample: HostSample {
            cpu_centipercent: Some(4250),
            core_centipercent: vec![3000, 5500],
            memory: Some(Memory { total_bytes: 100, used_bytes: 40, ..Memory::default() }),
            ..HostSample::default()
        },
        window: (1..=ticks)
            .map(|tick| WindowPoint { at_unix_ms: at_unix_ms(tick), ..WindowPoint::default() })
            .collect(),
        interval_ms: 1000,
        seq: ticks,
        taken_at_unix_ms: at_unix_ms(ticks),
        window_ms: 1000,
        ledger: Some(ledger()),
        processes: [process(1, "curl", 900), process(2, HOSTILE_NAME, 500), process(3, "cron", 0)].into(),
        ..Mirror::default()
    }
}

/// Where its interfaces' bytes went.
fn ledger() -> Summary {
    let line = |(reason, bytes)| Line { reason, bytes };
    let side = |counter, lines: [(Reason, i64); 3]| Side { counter, lines: lines.map(line).into() };
    Summary {
        rx: side(1500, [(Reason::Processes, 1400), (Reason::NoSocket, 6), (Reason::LinkHeaders, 94)]),
        tx: side(600, [(Reason::Processes, 594), (Reason::LinkHeaders, 28), (Reason::Segmentation, -22)]),
    }
}

/// That machine as a moment, over the `connection`th connection to the daemon.
pub(crate) fn live(connection: u64, ticks: u64) -> Moment {
    Moment::Live(Box::new(Live::new(connection, &mirror(ticks), "1.2.3")))
}

/// That machine as the newest moment; it stays it.
pub(crate) fn moments(moment: Moment) -> crate::feed::Moments {
    tokio::sync::watch::channel(Arc::new(moment)).1
}

fn process(row: u64, name: &str, rx_bytes: u64) -> (RowId, Process) {
    let mut counters = Counters::default();
    counters[Scope::Internet].wire.rx_bytes = rx_bytes;
    let info = ProcessInfo {
        id: Some(ProcessId::new(100 + row as u32, 7)),
        name: name.into(),
        app: name.into(),
        command_line: Some(vec![name.into(), SECRET.into()]),
        user: Some(UserId::Uid(0)),
        category: Some(if name == HOSTILE_NAME { Category::Background } else { Category::Service }),
        ..ProcessInfo::unknown(RowId(row))
    };
    let rates = Rates { rx_bytes_per_s: rx_bytes / 10, tx_bytes_per_s: 0 };
    (RowId(row), Process { info, counters, rates, resources: None, exited_at_unix_ms: None })
}
