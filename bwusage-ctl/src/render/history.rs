//! History, for people and as comma-separated values.

use bwusage_proto::{
    format::{self, Units},
    history::{Amount, Meaning},
    report::{BucketReport, HistoryReport, MachineReport, Moment, SeriesReport, Whose},
    text,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    FAINT,
    grid::{self, Column, Frame, or_dash},
    paint,
};

mod bars;

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) units: Units,
    pub(crate) width: Option<usize>,
    pub(crate) header: bool,
    /// A bucket that is not over by then is drawn as one that still grows.
    pub(crate) now_unix_ms: u64,
}

/// What is drawn for a gap: nobody counted.
const GAP: &str = "┊";
/// Cells of the longest bar.
const BAR_CELLS: usize = 24;
/// Cells of a series' course; several buckets share one where there are more.
const TREND_CELLS: usize = 60;

/// Draws `report`: a line for each bucket when there is one series, else a line for each series. What was before the first
/// that is known is left out.
pub(crate) fn draw(report: &HistoryReport<'_>, layout: Layout) -> String {
    let report = &since_oldest(report);
    let mut drawn = if layout.header { format!("{}\n", paint(FAINT, &title(report))) } else { String::new() };
    drawn.push_str(&if !report.machine.is_empty() {
        machine(report, layout)
    } else if let [series] = report.series.as_slice() {
        buckets(report, series, layout)
    } else {
        series(report, layout)
    });
    drawn
}

/// `report` without the gap before anything is known.
fn since_oldest<'a>(report: &HistoryReport<'a>) -> HistoryReport<'a> {
    let is_known = |bucket: &BucketReport| report.oldest_at.is_none_or(|oldest| bucket.end_at > oldest);
    let first = report.buckets.iter().position(is_known).unwrap_or(0);
    let mut known = report.clone();
    known.buckets.drain(..first);
    known.machine.drain(..first.min(report.machine.len()));
    for series in &mut known.series {
        series.points = series.points.get(first..).unwrap_or_default();
    }
    known
}

fn title(report: &HistoryReport<'_>) -> String {
    let zone = TimeZone::get(report.time_zone).unwrap_or(TimeZone::UTC);
    let minute = |moment: Moment| {
        let at = i64::try_from(moment.0).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        at.map_or_else(|| moment.to_string(), |at| at.to_zoned(zone.clone()).strftime("%F %H:%M").to_string())
    };
    let from = report.buckets.first().map_or(report.to_at, |first| first.start_at);
    let meaning = match report.meaning {
        Meaning::Wire => "bytes from the IP header on",
        Meaning::Link => "bytes with link headers",
    };
    let is_cut = report.from_at.is_some_and(|asked| asked < from);
    format!(
        "{} to {}, {}, by {}, {meaning}{}",
        minute(from),
        minute(report.to_at),
        text::escape(report.time_zone),
        report.by.name(),
        if is_cut { "; nothing is known before" } else { "" },
    )
}

/// A bucket of one series.
struct Line {
    label: String,
    amount: Option<Amount>,
    bar: String,
    note: String,
}

fn buckets(report: &HistoryReport<'_>, series: &SeriesReport<'_>, layout: Layout) -> String {
    let most = series.points.iter().flatten().map(Amount::bytes).max().unwrap_or(0);
    let lines = report.buckets.iter().zip(series.points).map(|(bucket, &amount)| {
        let is_open = bucket.end_at.0 > layout.now_unix_ms;
        let bar = amount.map_or(GAP.into(), |amount| bars::bar(amount.bytes(), most, BAR_CELLS, is_open));
        Line { label: bucket.label.clone(), amount, bar, note: note(bucket, is_open) }
    });
    let total =
        Line { label: "total".into(), amount: Some(series.total), bar: String::new(), note: String::new() };
    let lines: Vec<Line> = lines.chain([total]).collect();
    let columns = vec![
        Column::words("WHEN", 0, |line: &Line, _| line.label.clone()),
        Column::numbers("RX", 2, 0, |line, units| amount(line, units, |amount| amount.rx_bytes)),
        Column::numbers("TX", 2, 0, |line, units| amount(line, units, |amount| amount.tx_bytes)),
        Column::numbers("TOTAL", 1, 0, |line, units| amount(line, units, Amount::bytes)),
        Column::words("", 4, |line, _| line.bar.clone()),
        Column::words("", 3, |line, _| line.note.clone()),
    ];
    grid::draw(&lines.iter().collect::<Vec<_>>(), columns, layout.units, frame(layout), |line| {
        line.amount.is_none()
    })
}

fn amount(line: &Line, units: Units, of: fn(&Amount) -> u64) -> String {
    line.amount.as_ref().map_or(GAP.into(), |amount| format::bytes_with_unit(of(amount), units))
}

/// What a number does not say: that not all of its time was counted.
fn note(bucket: &BucketReport, is_open: bool) -> String {
    let span = |seconds: u64| format::duration(std::time::Duration::from_secs(seconds));
    match (bucket.covered_s, is_open) {
        (0, _) => "nobody counted".into(),
        (_, true) => "so far".into(),
        (covered, false) if u64::from(covered) < bucket.length_s => {
            format!("counted {} of {}", span(covered.into()), span(bucket.length_s))
        }
        _ => String::new(),
    }
}

