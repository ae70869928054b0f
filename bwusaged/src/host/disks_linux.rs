//! Storage I/O on Linux, from `/proc/diskstats` in one read: what is mounted, which `sysinfo` looks up at each tick, does not
//! matter for it.

use std::{collections::BTreeSet, fs, path::Path};

use bwusage_proto::snapshot::DiskIo;

use super::proc_file::ProcFile;

/// The unit of `/proc/diskstats`, whatever the device's own sectors are (Documentation/admin-guide/iostats.rst).
const SECTOR_BYTES: u64 = 512;
/// After so many readings the devices are listed again.
const LIST_AGAIN: u32 = 60;

/// The storage devices of the machine.
#[derive(Debug)]
pub(super) struct Disks {
    devices: BTreeSet<String>,
    readings: u32,
    table: Option<ProcFile>,
}

impl Disks {
    pub(super) fn new() -> Self {
        Self { devices: BTreeSet::new(), readings: 0, table: ProcFile::open("/proc/diskstats").ok() }
    }

    /// Totals since boot of all devices together; `None` where there is none.
    pub(super) fn read(&mut self) -> Option<DiskIo> {
        if self.readings.is_multiple_of(LIST_AGAIN) {
            self.devices = devices(Path::new("/sys/block"));
        }
        self.readings = self.readings.wrapping_add(1);
        sum(self.table.as_mut()?.read()?, &self.devices)
    }
}

/// Whole disks that hardware stands behind. Volumes, RAID, loop devices and memory pass on what these move, or move nothing.
fn devices(folder: &Path) -> BTreeSet<String> {
    let devices = fs::read_dir(folder).into_iter().flatten().flatten();
    let hardware = devices.filter(|device| device.path().join("device").exists());
    hardware.filter_map(|device| device.file_name().into_string().ok()).collect()
}

/// Lines are `major minor name reads merged sectors_read ms writes merged sectors_written …`.
fn sum(text: &str, devices: &BTreeSet<String>) -> Option<DiskIo> {
    let device = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(2);
        let name = fields.next()?;
        let read: u64 = fields.nth(2)?.parse().ok()?;
        let written: u64 = fields.nth(3)?.parse().ok()?;
        devices.contains(name).then_some((read, written))
    };
    text.lines().filter_map(device).fold(None, |sum: Option<DiskIo>, (read, written)| {
        let sum = sum.unwrap_or_default();
        Some(DiskIo {
            read_bytes_total: sum.read_bytes_total.saturating_add(read.saturating_mul(SECTOR_BYTES)),
            write_bytes_total: sum.write_bytes_total.saturating_add(written.saturating_mul(SECTOR_BYTES)),
            ..sum
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "   7       0 loop0 9 9 9 9 9 9 9 9 0 0 0
 259       0 nvme0n1 11 12 100 13 14 15 200 16 0 17 18
 259       1 nvme0n1p1 11 12 100 13 14 15 200 16 0 17 18
   8       0 sda 1 2 3 4 5 6 7 8 0 0 0
   8      16 sdb 1 2
";

    #[test]
    fn whole_disks_are_added_up_in_bytes() {
        let devices = ["nvme0n1", "sda", "sdb"].map(String::from).into();
        let io = sum(TEXT, &devices).unwrap();
        assert_eq!((io.read_bytes_total, io.write_bytes_total), (103 * 512, 207 * 512));
    }

    #[test]
    fn no_disk_is_not_zero() {
        assert_eq!(sum(TEXT, &BTreeSet::new()), None);
    }

    #[test]
    fn only_what_has_hardware_is_a_device() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sda/device")).unwrap();
        fs::create_dir_all(folder.path().join("dm-0/slaves")).unwrap();
        assert_eq!(devices(folder.path()), ["sda".to_owned()].into());
    }
}
