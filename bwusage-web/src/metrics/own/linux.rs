//! As `/proc/self` tells it, `proc(5)`.

use std::fs;

use super::Own;

/// Ticks of the times in `/proc`: the kernel's `USER_HZ`, part of its interface and 100 on every architecture that Rust has.
const TICKS_PER_S: f64 = 100.0;

pub(super) fn look() -> Own {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let booted = fs::read_to_string("/proc/stat").unwrap_or_default();
    // The name, in parentheses, can hold anything. Fields are numbered from 1; the first after the name is the third.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let seconds = |ticks: u64| ticks as f64 / TICKS_PER_S;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    };
    let boot = booted.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<u64>().ok());
    Own {
        cpu_s: field(14).zip(field(15)).map(|(user, system)| seconds(user + system)),
        resident_bytes: kib("VmRSS:"),
        virtual_bytes: kib("VmSize:"),
        open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
        max_files: limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok()),
        started_at_unix_s: boot.zip(field(22)).map(|(boot, start)| boot as f64 + seconds(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_known_of_this_process() {
        let Own { cpu_s, resident_bytes, virtual_bytes, open_files, max_files, started_at_unix_s } = look();
        assert!(cpu_s.is_some());
        assert!(resident_bytes.unwrap() > 1 << 20 && virtual_bytes.unwrap() > resident_bytes.unwrap());
        assert!(open_files.unwrap() >= 3 && max_files.unwrap() >= open_files.unwrap());
        assert!(started_at_unix_s.unwrap() > 1_600_000_000.0);
    }
}
