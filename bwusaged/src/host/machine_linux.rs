//! Processors, memory and load on Linux, from `/proc`: the same figures as `sysinfo`'s, which opens each file anew at each tick.

use std::io;

use bwusage_proto::snapshot::{HostSample, Memory};
use rustix::time::{ClockId, clock_gettime};

use super::{live::Population, proc_file::ProcFile};

/// What is read at each tick, where the system shows it.
#[derive(Debug)]
pub(super) struct Machine {
    stat: Option<ProcFile>,
    meminfo: Option<ProcFile>,
    loadavg: Option<ProcFile>,
    before: Option<Processors>,
}

impl Machine {
    #[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            stat: ProcFile::open("/proc/stat").ok(),
            meminfo: ProcFile::open("/proc/meminfo").ok(),
            loadavg: ProcFile::open("/proc/loadavg").ok(),
            before: None,
        })
    }

    /// What it is like now, and how many threads there are. Shares of processors are of the time since the last reading.
    pub(super) fn read(&mut self) -> (HostSample, Option<Population>) {
        let stat = self.stat.as_mut().and_then(ProcFile::read).unwrap_or_default();
        let now = Processors::parse(stat);
        let begun = begun(stat);
        let before = std::mem::replace(&mut self.before, now);
        let both = self.before.as_ref().zip(before.as_ref());
        let loadavg = self.loadavg.as_mut().and_then(ProcFile::read).unwrap_or_default();
        let uptime = clock_gettime(ClockId::Boottime);
        let sample = HostSample {
            cpu_centipercent: both.and_then(|(now, before)| now.all.share_since(before.all)),
            core_centipercent: both.and_then(|(now, before)| now.shares_since(before)).unwrap_or_default(),
            memory: self.meminfo.as_mut().and_then(ProcFile::read).and_then(memory),
            uptime_ms: u64::try_from(uptime.tv_sec * 1000 + uptime.tv_nsec / 1_000_000).ok(),
            load_centi: load(loadavg),
            ..HostSample::default()
        };
        let population = begun.zip(threads(loadavg)).map(|(begun, threads)| [begun, threads]);
        (sample, population)
    }
}

/// What all processors did since boot, and each.
#[derive(Debug, PartialEq, Eq)]
struct Processors {
    all: Times,
    /// By number: one that is taken offline has no line.
    each: Vec<(u32, Times)>,
}

/// In clock ticks since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    /// Idle, or waiting for storage.
    idle: u64,
    total: u64,
}

impl Processors {
    /// Lines `cpu` and `cpuN` of `/proc/stat`: user nice system idle iowait irq softirq steal guest guest_nice. What guests
    /// used is in user and nice already (proc_stat(5)).
    fn parse(stat: &str) -> Option<Self> {
        let mut lines = stat.lines().map_while(|line| line.strip_prefix("cpu"));
        let all = Times::parse(lines.next()?)?;
        let core = |line: &str| {
            let (number, times) = line.split_once(' ')?;
            Some((number.parse().ok()?, Times::parse(times)?))
        };
        Some(Self { all, each: lines.map_while(core).collect() })
    }

    /// `None` when others are online now.
    fn shares_since(&self, before: &Self) -> Option<Vec<u32>> {
        if self.each.len() != before.each.len() {
            return None;
        }
        let share = |(now, before): (&(u32, Times), &(u32, Times))| {
            (now.0 == before.0).then(|| now.1.share_since(before.1))?
        };
        self.each.iter().zip(&before.each).map(share).collect()
    }
}

impl Times {
    fn parse(fields: &str) -> Option<Self> {
        const IDLE: usize = 3;
        const IOWAIT: usize = 4;
        const STEAL: usize = 7;
        let (mut idle, mut total, mut count) = (0, 0_u64, 0);
        for (at, field) in fields.split_ascii_whitespace().take(STEAL + 1).enumerate() {
            let ticks: u64 = field.parse().ok()?;
            if at == IDLE || at == IOWAIT {
                idle += ticks;
            }
            (total, count) = (total + ticks, at + 1);
        }
        (count > IOWAIT).then_some(Self { idle, total })
    }

    /// The share that was not idle, in hundredths of a percent; `None` when no time passed. The kernel takes some of the time
    /// spent waiting for storage back at times.
    fn share_since(self, before: Self) -> Option<u32> {
        let total = self.total.checked_sub(before.total).filter(|&total| total > 0)?;
        let idle = self.idle.saturating_sub(before.idle).min(total);
        u32::try_from(((total - idle) * 10_000 + total / 2) / total).ok()
    }
}

/// How many processes and threads were begun since boot.
fn begun(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("processes "))?.trim().parse().ok()
}

