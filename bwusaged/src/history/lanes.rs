//! The series of an answer while it is being put together. Pure.

use std::collections::HashMap;

use bwusage_proto::history::{Amount, Series, SeriesKey};

/// One series to be.
#[derive(Debug)]
struct Lane {
    key: SeriesKey,
    points: Vec<Option<Amount>>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Lanes {
    all: Vec<Lane>,
    by_key: HashMap<SeriesKey, usize>,
    buckets: usize,
    /// How many series the sum of the rest stands for.
    rest: u32,
}

/// What is known about a bucket beside its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Somebody counted: what is not there was nothing.
    Counted,
    /// Nobody counted: only what is there all the same is known.
    Gap,
    /// Nothing so fine is kept any more.
    Forgotten,
}

impl Lanes {
    /// None yet, for so many buckets.
    #[must_use]
    pub fn new(buckets: usize) -> Self {
        Self { buckets, ..Self::default() }
    }

    /// The lane of `key`.
    pub fn of(&mut self, key: SeriesKey) -> usize {
        // The sum of the rest is one, however many it stands for.
        let key = if let SeriesKey::Other(_) = key { SeriesKey::Other(0) } else { key };
        if let Some(&lane) = self.by_key.get(&key) {
            return lane;
        }
        let lane = self.all.len();
        self.by_key.insert(key.clone(), lane);
        self.all.push(Lane { key, points: vec![None; self.buckets] });
        lane
    }

    /// The sum of the rest stands for `more` series more.
    pub fn count_rest(&mut self, more: usize) {
        self.rest = self.rest.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
    }

    /// Adds to one bucket of a lane.
    pub fn add(&mut self, lane: usize, bucket: usize, amount: Amount) {
        if let Some(point) = self.all.get_mut(lane).and_then(|lane| lane.points.get_mut(bucket)) {
            *point.get_or_insert(Amount::ZERO) += amount;
        }
    }

    /// Takes from `whole` what is in `part`, which is a part of it.
    pub fn subtract(&mut self, whole: usize, part: usize) {
        let part = self.all[part].points.clone();
        for (whole, part) in self.all[whole].points.iter_mut().zip(part) {
            if let (Some(whole), Some(part)) = (whole.as_mut(), part) {
                *whole = minus(*whole, part);
            }
        }
    }

    /// The series: the `top` largest, what is beyond them in one sum, and the sums last.
    #[must_use]
    pub fn finish(mut self, top: usize, known: &[Known]) -> Vec<Series> {
        let is_sum = |key: &SeriesKey| {
            matches!(key, SeriesKey::Remote(None) | SeriesKey::Other(_) | SeriesKey::OtherUsers)
        };
        let (sums, mut named): (Vec<_>, Vec<_>) = std::mem::take(&mut self.all)
            .into_iter()
            .map(|lane| (total(&lane.points), lane))
            .partition(|(_, lane)| is_sum(&lane.key));
        named.retain(|(total, _)| total.is_some());
        named.sort_by(|(a, one), (b, other)| {
            let bytes = |total: &Option<Amount>| total.map_or(0, |total| total.bytes());
            bytes(b).cmp(&bytes(a)).then_with(|| one.key.cmp(&other.key))
        });
        let mut sums: Vec<Lane> = sums.into_iter().map(|(_, lane)| lane).collect();
        if named.len() > top {
            let rest = named.split_off(top);
            self.count_rest(rest.len());
            let at = sums.iter().position(|lane| matches!(lane.key, SeriesKey::Other(_)));
            let at = at.unwrap_or_else(|| {
                sums.push(Lane { key: SeriesKey::Other(0), points: vec![None; self.buckets] });
                sums.len() - 1
            });
            for (_, lane) in rest {
                for (sum, point) in sums[at].points.iter_mut().zip(lane.points) {
                    if let Some(amount) = point {
                        *sum.get_or_insert(Amount::ZERO) += amount;
                    }
                }
            }
        }
        sums.retain(|lane| total(&lane.points).is_some_and(|total| total.bytes() > 0));
        let rest = self.rest;
        let whole: Vec<Lane> = named.into_iter().map(|(_, lane)| lane).chain(sums).collect();
        // A bucket of which anything is known is no gap, whoever counted.
        let is_there: Vec<bool> =
            (0..self.buckets).map(|at| whole.iter().any(|lane| lane.points[at].is_some())).collect();
        let series = |mut lane: Lane| {
            for ((point, known), there) in lane.points.iter_mut().zip(known).zip(&is_there) {
                match known {
                    Known::Counted => *point = Some(point.unwrap_or(Amount::ZERO)),
                    Known::Gap => *point = there.then(|| point.unwrap_or(Amount::ZERO)),
                    Known::Forgotten => *point = None,
                }
            }
            let key = if let SeriesKey::Other(_) = lane.key { SeriesKey::Other(rest) } else { lane.key };
            Series { key, total: total(&lane.points).unwrap_or(Amount::ZERO), points: lane.points }
        };
        whole.into_iter().map(series).collect()
    }
}

