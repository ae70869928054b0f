//! The machine as the header and the cards show it.

use std::time::Duration;

use bwusage_proto::{
    ledger::{Reason, Side, Summary},
    mirror::Mirror,
    snapshot::{Residual, Rung, WindowPoint},
    text,
};

use super::unattributed_centipercent;

/// The machine at one moment, and its past minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name, escaped.
    pub name: String,
    /// Time between two ticks of the daemon.
    pub interval: Duration,
    /// How the bytes are counted.
    pub engine: String,
    /// How well: `exact`, `computed`, `sampled` or `recorded`.
    pub quality: String,
    /// How wire bytes come about, where that is not by counting each packet.
    pub estimate: Option<&'static str>,
    /// Every way of counting and what became of it, best first.
    pub rungs: Vec<(String, String)>,
    /// What the engine cannot see, a sentence each.
    pub blind_spots: Vec<String>,
    /// Why bytes have no process, and how many were received and sent.
    pub residuals: Vec<(&'static str, u64, u64)>,
    /// Share of this machine's own traffic that has a process, in hundredths of a percent. `None` where no interface's
    /// counter is known.
    pub attributed_centipercent: Option<u32>,
    /// Bytes of interfaces that belong to a process that could not be told.
    pub lost: u64,
    /// Why the daemon stores nothing at present.
    pub fault: Option<String>,
    /// Share of the counted bytes without a process, in hundredths of a percent.
    pub unattributed_centipercent: Option<u32>,
    /// Received by all interfaces but loopback, bytes a second.
    pub rx: Trend,
    /// Sent by all interfaces but loopback, bytes a second.
    pub tx: Trend,
    /// All processors, in hundredths of a percent.
    pub cpu: Trend,
    /// Each processor, in hundredths of a percent.
    pub cores: Vec<u32>,
    /// Load averages in hundredths.
    pub load: Option<[u32; 3]>,
    /// Memory in use over time.
    pub memory: Trend,
    /// Memory and swap now.
    pub memory_use: Option<MemoryUse>,
    /// Storage reads, bytes a second.
    pub disk_read: Trend,
    /// Storage writes, bytes a second.
    pub disk_write: Trend,
}

/// A number now and over the past minutes, oldest first. `None` where it was not measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trend {
    /// Now.
    pub now: Option<u64>,
    /// Before, and now as the last one.
    pub past: Vec<Option<u64>>,
}

/// Memory and swap in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Used.
    pub used: u64,
    /// Installed.
    pub total: u64,
    /// Swap in use.
    pub swap_used: u64,
    /// Swap there is.
    pub swap_total: u64,
}

impl Host {
    /// The machine in `mirror`.
    #[must_use]
    pub fn new(mirror: &Mirror) -> Self {
        let trend = |pick: fn(&WindowPoint) -> Option<u64>| Trend {
            now: mirror.window.back().and_then(pick),
            past: mirror.window.iter().map(pick).collect(),
        };
        let coverage = &mirror.coverage;
        Self {
            name: text::escape(&mirror.host.hostname).into_owned(),
            interval: Duration::from_millis(mirror.interval_ms.into()),
            engine: text::escape(&coverage.engine).into_owned(),
            quality: text::escape(&coverage.quality).into_owned(),
            estimate: coverage.estimate().map(|estimate| estimate.how),
            rungs: coverage.rungs.iter().map(rung).collect(),
            blind_spots: coverage.blind_spots.iter().map(|spot| text::escape(spot).into_owned()).collect(),
            residuals: mirror.residuals.iter().filter_map(residual).collect(),
            attributed_centipercent: mirror.ledger.as_ref().and_then(Summary::attributed),
            fault: mirror.fault.as_deref().map(|fault| text::escape(fault).into_owned()),
            lost: mirror.ledger.as_ref().map_or(0, lost),
            unattributed_centipercent: unattributed_centipercent(mirror),
            rx: trend(|point| point.network.map(|rates| rates.rx_bytes_per_s)),
            tx: trend(|point| point.network.map(|rates| rates.tx_bytes_per_s)),
            cpu: trend(|point| point.cpu_centipercent.map(u64::from)),
            cores: mirror.sample.core_centipercent.clone(),
            load: mirror.sample.load_centi,
            memory: trend(|point| point.memory_used_bytes),
            memory_use: mirror.sample.memory.map(|memory| MemoryUse {
                used: memory.used_bytes,
                total: memory.total_bytes,
                swap_used: memory.swap_used_bytes,
                swap_total: memory.swap_total_bytes,
            }),
            disk_read: trend(|point| point.disk_read_bytes_per_s),
            disk_write: trend(|point| point.disk_write_bytes_per_s),
        }
    }
}

