//! The daemon about itself, for people.

use std::time::Duration;

use bwusage_proto::{
    bounds::{Bounds, Retention},
    format::{self, Units},
    history::HistoryState,
    ledger::{Reason, Share, Summary},
    message::Status,
    report::Moment,
    snapshot::Rung,
    text,
    transport::Endpoint,
};

use super::{HEADING, paint};

/// A line for each thing to know.
pub(crate) fn draw(status: &Status, bounds: Option<&Bounds>, endpoint: &Endpoint) -> String {
    let mut drawn = format!(
        "{} {} (pid {}) on {}, up {}\n",
        paint(HEADING, "bwusaged"),
        text::escape(&status.version),
        status.pid,
        text::escape(&endpoint.to_string()),
        format::duration(Duration::from_millis(status.uptime_ms)),
    );
    let mut line = |name: &str, value: &str| {
        drawn.push_str(&format_line(name, value));
    };
    let coverage = &status.coverage;
    line("counts with", &format!("{} ({})", coverage.engine, coverage.quality));
    if !coverage.rungs.is_empty() {
        line("ways", &format!("{} (see bwusage-ctl doctor)", ways(&coverage.rungs)));
    }
    if let Some(estimate) = coverage.estimate() {
        line("wire bytes", &format!("{}: {}", estimate.word, estimate.how));
    }
    let attached = coverage.hooks.iter().filter(|hook| hook.attached).count();
    if !coverage.hooks.is_empty() {
        line("hooks", &format!("{attached} of {} attached (see bwusage-ctl doctor)", coverage.hooks.len()));
    }
    for blind_spot in &coverage.blind_spots {
        line("cannot see", blind_spot);
    }
    let interval = Duration::from_millis(status.interval_ms.into()).as_secs_f64();
    line("ticks", &format!("{} so far, one every {interval} s, {} late", status.ticks, status.late_ticks));
    if let Some(summary) = &status.ledger {
        line("attributed", &attributed(summary));
        for (reason, rx, tx) in residuals(summary) {
            line("", &format!("{rx} received, {tx} sent: {}", reason.title()));
        }
    }
    line("rows", &status.rows.to_string());
    line("clients", &format!("{} connected, {} following", status.connections, status.subscriptions));
    line("visibility", &format!("{}, you see {}", status.visibility, status.you_see));
    line("uses", &own_use(status));
    if let Some(privilege) = &status.privilege {
        line("runs as", privilege);
    }
    if let Some(history) = &status.history {
        for (name, value) in past(history) {
            line(name, &value);
        }
    }
    if let Some(retention) = bounds.and_then(|bounds| bounds.retention) {
        line("", &kept(retention));
    }
    let tables = bounds.map(|bounds| bounds.tables.as_slice()).unwrap_or_default();
    let tables = tables.iter().map(|fill| format!("{} {} of {}", fill.table, fill.entries, fill.capacity));
    let tables = tables.collect::<Vec<_>>().join(", ");
    if !tables.is_empty() {
        line("tables", &format!("{tables} in the kernel"));
    }
    for loss in status.losses.iter().filter(|loss| loss.events > 0) {
        line("not counted", &format!("{} ({} times)", loss.what, loss.events));
    }
    drawn
}

/// The memory of the past: where it is, what it takes, and what is wrong with it.
fn past(history: &HistoryState) -> Vec<(&'static str, String)> {
    let size =
        history.size_bytes.map_or("of unknown size".into(), |size| format::bytes_with_unit(size, Units::Iec));
    let oldest_ms = history.oldest_unix_s.and_then(|oldest| u64::try_from(oldest).ok()?.checked_mul(1000));
    let nothing = if history.fault.is_some() { "not read" } else { "nothing yet" };
    let since = oldest_ms.map_or(nothing.into(), |oldest| format!("since {}", Moment(oldest)));
    let mut lines = vec![("history", format!("{since}, {size}, in {}", history.file))];
    lines.extend(history.fault.iter().map(|fault| ("not stored", fault.clone())));
    lines.extend(history.notes.iter().map(|note| ("", note.clone())));
    lines
}

/// How long the past is kept.
fn kept(Retention { minutes_s, hours_s, days_s }: Retention) -> String {
    let span = |seconds| format::duration(Duration::from_secs(seconds));
    let days = days_s.map_or("for ever".into(), |seconds| format!("for {}", span(seconds)));
    format!(
        "kept by the minute for {}, by the hour for {}, by the day {days}",
        span(minutes_s),
        span(hours_s)
    )
}

/// What became of each way of counting, best first.
fn ways(rungs: &[Rung]) -> String {
    let way = |rung: &Rung| format!("{} {}", rung.name, rung.state.words());
    rungs.iter().map(way).collect::<Vec<_>>().join(", ")
}

/// How much of this machine's own traffic has a process.
fn attributed(summary: &Summary) -> String {
    let share = summary.attributed().map_or("no traffic yet".into(), |hundredths| {
        format!("{} of this machine's traffic to a process", super::ledger::share(hundredths))
    });
    match (summary.rx.unnamed(), summary.tx.unnamed()) {
        (0, 0) => format!("{share} (see bwusage-ctl ledger)"),
        (rx, tx) => format!("{share}; {rx} bytes received and {tx} sent without a name"),
    }
}

/// The traffic of this machine that no process has, both ways.
fn residuals(summary: &Summary) -> impl Iterator<Item = (Reason, String, String)> {
    let nobodys = Reason::ALL.into_iter().filter(|reason| reason.share() == Share::Nobody);
    nobodys.filter_map(|reason| {
        let (rx, tx) = (summary.rx.bytes(reason), summary.tx.bytes(reason));
        let amount = |bytes: i64| {
            let sign = if bytes < 0 { "-" } else { "" };
            format!("{sign}{}", format::bytes_with_unit(bytes.unsigned_abs(), Units::Iec))
        };
        (rx != 0 || tx != 0).then(|| (reason, amount(rx), amount(tx)))
    })
}

