//! Area graphs out of braille characters: two values a cell, four levels a line.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The dots of the left column of a braille cell, from the bottom up; then those of the right one.
const DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// How many values a graph of this width shows.
pub(super) const fn values_in(width: u16) -> usize {
    width as usize * 2
}

/// Fills `area` from the right with the newest of `values`, `top` being the full height.
///
/// A known value has at least one dot, so that "nothing" and "not measured" look different: the latter leaves a gap.
/// `style` is asked for each cell: how high it is (0 to 1), and the index of the value in its left half.
pub(super) fn area(
    buffer: &mut Buffer,
    area: Rect,
    values: &[Option<u64>],
    top: u64,
    style: impl Fn(f32, usize) -> Style,
    idle: Style,
) {
    let area = area.intersection(buffer.area);
    let levels = u64::from(area.height) * 4;
    let shown = &values[values.len().saturating_sub(values_in(area.width))..];
    let skipped = values.len() - shown.len();
    // An odd number of values leaves the left half of the first cell empty.
    let first_half = values_in(area.width) - shown.len();
    let height_of = |value: u64| match value {
        0 => 0,
        value => {
            ((u128::from(value) * u128::from(levels)).div_ceil(u128::from(top.max(1))) as u64).min(levels)
        }
    };
    for column in 0..area.width {
        let halves = [0, 1].map(|half| {
            let at = (usize::from(column) * 2 + half).checked_sub(first_half)?;
            Some((at, shown.get(at).copied().flatten().map(height_of)))
        });
        let at = halves.iter().flatten().map(|(at, _)| at + skipped).next().unwrap_or(0);
        let heights = halves.map(|half| half.and_then(|(_, height)| height));
        if heights == [None, None] {
            continue;
        }
        for line in 0..area.height {
            let floor = u64::from(line) * 4;
            let dots =
                heights.iter().zip(DOTS).map(|(height, dots)| cell_dots(*height, floor, dots)).sum::<u32>();
            if dots == 0 {
                continue;
            }
            let quiet = heights.iter().all(|height| height.is_none_or(|height| height == 0));
            let height = if area.height > 1 { f32::from(line) / f32::from(area.height - 1) } else { 1.0 };
            let symbol = char::from_u32(0x2800 + dots).unwrap_or(' ');
            let cell = &mut buffer[(area.x + column, area.bottom() - 1 - line)];
            cell.set_char(symbol).set_style(if quiet { idle } else { style(height, at) });
        }
    }
}

/// The dots of one half of a cell whose lowest dot is level `floor` + 1.
fn cell_dots(height: Option<u64>, floor: u64, dots: [u32; 4]) -> u32 {
    let Some(height) = height else { return 0 };
    let filled = height.max(1).saturating_sub(floor).min(4) as usize;
    dots[..filled].iter().sum()
}

/// A bar that stands up to `share` of `area`, in eighths of a cell.
pub(super) fn bar(buffer: &mut Buffer, area: Rect, share: f32, style: impl Fn(f32) -> Style) {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let area = area.intersection(buffer.area);
    let filled = (share.clamp(0.0, 1.0) * f32::from(area.height) * 8.0).round() as usize;
    for line in 0..area.height {
        let eighths = filled.saturating_sub(usize::from(line) * 8).min(8);
        // The lowest line always shows something: an idle processor is there.
        let eighths = if line == 0 { eighths.max(1) } else { eighths };
        let height = if area.height > 1 { f32::from(line) / f32::from(area.height - 1) } else { 1.0 };
        for column in area.left()..area.right() {
            if eighths > 0 {
                buffer[(column, area.bottom() - 1 - line)]
                    .set_char(EIGHTHS[eighths])
                    .set_style(style(height));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16, height: u16, values: &[Option<u64>], top: u64) -> Vec<String> {
        let rect = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(rect);
        area(&mut buffer, rect, values, top, |_, _| Style::new(), Style::new());
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        (0..height).map(line).collect()
    }

    #[test]
    fn the_newest_value_is_at_the_right_edge() {
        assert_eq!(drawn(3, 1, &[Some(4)], 4), ["  ⢸"]);
        assert_eq!(drawn(2, 1, &[Some(4), Some(4), Some(1), Some(2), Some(3), Some(4)], 4), ["⣠⣾"]);
    }

    #[test]
    fn a_column_grows_through_the_lines() {
        assert_eq!(drawn(1, 2, &[Some(5), Some(8)], 8), ["⣸", "⣿"]);
    }

    #[test]
    fn nothing_and_not_measured_look_different() {
        assert_eq!(drawn(3, 1, &[Some(0), Some(0), None, None, Some(0), None], 4), ["⣀ ⡀"]);
    }

    #[test]
    fn the_smallest_amount_is_still_visible_and_too_much_is_cut() {
        assert_eq!(drawn(1, 2, &[Some(1), Some(u64::MAX)], 1 << 40), ["⢸", "⣸"]);
    }

    #[test]
    fn a_graph_without_room_draws_nothing() {
        assert!(drawn(0, 0, &[Some(1)], 1).is_empty());
        assert_eq!(drawn(4, 0, &[Some(1)], 1).len(), 0);
    }

    #[test]
    fn an_idle_bar_can_be_seen() {
        let rect = Rect::new(0, 0, 1, 2);
        let mut buffer = Buffer::empty(rect);
        bar(&mut buffer, rect, 0.0, |_| Style::new());
        assert_eq!((buffer[(0, 0)].symbol(), buffer[(0, 1)].symbol()), (" ", "▁"));
    }
}
