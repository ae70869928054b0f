//! How long each of the daemon's BPF programs runs, by the kernel's own statistics.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context as _, Result};
use aya::{
    programs::loaded_programs,
    sys::{Stats, enable_stats},
};

use super::Tool;
use crate::bench::{
    generate::Operation,
    generator::Generator,
    lab::Lab,
    report::{Table, unknown},
    stage::Stage,
};

pub(super) const TOOLS: &[Tool] = &[Tool::Light, Tool::Exact];

const SECONDS: f64 = 1.0;

/// Time and number of runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Runs {
    ns: u64,
    count: u64,
}

/// By the kernel's number of the program, which is never given again.
type Snapshot = BTreeMap<u32, (String, Runs)>;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    // The kernel keeps these statistics while this is open, and pays for them: nothing else is measured meanwhile.
    let _stats = enable_stats(Stats::RunTime).context("the kernel keeps no statistics of BPF programs")?;
    lab.tools(TOOLS).into_iter().map(|tool| measure(lab, tool)).collect()
}

fn measure(lab: &Lab, tool: Tool) -> Result<Table> {
    let stage = Stage::new()?;
    let running = tool.start(lab, &stage)?;
    let own = program_ids(running.pid().context("it has no process")?)?;
    let mut columns = vec!["program"];
    columns.extend(Operation::ALL.map(Operation::describe));
    let mut table = Table::new(format!("{tool}: nanoseconds of a run (runs of an operation)"), &columns);

    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (column, operation) in Operation::ALL.into_iter().enumerate() {
        let seconds = lab.effort.seconds(SECONDS).to_string();
        let mut generator = Generator::start(&stage.near, &["operations", operation.name(), &seconds])?;
        let before = snapshot();
        let operations = generator.work()?.operations;
        for (id, (name, after)) in snapshot() {
            // Another daemon may be running, of the same programs.
            if !own.contains(&id) {
                continue;
            }
            let earlier = before.get(&id).map(|(_, runs)| *runs).unwrap_or_default();
            let cells = rows.entry(name).or_insert_with(|| vec![unknown(); Operation::ALL.len()]);
            if let Some(cell) = cell(after, earlier, operations) {
                cells[column] = cell;
            }
        }
    }
    for (name, cells) in rows {
        if cells.iter().any(|cell| *cell != unknown()) {
            table.row([name].into_iter().chain(cells));
        }
    }
    table.note("An empty program shows about 60 ns here. Programs that ran for less than a hundredth of the operations are left out.");
    Ok(table)
}

/// `None` of a program that has nothing to do with the operation.
fn cell(after: Runs, before: Runs, operations: u64) -> Option<String> {
    let (ns, count) = (after.ns.checked_sub(before.ns)?, after.count.checked_sub(before.count)?);
    let per_operation = count as f64 / operations as f64;
    (count > 0 && per_operation >= 0.01)
        .then(|| format!("{:.0} ({per_operation:.1})", ns as f64 / count as f64))
}

/// The programs that a process keeps loaded or attached.
fn program_ids(pid: u32) -> Result<BTreeSet<u32>> {
    let folder = format!("/proc/{pid}/fdinfo");
    let mut ids = BTreeSet::new();
    for file in fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))? {
        // It may have been closed meanwhile.
        let text = fs::read_to_string(file?.path()).unwrap_or_default();
        ids.extend(parse_program_id(&text));
    }
    Ok(ids)
}

/// Descriptors of programs and of links say it alike.
fn parse_program_id(fdinfo: &str) -> Option<u32> {
    fdinfo.lines().find_map(|line| line.strip_prefix("prog_id:"))?.trim().parse().ok()
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::new();
    // One that was unloaded meanwhile cannot be asked any more.
    for program in loaded_programs().flatten() {
        let name = program.name_as_str().unwrap_or_default().to_owned();
        let runs = Runs {
            ns: u64::try_from(program.run_time().as_nanos()).unwrap_or(u64::MAX),
            count: program.run_count(),
        };
        snapshot.insert(program.id(), (name, runs));
    }
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_what_came_since_and_what_hardly_ran_is_left_out() {
        let before = Runs { ns: 1000, count: 10 };
        assert_eq!(cell(Runs { ns: 3000, count: 30 }, before, 10).as_deref(), Some("100 (2.0)"));
        assert_eq!(cell(before, before, 10), None);
        assert_eq!(cell(Runs { ns: 1100, count: 11 }, before, 1000), None);
    }

    #[test]
    fn a_descriptor_says_which_program_it_is_or_carries() {
        let link = "pos:\t0\nlink_type:\ttracing\nlink_id:\t17\nprog_tag:\t0011\nprog_id:\t42\n";
        assert_eq!(parse_program_id(link), Some(42));
        assert_eq!(parse_program_id("pos:\t0\nflags:\t02\n"), None);
    }
}