fn format_line(name: &str, value: &str) -> String {
    format!("  {name:<12} {}\n", text::escape(value))
}

fn own_use(status: &Status) -> String {
    let rss = status.self_rss_bytes.map_or("unknown".into(), |rss| format::bytes_with_unit(rss, Units::Iec));
    let cpu = status.self_cpu_ms.map_or("unknown".into(), |cpu| {
        let seconds = format!("{:.1} s in all", cpu as f64 / 1000.0);
        // Before that the start alone would make up the average.
        if status.uptime_ms < 60_000 {
            return seconds;
        }
        format!("{seconds}, {:.2} % of one core", cpu as f64 * 100.0 / status.uptime_ms as f64)
    });
    format!("memory {rss}, processor {cpu}")
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        bounds::TableFill,
        ledger::{Line, Side},
        snapshot::{Coverage, Hook, Loss, RungState},
    };

    use super::*;

    fn ledger() -> Summary {
        let side = |counter, lines: &[(Reason, i64)]| Side {
            counter,
            lines: lines.iter().map(|&(reason, bytes)| Line { reason, bytes }).collect(),
        };
        Summary {
            rx: side(1_024_000, &[(Reason::Processes, 1_013_760), (Reason::NoSocket, 10_240)]),
            tx: side(0, &[(Reason::BeforeStart, 1536), (Reason::Driver, -1536)]),
        }
    }

    fn status() -> Status {
        let hook = |attached| Hook { name: "h".into(), purpose: "p".into(), attached, detail: None };
        Status {
            version: "1.2.3".into(),
            pid: 77,
            uptime_ms: 125_000,
            interval_ms: 1_000,
            ticks: 125,
            late_ticks: 1,
            self_cpu_ms: Some(250),
            self_rss_bytes: None,
            connections: 2,
            subscriptions: 1,
            rows: 300,
            visibility: "names".into(),
            you_see: "all".into(),
            coverage: Coverage {
                engine: "eBPF".into(),
                quality: "exact".into(),
                hooks: vec![hook(true), hook(false)],
                blind_spots: vec!["NFS".into()],
                rungs: Vec::new(),
            },
            ledger: Some(ledger()),
            privilege: Some("user nobody (65534)\u{1b}".into()),
            history: None,
            losses: vec![
                Loss { what: "rows \x1b[31m".into(), events: 3 },
                Loss { what: "nothing".into(), events: 0 },
            ],
        }
    }

    fn drawn(status: &Status) -> String {
        anstream::adapter::strip_str(&draw(status, None, &Endpoint::new("/s"))).to_string()
    }

    #[test]
    fn every_fact_has_its_line() {
        let expected = "\
bwusaged 1.2.3 (pid 77) on /s, up 2m 05s
  counts with  eBPF (exact)
  hooks        1 of 2 attached (see bwusage-ctl doctor)
  cannot see   NFS
  ticks        125 so far, one every 1 s, 1 late
  attributed   99.00 % of this machine's traffic to a process (see bwusage-ctl ledger)
               10.0 KiB received, 0 B sent: kernel, without a socket
               0 B received, -1.50 KiB sent: driver
  rows         300
  clients      2 connected, 1 following
  visibility   names, you see all
  uses         memory unknown, processor 0.2 s in all, 0.20 % of one core
  runs as      user nobody (65534)\\x1b
  not counted  rows \\x1b[31m (3 times)
";
        assert_eq!(drawn(&status()), expected);
    }

    #[test]
    fn what_there_is_room_for_is_said_where_the_daemon_says_it() {
        let mut bounds = Bounds {
            tables: vec![TableFill::new("slots", 300, 16_376), TableFill::new("remotes\x1b", 0, 65_536)],
            retention: Some(Retention { minutes_s: 172_800, hours_s: 7_776_000, days_s: None }),
        };
        let drawn = |bounds: &Bounds| {
            let drawn = draw(&status(), Some(bounds), &Endpoint::new("/s"));
            anstream::adapter::strip_str(&drawn).to_string()
        };
        let whole = drawn(&bounds);
        for line in [
            "kept by the minute for 2d 00h, by the hour for 90d 00h, by the day for ever\n",
            "  tables       slots 300 of 16376, remotes\\x1b 0 of 65536 in the kernel\n",
        ] {
            assert!(whole.contains(line), "{line} in\n{whole}");
        }
        bounds.retention.as_mut().unwrap().days_s = Some(86_400 * 400);
        assert!(drawn(&bounds).contains("by the day for 400d 00h\n"));
    }

    #[test]
    fn what_is_not_counted_packet_by_packet_says_so_and_every_way_of_counting_is_named() {
        let rung = |name: &str, state| Rung {
            name: name.into(),
            about: String::new(),
            quality: "computed".into(),
            state,
            detail: None,
            remedy: None,
        };
        let mut status = status();
        status.coverage.quality = "computed".into();
        status.coverage.rungs = vec![
            rung("tracepoints\x1b[2J", RungState::Refused),
            rung("fentry", RungState::InUse),
            rung("packets", RungState::NotTried),
        ];
        let drawn = drawn(&status);
        for line in [
            "  counts with  eBPF (computed)\n",
            "  ways         tracepoints\\x1b[2J refused, fentry in use, packets not tried (see bwusage-ctl doctor)\n",
            "  wire bytes   computed: wire bytes are computed from the sockets' own counters; payload bytes are exact\n",
        ] {
            assert!(drawn.contains(line), "{line} in\n{drawn}");
        }
    }
}