/// One series as a line.
struct Course {
    name: String,
    total: Amount,
    share: String,
    trend: String,
    is_sum: bool,
}

fn series(report: &HistoryReport<'_>, layout: Layout) -> String {
    let mut whole = Amount::ZERO;
    report.series.iter().for_each(|series| whole += series.total);
    let courses = report.series.iter().map(|series| Course {
        name: name(&series.whose),
        total: series.total,
        share: share(series.total.bytes(), whole.bytes()),
        trend: bars::trend(&totals(series.points), TREND_CELLS),
        is_sum: false,
    });
    let all: Vec<Option<u64>> = (0..report.buckets.len()).map(|at| sum_at(report, at)).collect();
    let sum = Course {
        name: "total".into(),
        total: whole,
        share: String::new(),
        trend: bars::trend(&all, TREND_CELLS),
        is_sum: true,
    };
    let courses: Vec<Course> = courses.chain([sum]).collect();
    let mut columns = vec![
        Column::words("NAME", 0, |course: &Course, _| course.name.clone()),
        Column::numbers("RX", 2, 0, |course, units| format::bytes_with_unit(course.total.rx_bytes, units)),
        Column::numbers("TX", 2, 0, |course, units| format::bytes_with_unit(course.total.tx_bytes, units)),
        Column::numbers("TOTAL", 1, 0, |course, units| format::bytes_with_unit(course.total.bytes(), units)),
        Column::numbers("%", 3, 0, |course, _| course.share.clone()),
    ];
    if report.buckets.len() > 1 {
        columns.push(Column::words("COURSE", 4, |course, _| course.trend.clone()));
    }
    grid::draw(&courses.iter().collect::<Vec<_>>(), columns, layout.units, frame(layout), |course| {
        course.is_sum
    })
}

fn totals(points: &[Option<Amount>]) -> Vec<Option<u64>> {
    points.iter().map(|point| point.as_ref().map(Amount::bytes)).collect()
}

/// Everything in one bucket; `None` in a gap.
fn sum_at(report: &HistoryReport<'_>, at: usize) -> Option<u64> {
    let points = report.series.iter().filter_map(|series| series.points.get(at).copied().flatten());
    points.map(|amount| amount.bytes()).reduce(u64::saturating_add)
}

/// What a series is called.
fn name(whose: &Whose) -> String {
    let name = whose.name.as_deref().map(text::escape);
    match (whose.kind, name) {
        ("other", _) => "(other)".into(),
        ("other_users", _) => "(other users)".into(),
        ("total", _) => "everything".into(),
        ("residual", Some(name)) => format!("({name})"),
        ("imported", Some(name)) => format!("{name} (imported)"),
        (_, Some(name)) => name.into_owned(),
        (kind, None) => format!("(unknown {kind})"),
    }
}

/// In percent; what is too little to show is not 0.
fn share(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000).checked_div(u128::from(whole));
    match tenths {
        None => String::new(),
        Some(0) if part > 0 => "<0.1".into(),
        Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
    }
}

struct MachineLine {
    label: String,
    machine: Option<MachineReport>,
}

fn machine(report: &HistoryReport<'_>, layout: Layout) -> String {
    let line = |(bucket, machine): (&BucketReport, &Option<MachineReport>)| MachineLine {
        label: bucket.label.clone(),
        machine: *machine,
    };
    let lines: Vec<MachineLine> = report.buckets.iter().zip(&report.machine).map(line).collect();
    let columns = vec![
        Column::words("WHEN", 0, |line: &MachineLine, _: Units| line.label.clone()),
        Column::numbers("CPU%", 1, 0, |line, _| percent(line, |machine| machine.processors_percent)),
        Column::numbers("PEAK%", 5, 0, |line, _| percent(line, |machine| machine.processors_peak_percent)),
        Column::numbers("MEM", 2, 0, |line, units| bytes(line, units, |machine| machine.memory_used_bytes)),
        Column::numbers("MEM PEAK", 6, 0, |line, units| {
            bytes(line, units, |machine| machine.memory_peak_bytes)
        }),
        Column::numbers("DISK R", 8, 0, |line, units| bytes(line, units, |machine| machine.disk_read_bytes)),
        Column::numbers("DISK W", 7, 0, |line, units| bytes(line, units, |machine| machine.disk_write_bytes)),
        Column::numbers("RX", 3, 0, |line, units| bytes(line, units, |machine| machine.rx_bytes)),
        Column::numbers("TX", 4, 0, |line, units| bytes(line, units, |machine| machine.tx_bytes)),
    ];
    grid::draw(&lines.iter().collect::<Vec<_>>(), columns, layout.units, frame(layout), |line| {
        line.machine.is_none()
    })
}

fn bytes(line: &MachineLine, units: Units, of: fn(&MachineReport) -> Option<u64>) -> String {
    let known = |machine| or_dash(of(machine), |bytes| format::bytes_with_unit(bytes, units));
    line.machine.as_ref().map_or(GAP.into(), known)
}

fn percent(line: &MachineLine, of: fn(&MachineReport) -> Option<f64>) -> String {
    let known = |machine| or_dash(of(machine), |percent| format!("{percent:.1}"));
    line.machine.as_ref().map_or(GAP.into(), known)
}

fn frame(layout: Layout) -> Frame {
    Frame { width: layout.width, header: layout.header, steady: false }
}

#[cfg(test)]
mod tests;
