//! What many noisy measurements say together. Pure.

use std::fmt;

/// The value below which the part `share` (0 to 1) of the values lies, between two of them by proportion.
///
/// # Panics
///
/// If there are no values.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// A figure and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    pub(super) median: f64,
    /// A quarter of the rounds lies below.
    pub(super) low: f64,
    /// A quarter of the rounds lies above.
    pub(super) high: f64,
}

impl Figure {
    /// `None` without values.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(values, share));
        Some(Self { median, low, high })
    }
}

/// `0.953 (0.941..0.962)`: the median and the quarters.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let Self { median, low, high } = self;
        let [low, high] = [low, high].map(|quarter| format!("{quarter:.digits$}"));
        // Nothing is to be seen of a spread that is rounded away, as that of one round.
        if low == high {
            return write!(f, "{median:.digits$}");
        }
        write!(f, "{median:.digits$} ({low}..{high})")
    }
}

/// What `value` is to `base`, round by round: a disturbance that lasted a round hit both.
pub(super) fn ratios(values: &[f64], bases: &[f64]) -> Vec<f64> {
    values.iter().zip(bases).map(|(value, base)| value / base).collect()
}

/// What `value` has more than `base`, round by round.
pub(super) fn differences(values: &[f64], bases: &[f64]) -> Vec<f64> {
    values.iter().zip(bases).map(|(value, base)| value - base).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_two_values_by_proportion() {
        let values = [40.0, 10.0, 30.0, 20.0];
        assert!((quantile(&values, 0.0) - 10.0).abs() < 1e-9);
        assert!((quantile(&values, 0.5) - 25.0).abs() < 1e-9);
        assert!((quantile(&values, 1.0) - 40.0).abs() < 1e-9);
        assert!((quantile(&[7.0], 0.1) - 7.0).abs() < 1e-9);
    }

    #[test]
    fn one_wild_round_moves_neither_the_median_nor_the_quarters() {
        let figure = Figure::of(&[0.95, 0.96, 0.94, 0.95, 7.0]).expect("values");
        assert_eq!(figure.to_string(), "0.950 (0.950..0.960)");
    }

    #[test]
    fn without_values_there_is_no_figure() {
        assert_eq!(Figure::of(&[]), None);
    }

    #[test]
    fn one_value_has_no_spread_to_show() {
        let figure = Figure::of(&[0.5]).expect("a value");
        assert_eq!(format!("{figure:.1}"), "0.5");
    }

    #[test]
    fn ratios_and_differences_are_of_the_same_round() {
        // The second round was twice as slow for both.
        let (with, without) = ([11.0, 22.0], [10.0, 20.0]);
        assert!(ratios(&with, &without).iter().all(|ratio| (ratio - 1.1).abs() < 1e-9));
        assert_eq!(differences(&with, &without), [1.0, 2.0]);
    }
}
