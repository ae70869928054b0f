//! Storage I/O where `sysinfo` is the only source.

use std::collections::HashSet;

use bwusage_proto::snapshot::DiskIo;
use sysinfo::DiskRefreshKind;

/// After so many readings the devices are listed again.
const LIST_AGAIN: u32 = 60;

/// The mounted disks.
#[derive(Debug)]
pub(super) struct Disks {
    disks: Option<sysinfo::Disks>,
    readings: u32,
}

impl Disks {
    pub(super) fn new() -> Self {
        let disks =
            sysinfo::Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing().with_io_usage());
        Self { disks: disks.ok(), readings: 0 }
    }

    /// Totals of all devices together, each once, however often it is mounted; `None` where there is none.
    pub(super) fn read(&mut self) -> Option<DiskIo> {
        let disks = self.disks.as_mut()?;
        disks.refresh_specifics(
            self.readings.is_multiple_of(LIST_AGAIN),
            DiskRefreshKind::nothing().with_io_usage(),
        );
        self.readings = self.readings.wrapping_add(1);
        let mut seen = HashSet::new();
        let devices = disks.iter().filter(|disk| seen.insert(disk.name().to_owned()));
        devices.map(sysinfo::Disk::usage).fold(None, |sum: Option<DiskIo>, usage| {
            let sum = sum.unwrap_or_default();
            Some(DiskIo {
                read_bytes_total: sum.read_bytes_total.saturating_add(usage.total_read_bytes),
                write_bytes_total: sum.write_bytes_total.saturating_add(usage.total_written_bytes),
                ..sum
            })
        })
    }
}