/// Three averages, then `running/all` threads (proc_loadavg(5)).
fn load(loadavg: &str) -> Option<[u32; 3]> {
    let mut averages = loadavg.split_ascii_whitespace().map(|field| field.parse::<f64>().ok());
    let mut next = || Some((averages.next()?? * 100.0).round().max(0.0) as u32);
    Some([next()?, next()?, next()?])
}

fn threads(loadavg: &str) -> Option<u64> {
    loadavg.split_ascii_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// Used is what is not available for new programs; the kernel says so since Linux 3.14.
fn memory(meminfo: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let rest = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let (total_bytes, available_bytes) = (bytes("MemTotal")?, bytes("MemAvailable")?);
    let swap_total_bytes = bytes("SwapTotal").unwrap_or(0);
    Some(Memory {
        total_bytes,
        used_bytes: total_bytes.saturating_sub(available_bytes),
        available_bytes,
        swap_total_bytes,
        swap_used_bytes: swap_total_bytes.saturating_sub(bytes("SwapFree").unwrap_or(0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(lines: &[&str]) -> Processors {
        Processors::parse(&(lines.join("\n") + "\nintr 1 2 3\nctxt 5\nprocesses 77\n")).unwrap()
    }

    #[test]
    fn a_share_is_of_the_time_that_passed_and_waiting_for_storage_is_idle() {
        let before = stat(&["cpu  100 0 100 700 100 0 0 0 0 0", "cpu0 50 0 50 350 50 0 0 0 0 0"]);
        let now = stat(&["cpu  110 5 110 760 110 2 1 2 9 9", "cpu0 50 0 50 400 50 0 0 0 0 0"]);
        assert_eq!(now.all.share_since(before.all), Some(3000));
        assert_eq!(now.shares_since(&before), Some(vec![0]));
        assert_eq!(now.all.share_since(now.all), None, "no time has passed");
    }

    #[test]
    fn time_that_the_kernel_takes_back_is_no_negative_share() {
        let before = stat(&["cpu  0 0 0 100 50 0 0 0 0 0"]);
        let now = stat(&["cpu  20 0 0 100 40 0 0 0 0 0"]);
        assert_eq!(now.all.share_since(before.all), Some(10_000));
    }

    #[test]
    fn processors_that_were_not_there_before_have_no_share_yet() {
        let times = |name: &str, ticks: u32| format!("{name} {ticks} 0 0 {ticks} 0 0 0 0 0 0");
        let of = |names: [&str; 2], ticks| {
            stat(&[&times("cpu ", ticks), &times(names[0], ticks), &times(names[1], ticks)])
        };
        let now = of(["cpu0", "cpu1"], 20);
        assert_eq!(now.shares_since(&of(["cpu0", "cpu1"], 10)), Some(vec![5000, 5000]));
        assert_eq!(now.shares_since(&of(["cpu0", "cpu2"], 10)), None);
    }

    #[test]
    fn memory_is_used_unless_programs_could_have_it() {
        let text = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nSwapTotal:        50 kB\nSwapFree:         20 kB\n";
        let memory = memory(text).unwrap();
        assert_eq!((memory.total_bytes, memory.used_bytes), (1000 * 1024, 600 * 1024));
        assert_eq!((memory.swap_total_bytes, memory.swap_used_bytes), (50 * 1024, 30 * 1024));
        assert_eq!(super::memory("MemTotal: 1 kB\n"), None, "unknown is not zero");
    }

    #[test]
    fn load_and_threads_are_read_and_garbage_is_not() {
        assert_eq!(load("0.52 1.00 12.34 3/668 9959\n"), Some([52, 100, 1234]));
        assert_eq!(
            (threads("0.52 1.00 12.34 3/668 9959\n"), begun("ctxt 5\nprocesses 77\n")),
            (Some(668), Some(77))
        );
        assert_eq!((load("0.5 x 1"), threads("0.5 1 1 3"), begun("processes x")), (None, None, None));
        assert_eq!(Processors::parse("intr 5\n"), None);
    }

    #[test]
    fn this_machine_is_read_and_has_shares_from_the_second_time_on() {
        let mut machine = Machine::open().unwrap();
        let (first, population) = machine.read();
        assert_eq!((first.cpu_centipercent, first.core_centipercent), (None, vec![]));
        assert!(first.memory.unwrap().total_bytes > 0 && first.uptime_ms.unwrap() > 0);
        let [begun, threads] = population.unwrap();
        assert!(first.load_centi.is_some() && threads > 0);
        let child = std::process::Command::new("true").status().unwrap();
        let (_, later) = machine.read();
        assert!(child.success() && later.unwrap()[0] > begun);
    }
}
