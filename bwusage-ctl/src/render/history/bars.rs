//! Amounts as lengths and heights.

use super::GAP;

/// Eighths of a cell, from the left.
const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Eighths of a cell, from below.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Counted, and nothing was moved.
const NOTHING: char = '·';

/// A bar of at most `cells` cells, all of them for `most`. One that can still grow is hatched.
pub(super) fn bar(value: u64, most: u64, cells: usize, is_open: bool) -> String {
    if value == 0 {
        return NOTHING.into();
    }
    let eighths = scaled(value, most, cells * 8).max(1);
    let (whole, rest) = (eighths / 8, eighths % 8);
    if is_open {
        return "▒".repeat(whole + usize::from(rest > 0));
    }
    let mut bar = "█".repeat(whole);
    bar.extend((rest > 0).then(|| EIGHTHS[rest]));
    bar
}

/// A height for each point, or for several where there are more than `cells`. A gap is one only where nothing was counted at
/// all.
pub(super) fn trend(points: &[Option<u64>], cells: usize) -> String {
    let together = points.len().div_ceil(cells.max(1)).max(1);
    let sums: Vec<Option<u64>> = points
        .chunks(together)
        .map(|chunk| chunk.iter().flatten().copied().reduce(u64::saturating_add))
        .collect();
    let most = sums.iter().flatten().copied().max().unwrap_or(0);
    let cell = |sum: Option<u64>| match sum {
        None => GAP.to_owned(),
        Some(0) => NOTHING.into(),
        Some(sum) => HEIGHTS[scaled(sum, most, HEIGHTS.len()).clamp(1, HEIGHTS.len()) - 1].into(),
    };
    sums.into_iter().map(cell).collect()
}

/// `value` of `most` in steps of `steps`, rounded up.
fn scaled(value: u64, most: u64, steps: usize) -> usize {
    let scaled = (u128::from(value) * steps as u128).div_ceil(u128::from(most.max(1)));
    usize::try_from(scaled).unwrap_or(steps).min(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_fills_the_bar_and_the_least_is_visible() {
        assert_eq!(bar(100, 100, 4, false), "████");
        assert_eq!(bar(50, 100, 4, false), "██");
        assert_eq!(bar(1, 1_000_000, 4, false), "▏");
        assert_eq!(bar(u64::MAX, u64::MAX, 4, false), "████");
        assert_eq!(bar(60, 100, 4, true), "▒▒▒");
        assert_eq!(bar(0, 100, 4, true), "·");
    }

    #[test]
    fn nothing_moved_and_nobody_counted_look_different() {
        assert_eq!(trend(&[Some(0), None, Some(1), Some(8)], 10), "·┊▁█");
        assert_eq!(trend(&[], 10), "");
    }

    #[test]
    fn a_gap_beside_an_amount_does_not_hide_it() {
        assert_eq!(trend(&[None, None, None, Some(4), Some(8), Some(0)], 3), "┊▄█");
    }
}
