//! The machine's own figures: processor, memory, disks and network, bucket by bucket.

use bwusage_proto::history::HostPoint;
use rusqlite::{Connection, Row};

use super::{lanes::Known, minute::HostSums, query::Frame, schema::HOST_TIERS};

/// What the machine did in each bucket; `None` in a gap.
pub(super) fn points(
    connection: &Connection,
    frame: &Frame,
    known: &[Known],
) -> rusqlite::Result<Vec<Option<HostPoint>>> {
    let mut sums: Vec<Option<HostSums>> = vec![None; frame.buckets()];
    let range = (frame.borders[0], frame.borders[frame.buckets()], 0);
    let tiers = frame.pieces.iter().map(|piece| {
        // There are no months of the machine's own; days are few.
        (HOST_TIERS[piece.tier.min(HOST_TIERS.len() - 1)], (piece.from, piece.to, piece.shift))
    });
    for (table, (from, to, shift)) in tiers.chain([("host_recent", range)]) {
        let mut read =
            connection.prepare_cached(&format!("SELECT * FROM {table} WHERE start >= ?1 AND start < ?2"))?;
        let mut rows = read.query([from, to])?;
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(0)?;
            if let Some(sum) = sums.get_mut(frame.bucket(at + shift)) {
                sum.get_or_insert_default().add(&stored(row)?);
            }
        }
    }
    let point = |(sum, known): (Option<HostSums>, &Known)| match known {
        Known::Forgotten => None,
        Known::Counted | Known::Gap => sum.map(|sum| point(&sum)),
    };
    Ok(sums.into_iter().zip(known).map(point).collect())
}

fn stored(row: &Row<'_>) -> rusqlite::Result<HostSums> {
    let count = |at: usize| row.get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    let pair = |at: usize| -> rusqlite::Result<Option<[u64; 2]>> {
        let [first, second]: [Option<i64>; 2] = [row.get(at)?, row.get(at + 1)?];
        Ok(first
            .zip(second)
            .map(|(first, second)| [first, second].map(|count| u64::try_from(count).unwrap_or(0))))
    };
    Ok(HostSums {
        cpu_ticks: count(1)?,
        cpu_centipercent: count(2)?,
        cpu_peak: count(3)?,
        memory_ticks: count(4)?,
        memory_mib: count(5)?,
        memory_peak: count(6)?,
        disk: pair(7)?,
        network: pair(9)?,
    })
}

/// What the sums of a span come to.
pub(super) fn point(sums: &HostSums) -> HostPoint {
    let share = |share: u64| u32::try_from(share).unwrap_or(u32::MAX);
    let was_measured = |ticks: u64, peak: u64| (ticks > 0).then_some(peak);
    HostPoint {
        cpu_centipercent: sums.cpu_centipercent.checked_div(sums.cpu_ticks).map(share),
        cpu_peak_centipercent: was_measured(sums.cpu_ticks, sums.cpu_peak).map(share),
        memory_used_bytes: sums.memory_mib.checked_div(sums.memory_ticks).map(|mib| mib << 20),
        memory_peak_bytes: was_measured(sums.memory_ticks, sums.memory_peak),
        disk_read_bytes: sums.disk.map(|[read, _]| read),
        disk_write_bytes: sums.disk.map(|[_, written]| written),
        rx_bytes: sums.network.map(|[rx, _]| rx),
        tx_bytes: sums.network.map(|[_, tx]| tx),
    }
}
