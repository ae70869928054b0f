//! Processor time of processes and of the machine, from `/proc`.

use std::{fs, io, path::Path, time::Duration};

use anyhow::{Context as _, Result};

/// Of a process: what the scheduler gave its threads, in its kernel code too.
///
/// `/proc/PID/stat` counts in ticks of 10 ms, which is more than a daemon may use in a second; `schedstat` counts in nanoseconds.
pub(super) fn of_process(pid: u32) -> Result<Duration> {
    let tasks = format!("/proc/{pid}/task");
    sum_schedstats(Path::new(&tasks)).with_context(|| format!("cannot read {tasks}"))
}

fn sum_schedstats(tasks: &Path) -> io::Result<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir(tasks)? {
        // A thread may end meanwhile.
        if let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) {
            sum += parse_schedstat(&text).ok_or(io::ErrorKind::InvalidData)?;
        }
    }
    Ok(sum)
}

/// Of the kernel's threads that take over packets when there are too many for the process that causes them.
pub(super) fn of_softirq_threads() -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for process in fs::read_dir("/proc").context("cannot read /proc")? {
        let folder = process?.path();
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        if name.starts_with("ksoftirqd/") {
            sum += sum_schedstats(&folder.join("task"))?;
        }
    }
    Ok(sum)
}

/// Time that all processors together were idle.
pub(super) fn idle() -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    parse_idle(&text).context("/proc/stat is not understood")
}

/// Resident memory of a process in bytes.
pub(super) fn resident_bytes(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    parse_resident(&text).with_context(|| format!("{file} is not understood"))
}

/// The first number is the time on a processor in nanoseconds.
fn parse_schedstat(text: &str) -> Option<Duration> {
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// `cpu user nice system idle iowait ...` in ticks of 10 ms. Without work the kernel has no tick, and measures idle time exactly.
fn parse_idle(text: &str) -> Option<Duration> {
    let line = text.lines().find(|line| line.starts_with("cpu "))?;
    let numbers: Vec<u64> = line.split_whitespace().skip(1).flat_map(str::parse).collect();
    Some(Duration::from_millis(10 * (numbers.get(3)? + numbers.get(4)?)))
}

fn parse_resident(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_schedstat_is_nanoseconds_on_a_processor() {
        assert_eq!(parse_schedstat("57035 12 1\n"), Some(Duration::from_nanos(57_035)));
        assert_eq!(parse_schedstat(""), None);
    }

    #[test]
    fn waiting_for_a_disk_is_idle_too() {
        let text = "cpu  10 0 20 300 40 0 5 0 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_idle(text), Some(Duration::from_millis(3400)));
        assert_eq!(parse_idle("cpu  1 2 3\n"), None);
    }

    #[test]
    fn resident_memory_is_given_in_units_of_1024_bytes() {
        assert_eq!(parse_resident("VmSize:\t  900 kB\nVmRSS:\t    12 kB\n"), Some(12_288));
        assert_eq!(parse_resident("Name:\tkthreadd\n"), None);
    }
}
