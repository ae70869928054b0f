//! How much time is asked for at once: some hundred buckets, so that an answer stays small and the bar moves.

use bwusage_proto::history::Bucket;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Where a stretch that begins at `from` ends, at `to` at the latest.
pub(super) fn end(bucket: Bucket, from: i64, to: i64) -> i64 {
    let length = match bucket {
        Bucket::Second => 600,
        Bucket::Minute => 6 * HOUR,
        Bucket::Hour => 14 * DAY,
        Bucket::Day => 366 * DAY,
        // Each bucket of them is summed up over all of it.
        Bucket::Month | Bucket::Whole => return to,
    };
    from.saturating_add(length).min(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_never_leads_beyond_the_end() {
        for bucket in
            [Bucket::Second, Bucket::Minute, Bucket::Hour, Bucket::Day, Bucket::Month, Bucket::Whole]
        {
            assert_eq!(end(bucket, 100, 101), 101);
            assert!(end(bucket, 0, 1_000_000_000) > 0);
        }
        assert_eq!(end(Bucket::Whole, 0, 1_000_000_000), 1_000_000_000);
    }
}