fn total(points: &[Option<Amount>]) -> Option<Amount> {
    points.iter().flatten().copied().reduce(|mut sum, amount| {
        sum += amount;
        sum
    })
}

fn minus(whole: Amount, part: Amount) -> Amount {
    let packets = |whole: Option<u64>, part: Option<u64>| Some(whole?.saturating_sub(part?));
    Amount {
        rx_bytes: whole.rx_bytes.saturating_sub(part.rx_bytes),
        tx_bytes: whole.tx_bytes.saturating_sub(part.tx_bytes),
        rx_packets: packets(whole.rx_packets, part.rx_packets),
        tx_packets: packets(whole.tx_packets, part.tx_packets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTED: [Known; 2] = [Known::Counted; 2];

    fn rx(rx_bytes: u64) -> Amount {
        Amount { rx_bytes, ..Amount::ZERO }
    }

    fn app(name: &str) -> SeriesKey {
        SeriesKey::App(name.into())
    }

    fn lanes(amounts: &[(&str, u64)]) -> Lanes {
        let mut lanes = Lanes::new(2);
        for &(name, bytes) in amounts {
            let lane = lanes.of(app(name));
            lanes.add(lane, 0, rx(bytes));
        }
        lanes
    }

    fn totals(series: &[Series]) -> Vec<(SeriesKey, u64)> {
        series.iter().map(|series| (series.key.clone(), series.total.rx_bytes)).collect()
    }

    #[test]
    fn the_largest_come_first_and_the_rest_is_one_sum_so_that_nothing_is_missing() {
        let series = lanes(&[("small", 1), ("large", 9), ("middle", 5), ("tiny", 1)]).finish(2, &COUNTED);
        assert_eq!(totals(&series), [(app("large"), 9), (app("middle"), 5), (SeriesKey::Other(2), 2)]);
        assert_eq!(series[2].points, [Some(rx(2)), Some(Amount::ZERO)]);
    }

    #[test]
    fn a_part_is_taken_from_the_sum_that_it_is_in() {
        let mut lanes = lanes(&[("large", 9)]);
        let other = lanes.of(SeriesKey::Other(7));
        lanes.add(other, 0, rx(12));
        lanes.subtract(other, 0);
        lanes.count_rest(3);
        assert_eq!(totals(&lanes.finish(5, &COUNTED)), [(app("large"), 9), (SeriesKey::Other(3), 3)]);
    }

    #[test]
    fn a_gap_is_unknown_unless_something_is_known_about_it() {
        let mut lanes = lanes(&[("a", 4)]);
        let b = lanes.of(app("b"));
        lanes.add(b, 1, rx(0));
        let known = [Known::Gap, Known::Forgotten];
        let series = lanes.finish(5, &known);
        assert_eq!(series[0].points, [Some(rx(4)), None]);
        assert_eq!(series[1].points, [Some(Amount::ZERO), None]);
        let empty = Lanes::new(2).finish(5, &known);
        assert!(empty.is_empty());
    }

    #[test]
    fn a_sum_of_nothing_is_left_out() {
        let mut lanes = lanes(&[("a", 4)]);
        lanes.of(SeriesKey::OtherUsers);
        assert_eq!(totals(&lanes.finish(5, &COUNTED)), [(app("a"), 4)]);
    }
}
