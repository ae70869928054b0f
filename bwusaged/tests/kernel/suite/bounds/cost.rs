//! What the daemon costs at a moment: its memory, its tables in the kernel, its processor time.

use std::{fs, thread, time::Duration};

use super::Daemon;

/// Where the costs of a load are said.
pub(super) struct Costs {
    printed: bool,
}

/// All memory in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) rss: u64,
    pub(super) rss_peak: u64,
    /// Tables of the kernel side.
    pub(super) tables: u64,
    pub(super) rows: usize,
    pub(super) cpu_ms: u64,
}

impl Costs {
    /// Says them nowhere.
    pub(super) fn unheard() -> Self {
        Self { printed: false }
    }

    /// Says them as rows of a table in Markdown.
    pub(super) fn printed() -> Self {
        println!(
            "| moment | RSS | peak RSS | kernel tables | slab of the machine | rows | CPU of the daemon |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|");
        Self { printed: true }
    }

    /// Something worth knowing, below the table.
    pub(super) fn note(&self, text: &str) {
        if self.printed {
            println!("{text}");
        }
    }

    /// Waits, where somebody wants to know what is left after that long.
    pub(super) fn wait(&self, time: Duration) {
        if self.printed {
            thread::sleep(time);
        }
    }

    /// What `daemon` costs at this `moment`.
    pub(super) fn of(&mut self, moment: &str, daemon: &Daemon) -> Cost {
        let pid = daemon.pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
        let meminfo = fs::read_to_string("/proc/meminfo").expect("every system has it");
        let cost = Cost {
            rss: kib(&status, "VmRSS:"),
            rss_peak: kib(&status, "VmHWM:"),
            tables: tables(pid),
            rows: daemon.mirror().processes.len(),
            cpu_ms: cpu_ms(pid),
        };
        if self.printed {
            let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
            println!(
                "| {moment} | {} | {} | {} | {} | {} | {:.2} s |",
                mib(cost.rss),
                mib(cost.rss_peak),
                mib(cost.tables),
                mib(kib(&meminfo, "Slab:")),
                cost.rows,
                cost.cpu_ms as f64 / 1000.0,
            );
        }
        cost
    }
}

/// A line like `VmRSS:      4120 kB`.
fn kib(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// What the kernel charges for the tables that a process has open.
fn tables(pid: u32) -> u64 {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("it lives").flatten();
    let texts = descriptors.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let of_table = |text: String| {
        let is_table = text.contains("map_type:");
        let bytes =
            text.lines().find_map(|line| line.strip_prefix("memlock:"))?.trim().parse::<u64>().ok()?;
        let id = text.lines().find_map(|line| line.strip_prefix("map_id:"))?.trim().to_owned();
        is_table.then_some((id, bytes))
    };
    // A table may be open twice.
    texts.filter_map(of_table).collect::<std::collections::BTreeMap<_, _>>().into_values().sum()
}

/// Fields 14 and 15 of `/proc/PID/stat`, in ticks of 10 ms.
fn cpu_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let fields: Vec<u64> =
        after_name.split_whitespace().skip(12).take(2).map(|f| f.parse().unwrap()).collect();
    (fields[0] + fields[1]) * 10
}