/// The name of `rung`, and everything else about it in a line.
fn rung(rung: &Rung) -> (String, String) {
    let safe = |text: &str| text::escape(text).into_owned();
    let mut words = format!("{}, {}: {}", rung.state.words(), rung.quality, rung.about);
    for (before, more) in [(" – ", &rung.detail), (" → ", &rung.remedy)] {
        words.extend(more.iter().map(|more| format!("{before}{more}")));
    }
    (safe(&rung.name), safe(&words))
}

fn lost(summary: &Summary) -> u64 {
    let lost = |side: &Side| u64::try_from(side.bytes(Reason::Lost)).unwrap_or(0);
    lost(&summary.rx).saturating_add(lost(&summary.tx))
}

fn residual(residual: &Residual) -> Option<(&'static str, u64, u64)> {
    let wire = residual.counters.total().wire;
    (wire.rx_bytes > 0 || wire.tx_bytes > 0).then(|| (residual.reason.name(), wire.rx_bytes, wire.tx_bytes))
}

impl Trend {
    /// The largest of the last `count` values.
    #[must_use]
    pub fn peak(&self, count: usize) -> Option<u64> {
        self.last(count).iter().flatten().max().copied()
    }

    /// The last `count` values, or as many as there are.
    #[must_use]
    pub fn last(&self, count: usize) -> &[Option<u64>] {
        &self.past[self.past.len().saturating_sub(count)..]
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{snapshot::RungState, units::Rates};

    use super::*;

    fn mirror(received: &[Option<u64>]) -> Mirror {
        let points = received.iter().enumerate().map(|(at, rx)| WindowPoint {
            at_unix_ms: at as u64,
            network: rx.map(|rx_bytes_per_s| Rates { rx_bytes_per_s, tx_bytes_per_s: 0 }),
            ..WindowPoint::default()
        });
        Mirror { window: points.collect(), ..Mirror::default() }
    }

    #[test]
    fn what_was_not_measured_stays_unknown() {
        let host = Host::new(&mirror(&[Some(5), None]));
        assert_eq!((host.rx.now, host.rx.peak(2), host.cpu.now), (None, Some(5), None));
    }

    #[test]
    fn the_peak_is_that_of_the_part_in_view() {
        let host = Host::new(&mirror(&[Some(900), Some(5), Some(6)]));
        assert_eq!((host.rx.peak(2), host.rx.peak(99)), (Some(6), Some(900)));
    }

    #[test]
    fn a_rung_tells_what_became_of_it_and_the_kernels_words_cannot_act_on_the_terminal() {
        let refused = Rung {
            name: "fentry".into(),
            about: "each packet".into(),
            quality: "exact".into(),
            state: RungState::Refused,
            detail: Some("EPERM\x1b[2J".into()),
            remedy: Some("another kernel".into()),
        };
        let mut mirror = Mirror::default();
        mirror.coverage.rungs = vec![refused];
        let expected = r"refused, exact: each packet – EPERM\x1b[2J → another kernel";
        assert_eq!(Host::new(&mirror).rungs, [("fentry".to_owned(), expected.to_owned())]);
    }

    #[test]
    fn a_host_name_cannot_act_on_the_terminal() {
        let mut mirror = Mirror::default();
        mirror.host.hostname = "web\x1b[2J".into();
        assert_eq!(Host::new(&mirror).name, r"web\x1b[2J");
    }
}
